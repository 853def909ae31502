"""A snapshot put into an empty database of another server, which stays as it is but for its content."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Final, LiteralString

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.archiver import PostgresArchiver
from amankan.adapters.engines.postgres.beforehand import prepare, settle
from amankan.adapters.engines.postgres.cluster import making_of
from amankan.adapters.engines.postgres.schema import server_major
from amankan.adapters.engines.postgres.script import drop_lacking, run_script
from amankan.adapters.engines.postgres.session import connected, row
from amankan.adapters.engines.postgres.shelf import MACHINE, Shelf
from amankan.errors import Refused, SnapshotDamaged
from amankan.model.database import Making
from amankan.model.fingerprint import Fingerprint, compare
from amankan.model.identity import Identity
from amankan.model.sentence import Sentence, say
from amankan.model.snapshot import Snapshot
from amankan.ports.clock import Clock
from amankan.ports.progress import Progress
from amankan.ports.sealed import SealedReader

# Whatever a user made has a number from here on; source: PostgreSQL source code, FirstNormalObjectId.
_LOOK: Final[LiteralString] = """
    select (select count(*) from pg_class where oid >= 16384 and relnamespace <> 'pg_toast'::regnamespace)
            + (select count(*) from pg_proc where oid >= 16384) + (select count(*) from pg_type where oid >= 16384)
            + (select count(*) from pg_largeobject_metadata),
        (select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()),
        pg_is_in_recovery(),
        (select system_identifier::text from pg_control_system()),
        (select oid from pg_database where datname = current_database())
"""


def server_version_of(address: Address) -> str:
    """Return the version of the server of an address: `15.20`."""
    with connected(address) as session:
        major, minor = server_major(session)
    return f"{major}.{minor}"


def refuse_filled(address: Address, *, live: Identity) -> None:
    """
    The database of an address is empty and nobody is in it; raises Refused otherwise.

    The app's own is told from others only where something would be lost: on an empty machine it is the one to be filled.
    """
    with connected(address) as session:
        objects, sessions, standby, system, oid = row(session, _LOOK)
    if objects and (system, oid) == (live.system, live.oid):
        why = say("it is the app's own database")
    elif standby:
        why = say("its server is a standby")
    elif objects:
        why = say("it is not empty: {count} objects are in it", count=objects)
    elif sessions:
        why = say("{count} sessions are in it", count=sessions)
    else:
        return
    raise Refused(
        say("cannot restore into {database}: {why}", database=address.database, why=why),
        next=say("make a new, empty database, then try again"),
    )


def unlike(address: Address, making: Making) -> Sentence | None:
    """
    Return what to know of a database whose locale is not that of the one that a snapshot was taken from; reads only.

    Raises:
        Refused: its encoding is another, in which the same text has other bytes or none.
    """
    with connected(address) as session:
        here = making_of(session)
    if here.encoding != making.encoding:
        raise Refused(
            say(
                "cannot restore into {database}: its encoding is {here}, that of the snapshot {there}",
                database=address.database,
                here=here.encoding,
                there=making.encoding,
            ),
            next=say(
                "make a new, empty database: CREATE DATABASE ... TEMPLATE template0 ENCODING '{there}'", there=making.encoding
            ),
        )
    if making.collate and _order_of(here) != _order_of(making):
        words = {"database": address.database, "here": _locale(here), "there": _locale(making)}
        return say("{database} sorts text by {here}, and the one that was backed up by {there}", **words)
    return None


def _locale(making: Making) -> str:
    return f"{making.provider} {making.locale or making.collate}"


def _order_of(making: Making) -> tuple[str, ...]:
    # Systems write one locale in several ways: en_US.UTF-8 and en_US.utf8.
    return tuple(
        word.casefold().replace("-", "")
        for word in (making.provider, making.collate, making.ctype, making.locale, making.rules)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What a database is filled with, read by whom, who is told how far it is, and where the programs are found."""

    reader: SealedReader
    snapshot: Snapshot
    progress: Progress
    clock: Clock
    shelf: Shelf = MACHINE


def fill_database(address: Address, filling: Filling) -> Fingerprint:
    """
    The empty database holds the snapshot, with roles that were missing and its settings; returns what it holds.

    Raises:
        Refused: its server is older than the one that the snapshot comes from; nothing was changed.
        EngineFailed: the database may hold a part.
        SnapshotDamaged: it holds something else than was backed up.
    """
    reader, snapshot = filling.reader, filling.snapshot
    reader.examine(snapshot.id)
    major = int(server_version_of(address).partition(".")[0])
    version = reader.server_version(snapshot.id)
    if int(version.partition(".")[0]) > major:
        raise Refused(say("cannot restore {id}: it comes from version {version}", id=snapshot.id, version=version))
    tools = filling.shelf.client(major)
    roles, settings = (b"".join(reader.read(snapshot.id, stem)) for stem in ("globals", "settings"))
    run_script(address, tools, script=roles)
    drop_lacking(address, reader.making(snapshot.id))
    address = prepare(address, tools, settings=settings)
    archiver = PostgresArchiver(address=address, tools=tools, clock=filling.clock)
    with closing(reader.read(snapshot.id)) as pieces:
        held = archiver.load(pieces, into=address.database, progress=filling.progress)
        for _ in pieces:  # only the end of the stream tells that it is whole
            pass
    settle(address, tools, settings=settings)
    if version.partition(".")[0] == str(major) and compare(snapshot.fingerprint, held):
        raise SnapshotDamaged(say("cannot trust {id}: it restores to something else", id=snapshot.id))
    return held
