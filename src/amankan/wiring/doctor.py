"""All that `aman doctor` looks at; each look may fail alone."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

import psycopg

from amankan import wiring
from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.condition import Condition, condition, pooled
from amankan.adapters.engines.postgres.extensions import lacking_extensions
from amankan.adapters.engines.postgres.reach import session_conninfo
from amankan.adapters.engines.postgres.shelf import MACHINE, Shelf
from amankan.adapters.engines.postgres.surroundings import server_facts
from amankan.adapters.engines.postgres.tools import FLOORS
from amankan.adapters.guards.postgres.coverage import status as guard_status
from amankan.adapters.migrators.books import PostgresBooks
from amankan.adapters.migrators.recognise import ledger_table
from amankan.adapters.probes.asking import ask, web
from amankan.config.settings import ComposeSettings, Settings
from amankan.errors import AmankanError, Refused
from amankan.model.guard import Coverage
from amankan.model.project import Along
from amankan.model.sentence import say
from amankan.operations.preflight.looks import (
    Answer,
    ContainerLook,
    HttpLook,
    Idler,
    KeysLook,
    LogLook,
    Looks,
    OperationLook,
    RuntimeLook,
    ServerLook,
    ToolsLook,
    Unseen,
    VaultLook,
)
from amankan.ports.clock import Clock
from amankan.vault.age import Recipient
from amankan.vault.chain import Head, breaks
from amankan.vault.keychain import Keychain
from amankan.vault.manifest import Origin
from amankan.wiring.apps import reachable
from amankan.wiring.belongings import project_files, written_beside
from amankan.wiring.keeping import keeps_of
from amankan.wiring.programs import shelf_of
from amankan.wiring.surroundings import (
    Around,
    container_look,
    image_looks,
    log_lines,
    password_look,
    rooms,
    runtime_look,
    secrets_look,
)

T = TypeVar("T")
PRISMA: Final = "_prisma_migrations"
MOST_SHOWN_CHARACTERS: Final = 120


def looks(settings: Settings, keys: Keychain, *, clock: Clock, operation: OperationLook, known: Head | None = None) -> Looks:
    """
    Return what was seen of an app; nothing is changed, and nothing is raised because one look failed.

    `known` is the place in the chain of snapshots that was seen last.
    """
    found = tried(lambda: wiring.address_of(settings))
    around = tried(lambda: Around.of(settings, None if isinstance(found, Unseen) else found.app))
    address = _address(found, around)
    answer, seen = _asked(address)
    app_role = "" if isinstance(found, Unseen) else found.app.user
    server: ServerLook | Unseen = (
        seen if isinstance(seen, Unseen) else tried(lambda: _server(seen, address=address, app_role=app_role, clock=clock))
    )
    vault = tried(lambda: _vault(settings, keys, clock=clock, known=known))
    blind = Unseen(why=say("no address of the database is known"))
    container: ContainerLook | Unseen | None = blind if isinstance(settings.runtime, ComposeSettings) else None
    if not isinstance(found, Unseen):
        container = _applied(around, lambda place: container_look(place, server))
    runtime = None if settings.runtime is None else _applied(around, runtime_look)
    never = isinstance(runtime, RuntimeLook) and runtime.never
    return Looks(
        app=settings.app.name,
        environment=settings.app.environment,
        migrates=bool(settings.database.migrate),
        answer=answer,
        server=server,
        tools=server if isinstance(server, Unseen) else tried(lambda: _tools(server, _shelf(found, around, address=address))),
        guard=server if isinstance(server, Unseen) else tried(lambda: _guard(address, app_role)),
        vault=vault,
        keys=tried(lambda: _keys(settings, keys)),
        rooms=server if isinstance(server, Unseen) else tried(lambda: rooms(settings, server=server, around=around)),
        keeps=keeps_of(settings, remote=wiring.place(settings).remote),
        runtime=runtime,
        container=container,
        images=around if isinstance(around, Unseen) else _applied(around, image_looks),
        http=Unseen(why=say("the app does not run yet")) if never else tuple(_http(url) for url in settings.checks.http),
        logs=None if settings.runtime is None else _applied(around, partial(_logs, settings)),
        password=blind if isinstance(found, Unseen) else password_look(settings, found.app),
        secrets=tried(lambda: secrets_look(settings)),
        operation=operation,
        project=_applied(around, _project),
        beside=_applied(around, _beside) if isinstance(settings.runtime, ComposeSettings) else None,
    )


def tried(look: Callable[[], T]) -> T | Unseen:
    """Return a look, or why it could not be taken."""
    try:
        return look()
    except AmankanError as fault:
        return Unseen(why=fault.cannot, remedy=fault.next if isinstance(fault, Refused) else None)
    except (OSError, psycopg.Error) as fault:
        return Unseen(why=say("{why}", why=str(fault).strip().partition("\n")[0]))


def _applied(around: Around | Unseen, look: Callable[[Around], T]) -> T | Unseen:
    return around if isinstance(around, Unseen) else tried(lambda: look(around))


def _address(found: wiring.FoundAddress | Unseen, around: Around | Unseen) -> Address | Unseen:
    """Return the tool's own address as this machine reaches it."""
    if isinstance(found, Unseen):
        return found
    if isinstance(around, Unseen):
        return around
    return tried(lambda: reachable(around.compose, found.address))


def _asked(address: Address | Unseen) -> tuple[Answer, Condition | Unseen]:
    """Return whether the database answers and how it stands."""
    if isinstance(address, Unseen):
        return Answer(database="", why=address.why), Unseen(why=say("no address of the database is known"))
    pool = tried(lambda: pooled(address))
    seen = tried(lambda: condition(address))
    if isinstance(seen, Unseen):
        shared = "" if isinstance(pool, Unseen) else pool
        silent = Unseen(why=say("the database does not answer"))
        return Answer(database=address.database, why=seen.why, pooled=shared), silent
    version = f"{seen.major}.{seen.minor}"
    return Answer(database=address.database, version=version, pooled=pool if isinstance(pool, str) else ""), seen


