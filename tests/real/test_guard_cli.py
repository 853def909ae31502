"""`aman guard` and `aman permit` from outside: a process, its words, its streams and its status, on real servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.kit.aman import Aman, aman_for
from tests.kit.guarded import Guarded, make_shop, run
from tests.kit.postgres.fixtures import Servers

pytestmark = pytest.mark.real

VERSIONS = (15, 18)
REFUSED = "AMG01"
CONTENT = "SELECT (SELECT count(*) FROM items), (SELECT count(*) FROM customers), (SELECT count(*) FROM reviews)"


@pytest.fixture(params=VERSIONS, ids=lambda version: f"postgres{version}")
def shop(request: pytest.FixtureRequest, postgres_servers: Servers) -> Iterator[Guarded]:
    """A shop without a guard that belongs to the app's role."""
    made = make_shop(postgres_servers.version(request.param), "limit")
    yield made
    made.close()


@pytest.fixture
def aman(shop: Guarded, tmp_path: Path) -> Aman:
    """The command, told of the app's own address and of a superuser's."""
    made = aman_for(tmp_path, shop.database)
    made.environment |= {"DATABASE_URL": shop.database.url_for(shop.role), "ADMIN_URL": shop.database.url}
    made.configure()
    return made


def refused(app: psycopg.Connection[Any], statement: str) -> psycopg.Error:
    """Return the refusal of a statement by the guard."""
    with pytest.raises(psycopg.Error) as caught:
        run(app, statement)
    assert REFUSED == caught.value.sqlstate, caught.value
    return caught.value


def test_from_none_to_a_guard_and_back(shop: Guarded, aman: Aman) -> None:
    """Status says that there is no guard; installed it stands whole and is proved; removed it is as before."""
    assert {"state": "none", "level": None, "coverage": []} == aman.run("status", "--json", status=0).document["guard"]
    planned = aman.run("guard", "install", "--plan", "--json", status=0).document["guard"]
    assert ("limit", False) == (planned["level"], planned["installed"])
    assert "none" == aman.run("guard", "status", "--json", status=0).document["guard"]["state"]
    made = aman.run("guard", "install", "--yes", "--json", status=0).document["guard"]
    assert (True, planned["changes"]) == (made["installed"], made["changes"])
    seen = aman.run("status", "--json", status=0).document["guard"]
    assert ("whole", "limit") == (seen["state"], seen["level"])
    assert {"event trigger", "database", "table"} == {each["kind"] for each in seen["coverage"]}
    tried = aman.run("guard", "test", "--json", status=0).document["guard"]
    assert tried["tried"] == tried["refused"] == len(tried["trials"])
    assert tried["tried"] > 15
    with shop.connect() as app:
        refused(app, "DROP TABLE items")
    gone = aman.run("guard", "remove", "--yes", "--json", status=0).document["guard"]
    assert gone["removed"]
    assert not aman.run("guard", "remove", "--yes", "--json", status=0).document["guard"]["removed"]
    with shop.connect() as app:
        run(app, "DROP TABLE items")


def test_what_a_person_reads(aman: Aman) -> None:
    """Plan, status and test say level, objects, gaps, statements and answers, in English and in Bahasa Indonesia."""
    plan = aman.run("guard", "install", "--plan", status=0).out
    assert "level limit" in plan
    assert "does: SELECT amankan_guard.cover" in plan
    assert "undo: ALTER DATABASE" in plan
    assert "role amankan_guard" in plan
    aman.run("guard", "install", "--yes", status=0)
    seen = aman.run("guard", "status", status=0).out
    assert "public.items" in seen
    assert "not covered: large objects" in seen
    said = aman.run("guard", "test", status=0).out
    assert "refused: TRUNCATE amankan_trial.second" in said
    assert "forbidden statements were refused" in said.splitlines()[-1]
    indonesian = aman.run("guard", "status", "--lang", "id", status=0).out
    assert "penjaga: tingkat limit" in indonesian
    assert "tidak terjaga: large objects" in indonesian


def test_nothing_without_consent(aman: Aman) -> None:
    """Where nobody can be asked neither installation nor removal is begun, and the status is 3."""
    for words in (("guard", "install"), ("guard", "remove")):
        assert "consent-missing" == aman.run(*words, "--json", status=3).document["error"]["code"]
    assert "none" == aman.run("guard", "status", "--json", status=0).document["guard"]["state"]
    assert "there is none" in aman.run("guard", "test", status=3).lines[0]


