"""Every precondition: well where all is well, and found where it does not hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from amankan.model.facts import OtherSession, ServerFacts
from amankan.model.guard import Coverage, Covered
from amankan.model.identity import Identity
from amankan.model.keeping import Keep, Keeping
from amankan.model.marker import Marker
from amankan.model.project import Along, LeftOut, Why
from amankan.model.runtime import ServiceState
from amankan.model.sentence import say
from amankan.model.verdict import Finding, Level
from amankan.operations.preflight.looks import (
    Answer,
    ContainerLook,
    HttpLook,
    Idler,
    ImageLook,
    KeysLook,
    LogLook,
    Looks,
    MessengersLook,
    OperationLook,
    PasswordLook,
    Room,
    RuntimeLook,
    SecretsLook,
    ServerLook,
    ToolsLook,
    Unseen,
    VaultLook,
)
from amankan.operations.preflight.table import CHECKS, STOPPING, hindrances, preflight

HOME = Identity(system="7", oid=16384)
SERVER = ServerLook(
    facts=ServerFacts(version=15, standby=False, superuser=False, owner=True, size_bytes=10, may_create_databases=True),
    database="ocn",
    role="tool",
    app_role="app",
    app_superuser=False,
    minor=20,
    floor=20,
    identity=HOME,
    ledger="_prisma_migrations",
    marker=Marker(app="ocn", environment="production"),
)
ALONG = Along(files=4)
LACKING = Along(files=3, left_out=(LeftOut(path=".env", why=Why.UNREADABLE),))
VAULT = VaultLook(count=2, age_seconds=60.0, proved=True, proved_age_seconds=60.0, identity=HOME, database="ocn", project=ALONG)
CONTAINER = ContainerLook(service="db", folder="/data", kept="volume", file_major=15, major=15)
WELL = Looks(
    app="ocn",
    environment="production",
    migrates=True,
    answer=Answer(database="ocn", version="15.20"),
    server=SERVER,
    tools=ToolsLook(major=15, minor=20, floor=20),
    guard=Coverage(
        level="limit", at_home=True, objects=(Covered(kind="table", object="a", covered=True, detail=say("-")),), gaps=()
    ),
    vault=VAULT,
    keys=KeysLook(recipients=1),
    rooms=(Room(place="/a", need_bytes=10, free_bytes=11),),
    keeps=(Keep(folder="/a/.amankan", keeping=Keeping.ON_DISK),),
    runtime=RuntimeLook(services=(ServiceState(service="app", digest="sha256:1", running=True, open=True, restart="always"),)),
    container=CONTAINER,
    images=(ImageLook(reference="ocn:v1"),),
    http=(HttpLook(url="http://a/", status=200),),
    logs=LogLook(patterns=1, lines=5),
    password=PasswordLook(),
    secrets=SecretsLook(),
    operation=OperationLook(),
    project=ALONG,
    beside=(),
    messengers=MessengersLook(count=1),
)


UNMARKED = replace(SERVER, marker=None)


def server(**changes: Any) -> dict[str, Any]:
    """Return a change of the server's look."""
    return {"server": replace(SERVER, **changes)}


def facts(**changes: Any) -> dict[str, Any]:
    """Return a change of what the survey found."""
    return server(facts=replace(SERVER.facts, **changes))


def vault(**changes: Any) -> dict[str, Any]:
    """Return a change of the vault's look."""
    return {"vault": replace(VAULT, **changes)}


def container(**changes: Any) -> dict[str, Any]:
    """Return a change of the container's look."""
    return {"container": replace(CONTAINER, **changes)}


