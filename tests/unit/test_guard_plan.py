"""The plan of a guard is decided from facts alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from amankan.adapters.guards.postgres.facts import Facts, Membership, Owned, RoleFacts, Table
from amankan.adapters.guards.postgres.grants import Lack, Lacks
from amankan.adapters.guards.postgres.owner import owner_names
from amankan.adapters.guards.postgres.plan import plan_install
from amankan.adapters.guards.postgres.reach import LEVELS
from amankan.model.guard import Changes, Level

APP = RoleFacts(name="erp", first_superuser=False, attributes=(), memberships=(), truncates=())
TABLE = Table(oid=16385, name="public.orders", identity="public.orders", owned=True, row_security=False)
FACTS = Facts(
    database="erp",
    version=17,
    installer="postgres",
    superuser=True,
    creates=True,
    owns_database=True,
    database_owner="erp",
    is_template=False,
    counts=True,
    installed=False,
    guard_role_exists=False,
    owner_role="erp_owner",
    owner_role_exists=False,
    public_creates=False,
    tables=(TABLE,),
    app=APP,
    owned=(Owned(kind="table", identity="public.orders"),),
    lacks=Lacks(app=(Lack(kind="table", identity="public.orders", words=("SELECT",)),)),
)


def gaps(changes: Changes) -> set[str]:
    """Return the names of what is not covered."""
    return {gap.object for gap in changes.gaps}


def kinds(changes: Changes) -> list[str]:
    """Return the kinds of the changes, in order."""
    return [change.kind for change in changes.changes]


def test_watch_makes_no_table_triggers() -> None:
    """Level watch has event triggers and the template mark, and touches no table."""
    planned = plan_install(FACTS, "watch")
    assert "triggers" not in kinds(planned)
    assert 4 == kinds(planned).count("event trigger")
    assert "database" in kinds(planned)


def test_a_level_out_of_reach_is_named() -> None:
    """A role that may not make a level is told so by the plan, each reason by its own; nothing else is named for it."""
    plain = replace(FACTS, superuser=False)
    tableless = replace(plain, tables=(replace(TABLE, owned=False),))
    closed = replace(plain, creates=False)
    assert [set(), set(), {"level deny"}] == [levels(plain, level) for level in LEVELS]
    assert [set(), {"level limit"}, {"level deny"}] == [levels(tableless, level) for level in LEVELS]
    assert [{"level watch"}, {"level limit"}, {"level deny"}] == [levels(closed, level) for level in LEVELS]
    assert [set(), set(), set()] == [levels(FACTS, level) for level in LEVELS]


def levels(facts: Facts, level: Level) -> set[str]:
    """Return the levels that a plan says cannot be made."""
    return {name for name in gaps(plan_install(facts, level)) if name.startswith("level ")}


def test_levels_contain_each_other() -> None:
    """Each level changes what the one before it changes, and more."""
    watch, limit, deny = (plan_install(FACTS, level).changes for level in ("watch", "limit", "deny"))
    assert set(watch) < set(limit) < set(deny)


def test_every_change_of_the_split_can_be_taken_back() -> None:
    """Roles, owners and grants of the split each have a statement that takes them back."""
    app = replace(APP, attributes=("CREATEDB",), memberships=(Membership(role="dba", admin=True),), truncates=("public.log",))
    planned = plan_install(replace(FACTS, app=app, public_creates=True), "deny")
    split = [one for one in planned.changes if one.kind in ("owner", "grant", "role") and one.object != "amankan_guard"]
    assert [] == [one for one in split if not one.undo]
    undone = {one.undo for one in split}
    assert {
        'ALTER ROLE "erp" CREATEDB',
        'GRANT "dba" TO "erp" WITH ADMIN OPTION',
        'GRANT TRUNCATE ON TABLE public.log TO "erp"',
        'ALTER table public.orders OWNER TO "erp"',
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        'DROP ROLE "erp_owner"',
    } <= undone


def test_first_superuser_cannot_be_split() -> None:
    """Where the app is the server's first superuser, deny becomes limit and the reason is named."""
    planned = plan_install(replace(FACTS, app=replace(APP, first_superuser=True, attributes=("SUPERUSER",))), "deny")
    assert "limit" == planned.level
    assert {"level deny", "app's role"} <= gaps(planned)


def test_without_a_superuser_everything_missing_is_named() -> None:
    """The owner of tables installs triggers on his own tables; event triggers, other tables and the role are gaps."""
    foreign = replace(TABLE, name="public.theirs", identity="public.theirs", owned=False)
    facts = replace(FACTS, superuser=False, installer="erp", owns_database=False, tables=(TABLE, foreign))
    planned = plan_install(facts, "limit")
    assert ["schema", "triggers"] == kinds(planned)
    assert {"event triggers", "guard's owner", "public.theirs", "database erp"} <= gaps(planned)


def test_row_security_is_named() -> None:
    """A table whose policies did not bind its owner is named, since they will bind the app."""
    planned = plan_install(replace(FACTS, tables=(replace(TABLE, row_security=True),)), "deny")
    assert "table public.orders" in gaps(planned)


def test_a_template_stays_what_it_was() -> None:
    """A database that was a template before is one after the removal."""
    planned = plan_install(replace(FACTS, is_template=True), "limit")
    assert "database" not in kinds(planned)


def test_owner_names_are_short_and_differ() -> None:
    """The owner is named after its database, within 63 bytes, and two databases never share the name."""
    assert ["erp_owner", "erp_owner_2", "erp_owner_3"] == list(islice(owner_names("erp"), 3))
    long = ["x" * 62 + last for last in "ab"] + ["ü" * 31, "ü" * 30 + "x", "日" * 21, "x" * 57, "x" * 58]
    names = [name for database in long for name in islice(owner_names(database), 2)]
    assert len(set(names)) == len(names)
    assert all(len(name.encode()) <= 63 for name in names)
    assert all("_owner" in name for name in names)


def test_memberships_come_back_as_they_were() -> None:
    """From 16 on a membership is taken and given with its grantor and options, before as it always was."""
    new = Membership(role="boss", admin=False, grantor="creator", inherits=False, sets=True)
    old = Membership(role="boss", admin=False)
    for one, do, undo in (
        (old, 'REVOKE "boss" FROM "erp"', 'GRANT "boss" TO "erp"'),
        (
            new,
            'REVOKE "boss" FROM "erp" GRANTED BY "creator"',
            'GRANT "boss" TO "erp" WITH ADMIN FALSE, INHERIT FALSE, SET TRUE GRANTED BY "creator"',
        ),
    ):
        planned = plan_install(replace(FACTS, app=replace(APP, memberships=(one,))), "deny")
        assert (do, undo) in [(change.do, change.undo) for change in planned.changes]


def test_ways_around_the_guard_are_named() -> None:
    """CREATEROLE before 16 and a membership that leads past the guard are gaps of the app's role, until the split."""
    creating = replace(FACTS, owned=(), app=replace(APP, attributes=("CREATEROLE",)))
    leading = replace(FACTS, owned=(), app=replace(APP, memberships=(Membership(role="dba", admin=False, strong=True),)))
    weak = replace(FACTS, owned=(), app=replace(APP, memberships=(Membership(role="staff", admin=False),)))
    assert "app's role" in gaps(plan_install(replace(creating, version=15), "limit"))
    assert "app's role" in gaps(plan_install(leading, "limit"))
    for facts in (creating, weak):
        assert "app's role" not in gaps(plan_install(facts, "limit"))
    for facts in (replace(creating, version=15), leading, FACTS):
        assert "app's role" not in gaps(plan_install(facts, "deny"))