def test_the_plan_of_deny_is_what_is_done(shop: Guarded, aman: Aman) -> None:
    """Every role, grant and owner stands in the plan; done, the app owns nothing; a new installation keeps the level."""
    planned = aman.run("guard", "install", "--level", "deny", "--plan", "--json", status=0).document["guard"]
    assert {"role", "grant", "owner", "database"} <= {each["kind"] for each in planned["changes"]}
    made = aman.run("guard", "install", "--level", "deny", "--yes", "--json", status=0).document["guard"]
    assert planned["changes"] == made["changes"]
    again = aman.run("guard", "install", "--yes", "--json", status=0).document["guard"]
    assert "deny" == again["level"]
    seen = aman.run("guard", "status", "--json", status=0).document["guard"]
    assert [("owns nothing", True)] == [(o["detail"], o["covered"]) for o in seen["coverage"] if o["kind"] == "role"]
    said = aman.run("permit", "--minutes", "5", "--why", "tidying", status=0)
    assert "at level deny" in said.err
    aman.run("guard", "test", status=0)
    aman.run("guard", "remove", "--yes", status=0)
    with shop.connect() as app:
        run(app, "DROP TABLE items")


def test_a_permit_is_given_listed_and_taken_back(shop: Guarded, aman: Aman) -> None:
    """A permit opens the tables that it names for its time; taken back it is worth nothing; a wrong one is refused."""
    assert "there is no guard" in aman.run("permit", "--minutes", "5", "--why", "x", status=3).lines[0]
    aman.run("guard", "install", "--yes", status=0)
    given = aman.run("permit", "--minutes", "5", "--why", "old reviews", "--tables", "reviews", "--json", status=0)
    permit = given.document["permit"]
    assert (["public.reviews"], "old reviews") == (permit["tables"], permit["why"])
    assert [permit] == aman.run("permit", "--list", "--json", status=0).document["permits"]
    with shop.connect() as app:
        run(app, "DELETE FROM reviews")
        refused(app, "DELETE FROM items")
    aman.run("permit", "--revoke", permit["id"], status=0)
    assert [] == aman.run("permit", "--list", "--json", status=0).document["permits"]
    assert "no such permit" in aman.run("permit", "--revoke", permit["id"], status=3).lines[0]
    assert "there is no table" in aman.run("permit", "--minutes", "5", "--why", "x", "--tables", "no", status=3).lines[0]
    assert "1 to 1440" in aman.run("permit", "--minutes", "0", "--why", "x", status=2).lines[0]
    assert "--why is missing" in aman.run("permit", "--minutes", "5", status=2).lines[0]
    assert "one at a time" in aman.run("permit", "--list", "--minutes", "5", status=2).lines[0]


def test_a_refusal_leads_to_the_permit(shop: Guarded, aman: Aman) -> None:
    """The refusal names the way out, which works as it is written; status shows who was refused what."""
    aman.run("guard", "install", "--yes", status=0)
    with shop.connect(application_name="a seed") as app:
        hint = refused(app, "DELETE FROM public.reviews").diag.message_hint or ""
    assert 'aman permit --minutes 15 --why "..." --tables public.reviews' in hint
    seen = aman.run("guard", "status", "--json", status=0).document["guard"]
    [last] = seen["refusals"]
    assert (1, "delete-last", "public.reviews", "a seed", shop.role.name) == (
        seen["refused"],
        *(last[key] for key in ("rule", "object", "application", "role")),
    )
    aman.run("permit", "--minutes", "15", "--why", "...", "--tables", "public.reviews", status=0)
    with shop.connect() as app:
        run(app, "DELETE FROM public.reviews")


def test_free_tables_stay_free(shop: Guarded, aman: Aman) -> None:
    """A table that was set free has no limits, also after the next installation."""
    aman.run("guard", "install", "--free", "reviews", "--yes", status=0)
    aman.run("guard", "install", "--yes", status=0)
    with shop.connect() as app:
        run(app, "DELETE FROM reviews")
        refused(app, "TRUNCATE items")


def test_a_hole_is_seen(shop: Guarded, aman: Aman) -> None:
    """Where a part of the guard is gone, status names it, and the trial ends with 3 and says how many passed."""
    aman.run("guard", "install", "--yes", status=0)
    shop.database.execute(f'alter database "{shop.database.name}" is_template false')
    shop.database.execute("alter event trigger amankan_guard_drop disable")
    seen = aman.run("guard", "status", "--json", status=0).document["guard"]
    assert "partial" == seen["state"]
    open_ones = {each["object"] for each in seen["coverage"] if not each["covered"]}
    assert {"amankan_guard_drop", shop.database.name} <= open_ones
    said = aman.run("guard", "test", "--json", status=3).document
    assert said["guard"]["refused"] < said["guard"]["tried"]
    assert "refused" == said["error"]["code"]
    aman.run("guard", "install", "--yes", status=0)
    aman.run("guard", "test", status=0)