def _server(seen: Condition, *, address: Address | Unseen, app_role: str, clock: Clock) -> ServerLook:
    assert isinstance(address, Address)
    before = clock.now().timestamp()
    surveyed = server_facts(address)
    ledger = ledger_table(seen.tables)
    return ServerLook(
        facts=surveyed,
        database=address.database,
        role=seen.role,
        app_role=app_role,
        app_superuser=app_role in seen.superusers,
        minor=seen.minor,
        floor=seen.floor,
        identity=seen.identity,
        hidden=seen.hidden,
        idlers=tuple(Idler(pid=pid, user=user, seconds=seconds) for pid, user, seconds in seen.idle),
        foreign_tables=seen.foreign_tables,
        unchecked=seen.unchecked,
        placed=seen.placed,
        unlogged=seen.unlogged,
        extensions=seen.extensions,
        skew_seconds=seen.epoch_seconds - before,
        ledger=ledger,
        unfinished=_unfinished(address) if ledger == PRISMA else (),
        marker=seen.marker,
    )


def _unfinished(address: Address) -> tuple[str, ...]:
    """Return the migrations that Prisma began and neither finished nor took back."""
    books = PostgresBooks(lambda database: session_conninfo(address.at(database)))
    columns = ("migration_name", "finished_at", "rolled_back_at")
    found = books.read(address.database, PRISMA, columns=columns, order=("started_at", "id")) or ()
    return tuple(str(row[0]) for row in found if row[1] is None and row[2] is None)


def _shelf(found: wiring.FoundAddress | Unseen, around: Around | Unseen, *, address: Address | Unseen) -> Shelf:
    if isinstance(found, Unseen) or isinstance(around, Unseen) or isinstance(address, Unseen):
        return MACHINE
    return shelf_of(around.compose, address, given=found.address)


def _tools(server: ServerLook, shelf: Shelf) -> ToolsLook:
    major = server.facts.version
    try:
        shelf.client(major)
    except Refused:
        return ToolsLook(major=major, minor=None, floor=FLOORS.get(major))
    found = shelf.server(major)
    lacking = lacking_extensions(found, server.extensions)
    if lacking is None:
        raise Refused(
            say("cannot tell which extensions are on this machine"), next=say("apt install postgresql-{major}", major=major)
        )
    carried = found.owner is not None
    return ToolsLook(major=major, minor=found.minor, floor=FLOORS.get(major), lacking=lacking, carried=carried)


def _guard(address: Address | Unseen, app_role: str) -> Coverage:
    assert isinstance(address, Address)
    with psycopg.connect(session_conninfo(address).reveal(), autocommit=True) as connection:
        return guard_status(connection, app_role=app_role or None)


def _vault(settings: Settings, keys: Keychain, *, clock: Clock, known: Head | None) -> VaultLook:
    census = wiring.catalogue(settings, keys).census()
    disbelieved = tuple(fault.snapshot for fault in census.faults)
    gaps = tuple(gap.sentence for gap in breaks(census.links, known))
    if not census.entries:
        return VaultLook(count=0, disbelieved=disbelieved, breaks=gaps)
    now = clock.now()
    ages = [((now - each.snapshot.time).total_seconds(), each.proof.name == "PROVED") for each in census.entries]
    taken = [each for each in census.entries if each.manifest.origin is Origin.TAKEN]
    proved = [age for age, good in ages if good]
    making = taken[-1].manifest.source.making if taken else None
    return VaultLook(
        count=len(census.entries),
        age_seconds=ages[-1][0],
        proved=ages[-1][1],
        proved_age_seconds=min(proved, default=None),
        identity=taken[-1].snapshot.identity if taken else None,
        database=making.name if making is not None else "",
        disbelieved=disbelieved,
        breaks=gaps,
        project=taken[-1].manifest.project if taken else None,
    )


def _project(around: Around) -> Along:
    found = project_files(around.settings, around.compose)
    return Along(files=len(found.files), left_out=found.left_out)


def _beside(around: Around) -> tuple[str, ...]:
    return written_beside(around.compose, around.app)


def _keys(settings: Settings, keys: Keychain) -> KeysLook:
    wrong = []
    for text in settings.vault.recipients:
        try:
            Recipient(text=text)
        except AmankanError:
            wrong.append(f"{text[:12]}…")
    recovery = keys.recovery if keys.has_recovery else None
    return KeysLook(
        recipients=len(settings.vault.recipients),
        wrong=tuple(wrong),
        recovery=str(recovery or ""),
        recovery_open=recovery is not None and bool(recovery.stat().st_mode & 0o004),
        vault_remote=wiring.place(settings).remote,
    )


def _http(url: str) -> HttpLook:
    try:
        return HttpLook(url=url, status=ask(web(url)))
    except (AmankanError, OSError, http.client.HTTPException) as fault:
        return HttpLook(url=url, why=str(fault).strip().partition("\n")[0] or type(fault).__name__)


def _logs(settings: Settings, around: Around) -> LogLook:
    patterns = [re.compile(pattern) for pattern in settings.checks.log_errors]
    if not patterns:
        return LogLook(patterns=0)
    lines = log_lines(around)
    matching = [line for line in lines if any(pattern.search(line) for pattern in patterns)]
    example = matching[-1][:MOST_SHOWN_CHARACTERS] if matching else ""
    return LogLook(patterns=len(patterns), lines=len(lines), matching=len(matching), example=example)