STATE = ServiceState(service="app", digest="a b", running=True, open=True, restart="always")
CASES: list[tuple[str, Level, dict[str, Any]]] = [
    ("operation", Level.STOP, {"operation": OperationLook(run="r")}),
    ("operation", Level.WARN, {"operation": OperationLook(run="r", running=True)}),
    ("database", Level.STOP, {"answer": Answer(database="ocn", why=say("the database does not answer"))}),
    ("pooler", Level.WARN, {"answer": Answer(database="ocn", why=say("the database does not answer"))}),
    ("pooler", Level.STOP, {"answer": Answer(database="ocn", version="15.20", pooled="transaction")}),
    ("pooler", Level.WARN, {"answer": Answer(database="ocn", version="15.20", pooled="session")}),
    ("identity", Level.STOP, vault(identity=Identity(system="8", oid=16384))),
    ("identity", Level.STOP, vault(identity=Identity(system="7", oid=1), database="staging")),
    ("project-files", Level.WARN, {"project": LACKING}),
    ("project-files", Level.WARN, vault(project=LACKING)),
    ("project-files", Level.WARN, vault(project=None)),
    ("beside", Level.WARN, {"beside": ("app: uploads",)}),
    ("identity", Level.WARN, {"vault": Unseen(why=say("the database does not answer"))}),
    ("mark", Level.STOP, server(marker=Marker(app="ocn", environment="staging"))),
    ("mark", Level.STOP, server(marker=Marker(app="bank", environment="production"))),
    ("kept", Level.STOP, {"keeps": (Keep(folder="/a", keeping=Keeping.IN_MEMORY),)}),
    ("kept", Level.STOP, {"keeps": (WELL.keeps[0], Keep(folder="/b", keeping=Keeping.IN_LAYER))}),
    (
        "kept",
        Level.WARN,
        {"environment": "staging", "server": UNMARKED, "keeps": (Keep(folder="/a", keeping=Keeping.IN_LAYER),)},
    ),
    ("version", Level.WARN, server(minor=19)),
    ("version", Level.STOP, server(floor=None)),
    ("tools", Level.STOP, {"tools": ToolsLook(major=15, minor=None, floor=20)}),
    ("tools", Level.WARN, {"tools": ToolsLook(major=15, minor=19, floor=20)}),
    ("tools", Level.WARN, {"tools": ToolsLook(major=15, minor=19, floor=20, carried=True)}),
    ("extensions", Level.STOP, {"tools": ToolsLook(major=15, minor=20, floor=20, lacking=("postgis",))}),
    ("standby", Level.STOP, facts(standby=True)),
    ("role", Level.STOP, facts(owner=False)),
    ("role", Level.STOP, facts(may_create_databases=False)),
    ("app-role", Level.WARN, server(app_superuser=True)),
    ("readable", Level.STOP, server(hidden=("table a",))),
    ("guard", Level.WARN, {"guard": Coverage(level=None, at_home=True, objects=(), gaps=())}),
    ("guard", Level.STOP, {"guard": Coverage(level="limit", at_home=False, objects=(), gaps=())}),
    (
        "guard",
        Level.STOP,
        {
            "guard": Coverage(
                level="limit", at_home=True, objects=(Covered(kind="t", object="a", covered=False, detail=say("-")),), gaps=()
            )
        },
    ),
    ("sessions", Level.WARN, facts(sessions=(OtherSession(name="metabase", user="bi"),))),
    ("sessions", Level.STOP, facts(unstoppable=("postgres",))),
    ("idle", Level.WARN, server(idlers=(Idler(pid=1, user="a", seconds=301.0),))),
    ("prepared", Level.STOP, facts(prepared=("gid",))),
    ("replication", Level.WARN, facts(logical_slots=("slot",))),
    ("replication", Level.WARN, facts(subscriptions=("sub",))),
    ("belongings", Level.WARN, facts(foreign_settings=("log_statement=all",))),
    ("belongings", Level.WARN, facts(is_template=True)),
    ("collation", Level.WARN, facts(collation_differs=True)),
    ("collation", Level.WARN, facts(collation_differs=True, collation_known=False)),
    ("collation", Level.WARN, facts(aged_indexes=2)),
    ("foreign-tables", Level.WARN, server(foreign_tables=("a.b",))),
    ("foreign-keys", Level.WARN, server(unchecked=("a.b",))),
    ("tablespaces", Level.WARN, server(placed=("a.b",))),
    ("unlogged", Level.WARN, server(unlogged=("a.b",))),
    ("migrations", Level.STOP, server(unfinished=("20250101_init",))),
    ("migrations", Level.WARN, {"migrates": False}),
    ("migrations", Level.WARN, server(ledger="")),
    ("clock", Level.WARN, server(skew_seconds=-6.0)),
    ("backup", Level.STOP, vault(disbelieved=("a",))),
    ("backup", Level.WARN, {"vault": VaultLook(count=0)}),
    ("backup", Level.STOP, vault(age_seconds=-61.0)),
    ("backup", Level.STOP, vault(proved_age_seconds=None, proved=False)),
    ("backup", Level.STOP, vault(proved_age_seconds=8 * 86_400.0)),
    ("backup", Level.WARN, vault(age_seconds=27 * 3600.0, proved_age_seconds=27 * 3600.0)),
    ("backup", Level.WARN, vault(proved=False, proved_age_seconds=3600.0)),
    ("chain", Level.WARN, vault(breaks=(say("snapshot number 2 is missing"),))),
    ("encryption", Level.STOP, {"keys": KeysLook(recipients=0)}),
    ("encryption", Level.STOP, {"keys": KeysLook(recipients=1, wrong=("age1…",))}),
    ("key-place", Level.STOP, {"keys": KeysLook(recipients=1, recovery="/k", recovery_open=True)}),
    ("key-place", Level.WARN, {"keys": KeysLook(recipients=1, recovery="/k")}),
    ("key-place", Level.WARN, {"keys": KeysLook(recipients=1, recovery="/k", vault_remote=True)}),
    ("room", Level.STOP, {"rooms": (Room(place="/a", need_bytes=11, free_bytes=10),)}),
    ("room", Level.WARN, {"rooms": (Room(place="/a", need_bytes=11),)}),
    ("app", Level.STOP, {"runtime": RuntimeLook(services=(replace(STATE, digest="a", running=False),))}),
    ("app", Level.STOP, {"runtime": RuntimeLook(services=(STATE,))}),
    ("app", Level.WARN, {"runtime": RuntimeLook(services=(STATE,), process=True, never=True)}),
    ("app-told", Level.STOP, {"runtime": RuntimeLook(services=(replace(STATE, digest="a"),), untold=("DB_HOST",))}),
    ("volume", Level.STOP, container(kept="anonymous")),
    ("volume", Level.STOP, container(kept="layer")),
    ("database-unchanged", Level.STOP, container(file_major=17)),
    ("database-unchanged", Level.WARN, container(changed=True)),
    ("database-port", Level.STOP, container(published=("0.0.0.0:5432",))),
    ("registry", Level.WARN, {"images": (ImageLook(reference="ocn:v1", why=say("the database does not answer")),)}),
    ("http", Level.WARN, {"http": ()}),
    ("http", Level.STOP, {"http": (HttpLook(url="http://a/", status=500),)}),
    ("http", Level.STOP, {"http": (HttpLook(url="http://a/", why="refused"),)}),
    ("log", Level.WARN, {"logs": LogLook(patterns=0)}),
    ("log", Level.WARN, {"logs": LogLook(patterns=1, lines=5, matching=1, example="ERROR")}),
    ("password", Level.STOP, {"password": PasswordLook(guessable=say("the database's password is empty"))}),
    ("git", Level.STOP, {"secrets": SecretsLook(tracked=(".env",))}),
    ("git", Level.WARN, {"secrets": SecretsLook(historic=("a.dump",))}),
    ("files", Level.WARN, {"secrets": SecretsLook(open=(".env",))}),
    ("notify", Level.WARN, {"messengers": MessengersLook(count=1, strange=("notify.urls[0]",))}),
    ("notify", Level.WARN, {"messengers": MessengersLook(count=1, hindrance=say("the database does not answer"))}),
]
# What is a fault in production and nowhere else.
STRICTER = ("encryption", "database-port", "password", "git", "role", "backup")
PARTS = (
    "server",
    "tools",
    "guard",
    "vault",
    "keys",
    "rooms",
    "runtime",
    "container",
    "images",
    "http",
    "logs",
    "password",
    "secrets",
)