def test_without_a_way_of_its_own(shop: Guarded, aman: Aman) -> None:
    """With the app's own role alone what can be installed is installed, and the rest is named."""
    del aman.environment["ADMIN_URL"]
    aman.configure()
    made = aman.run("guard", "install", "--yes", "--json", status=0).document["guard"]
    assert "limit" == made["level"]
    assert {"event triggers", "guard's owner"} <= {gap["object"] for gap in made["gaps"]}
    tried = aman.run("guard", "test", "--json", status=0).document["guard"]
    assert tried["refused"] == tried["tried"]
    assert "partial" == aman.run("status", "--json", status=0).document["guard"]["state"]
    aman.run("guard", "install", "--level", "deny", "--yes", status=3)
    aman.run("guard", "remove", "--yes", status=0)
    with shop.connect() as app:
        run(app, "DELETE FROM reviews")


def test_a_role_without_rights_is_told_before(shop: Guarded, aman: Aman) -> None:
    """What our role cannot install is said by the plan and by doctor, with the reason, and nothing is tried."""
    other = shop.database.server.role()
    shop.database.execute(f"GRANT pg_read_all_data TO {other.name}")
    aman.environment["ADMIN_URL"] = shop.database.url_for(other)
    for level, reason in (("limit", "may make no schema"), ("deny", "by a superuser only")):
        planned = aman.run("guard", "install", "--level", level, "--plan", "--json", status=0).document["guard"]
        [said] = [gap["reason"] for gap in planned["gaps"] if gap["object"] == f"level {level}"]
        assert reason in said
        assert reason in aman.run("guard", "install", "--level", level, "--yes", status=3).lines[0]
    [found] = [each for each in aman.run("doctor", "--json").document["doctor"]["checks"] if each["id"] == "guard"]
    assert "may make no schema" in str(found)
    shop.database.execute(f"GRANT CREATE ON DATABASE {shop.database.name} TO {other.name}")
    assert "owns no table" in aman.run("guard", "install", "--level", "limit", "--plan", status=0).out
    assert "level deny cannot be installed" in aman.run("guard", "install", "--level", "deny", "--plan", status=0).err
    shop.database.execute(f"DROP OWNED BY {other.name}; DROP ROLE {other.name}")


def test_backups_of_a_guarded_database(shop: Guarded, aman: Aman) -> None:
    """A guarded database is backed up, proved, drilled and restored, and then guarded whole; the record stays."""
    aman.run("guard", "install", "--yes", status=0)
    with shop.connect() as app:
        refused(app, "DELETE FROM reviews")
    aman.seal()
    before = shop.database.rows(CONTENT)
    aman.run("backup", status=0)
    assert [True] == [each["proved"] for each in aman.run("backups", "--json", status=0).document["snapshots"]]
    aman.run("drill", status=0)
    for number in range(20):
        with shop.connect(application_name=f"seed {number}") as app:
            refused(app, "TRUNCATE items")
    aman.run("permit", "--minutes", "5", "--why", "the bad day", status=0)
    shop.database.execute("drop table items cascade")
    said = aman.run("restore", "--yes", "--json", status=0)
    restored = said.document["restore"]
    assert before == shop.database.rows(CONTENT)
    assert "whole" == restored["guard"]["state"]
    seen = aman.run("guard", "status", "--json", status=0).document["guard"]
    assert ("whole", 21, []) == (seen["state"], seen["refused"], seen["permits"])
    assert [f"seed {number}" for number in range(19, 3, -1)] == [each["application"] for each in seen["refusals"]]
    aman.run("guard", "test", status=0)
    with shop.connect() as app:
        refused(app, "DROP TABLE items")
    _forget(shop, restored["kept"])


def test_a_snapshot_from_before_the_guard(shop: Guarded, aman: Aman) -> None:
    """Restored, a snapshot that has another guard or none is guarded as the database was whose name it takes."""
    aman.seal()
    aman.run("backup", status=0)
    aman.run("guard", "install", "--level", "deny", "--free", "reviews", "--yes", status=0)
    kept = aman.run("restore", "--yes", "--json", status=0).document["restore"]["kept"]
    seen = aman.run("guard", "status", "--json", status=0).document["guard"]
    assert ("whole", "deny") == (seen["state"], seen["level"])
    aman.run("guard", "test", status=0)
    with shop.connect() as app:
        refused(app, "ALTER TABLE items DISABLE TRIGGER ALL")
        run(app, "DELETE FROM reviews")
    _forget(shop, kept)
    aman.run("guard", "remove", "--yes", status=0)
    with shop.connect() as app:
        run(app, "DROP TABLE items")


def _forget(shop: Guarded, kept: str) -> None:
    with shop.database.server.connect() as admin:
        run(admin, f'ALTER DATABASE "{kept}" IS_TEMPLATE false')
        run(admin, f'DROP DATABASE "{kept}"')