def finding(id: str, looks: Looks) -> Finding:
    """Return what a check says."""
    [found] = [each for each in preflight(looks).findings if each.code == id]
    return found


def test_all_is_well_where_all_is_well() -> None:
    """Not one check of an app in order says anything but well, and each has its own name."""
    found = preflight(WELL).findings
    assert [] == [each for each in found if each.level is not Level.PASS]
    assert len(CHECKS) == len({check.id for check in CHECKS}) == len(found)


@pytest.mark.parametrize(("id", "level", "changes"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_precondition_that_does_not_hold_is_found(id: str, level: Level, changes: dict[str, Any]) -> None:
    """The check tells it at its level, in a sentence, with a remedy."""
    found = finding(id, replace(WELL, **changes))
    assert (level, True) == (found.level, found.remedy is not None), str(found.sentence)
    assert str(found.sentence)


def test_every_check_can_fail() -> None:
    """No check is without a case in which it does."""
    assert {check.id for check in CHECKS} == {id for id, _, _ in CASES}


@pytest.mark.parametrize("part", PARTS)
def test_a_look_that_could_not_be_taken_is_never_well(part: str) -> None:
    """Every check that rests on it warns, and says why."""
    changes: dict[str, Any] = {part: Unseen(why=say("the database does not answer"))}
    looks = replace(WELL, **changes)
    resting = [check.id for check in CHECKS if check.seen(looks) is getattr(looks, part)]
    assert resting
    for id in resting:
        found = finding(id, looks)
        assert Level.WARN is found.level
        assert "the database does not answer" in str(found.sentence)


def test_what_hinders_an_update() -> None:
    """A fault that would end in lost data or behind the fence hinders it; a port for the world does not."""
    assert {check.id for check in CHECKS} > STOPPING
    looks = replace(WELL, **container(kept="layer", published=("0.0.0.0:1",)))
    assert ["volume"] == [each.code for each in hindrances(preflight(looks))]
    assert () == hindrances(preflight(WELL))


def test_what_does_not_apply_is_not_told() -> None:
    """An app without containers has no check of a container, and an empty vault no chain."""
    told = {each.code for each in preflight(replace(WELL, container=None, images=None, vault=VaultLook(count=0))).findings}
    assert not told & {"volume", "database-unchanged", "database-port", "registry", "chain"}


def test_a_swapped_database_is_the_same() -> None:
    """After an update the database has another number, and its name; that is no other database."""
    assert Level.PASS is finding("identity", replace(WELL, **vault(identity=Identity(system="7", oid=1)))).level


@pytest.mark.parametrize("id", STRICTER)
def test_staging_is_judged_more_mildly(id: str) -> None:
    """What is a fault for data that must not be lost is a warning elsewhere."""
    cases = [changes for name, level, changes in CASES if name == id and level is Level.STOP]
    levels = {finding(id, replace(WELL, environment="staging", **changes)).level for changes in cases}
    assert Level.WARN in levels
