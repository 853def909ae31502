"""The database server, as one process sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Final

from psycopg import sql

from amankan.adapters.engines.postgres import claims, copying, gate, naming, numbers, order
from amankan.adapters.engines.postgres.address import SYSTEM_DATABASES, Address
from amankan.adapters.engines.postgres.fingerprint import census_of
from amankan.adapters.engines.postgres.maintenance import Maintenance, Session, connect, identifier, limited, session_name, told
from amankan.errors import EngineFailed, Refused, WrongTarget
from amankan.model.claim import Claim
from amankan.model.database import DatabaseState
from amankan.model.fingerprint import Fingerprint
from amankan.model.identity import Identity
from amankan.model.marker import Marking
from amankan.model.sentence import say
from amankan.ports.clock import Clock

# A shut database is read in a copy of this name, with its number; the copy is gone when it was read.
LOOK: Final = "amankan_look_"

# What a reader of a shut database waits for its copy; whoever has more bytes than an hour copies reads it open.
LOOK_SECONDS: Final = 3600.0


class PostgresEngine:
    """
    Keeps the promise of `ports.engine` on a PostgreSQL server, 14 or newer.

    One process, one thread. A database that this process shut can be advanced until it is copied or renamed; its numbers
    are remembered from then, since nobody can draw another.
    """

    def __init__(self, address: Address, *, fingerprint: Callable[[Address], Fingerprint], clock: Clock) -> None:
        """
        Reach the server of `address`, whose database is the live one of the app.

        Args:
            address: with a role that owns the app's database and may create databases; the server itself, no pooler.
            clock: waits for a server that is restarting.
            fingerprint: reads what the database of an address holds, which admits connections.
        """
        self._address, self._live = address, address.database
        self._maintenance = Maintenance(address, clock)
        self._fingerprint = fingerprint
        self._inside: dict[int, Session] = {}
        self._numbers: dict[int, tuple[tuple[str, int], ...]] = {}
        self._system = ""
        self._claim: Claim | None = None

    def close(self) -> None:
        """No session of this process is open; what was shut stays shut."""
        for oid in tuple(self._inside):
            self._leave(oid)
        self._maintenance.close()

    def identify(self, database: str) -> Identity:
        """Keep the promise of the port; Refused where the server is a standby."""
        self._refuse_standby()
        found = self._at(database)
        return Identity(system=found.place.partition("/")[0], oid=found.oid)

    def database(self, name: str) -> DatabaseState | None:
        """Keep the promise of the port."""
        return next((each.state() for each in self._noted() if each.name == name), None)

    def databases(self) -> tuple[DatabaseState, ...]:
        """Keep the promise of the port: all but the server's own and copies for a look."""
        names = (each for each in self._noted() if each.name not in SYSTEM_DATABASES)
        return tuple(each.state() for each in names if not each.name.startswith(LOOK))

    def size_bytes(self, database: str) -> int:
        """Keep the promise of the port."""
        return int(self._maintenance.rows("select pg_database_size(%s::oid)", self._at(database).oid)[0][0])

    def fingerprint(self, database: str) -> Fingerprint:
        """Keep the promise of the port. Cost: one that is shut is copied first, so that nobody is let in for it."""
        return self._read(database, self._fingerprint)

    def census(self, database: str) -> Fingerprint:
        """Keep the promise of the port. Cost: as of `fingerprint`, but no row is digested."""
        return self._read(database, census_of)

    def _read(self, database: str, read: Callable[[Address], Fingerprint]) -> Fingerprint:
        found = self._at(database)
        if found.admits:
            return read(self._address.at(database))
        with self._look(found) as name:
            return read(self._address.at(name))

    def aged_indexes(self, database: str) -> tuple[str, ...]:
        """Keep the promise of the port, of a database that admits connections."""
        with told(f"look at the indexes of {database}"), self._visit(database, name="amankan") as session:
            return tuple(f"{schema}.{name}" for schema, name in order.aged_indexes(session))

    def claimed(self) -> Claim | None:
        """Keep the promise of the port."""
        found = claims.standing(self._noted(), self._live)
        return found.note.claim if found is not None else None

    def claim(self, claim: Claim, *, identity: Identity, marking: Marking | None = None) -> None:
        """Keep the promise of the port; Refused where the server is a standby."""
        self._refuse_standby()
        with told("claim"):
            session = self._maintenance.named(claim)
            target = claims.Target(live=self._live, identity=identity, marking=marking)
            claims.take(session, claim, target=target, sparing=self._pids())
        self._system, self._claim = identity.system, claim

    def release(self, claim: Claim) -> None:
        """Keep the promise of the port."""
        with told("release"):
            claims.give_back(self._writing(claim), claim, live=self._live)

    def settle(self, claim: Claim) -> None:
        """Keep the promise of the port: every session that carries the run's name is ended, but those of this process."""
        with told("settle"):
            session = self._writing(claim)
            claims.refuse_other(session, claim, live=self._live)
            claims.end_sessions(session, claim.run, sparing=self._pids())

    def shut(self, database: str, *, claim: Claim) -> None:
        """Keep the promise of the port; EngineFailed also where this role may not end somebody's session."""
        found = self._at(database)
        with told(f"shut {database}"):
            session = self._writing(claim)
            if found.admits:
                self._enter(found.oid, database, claim=claim)
            gate.close_gate(session, database, claim=claim, live=self._live)
            gate.empty(session, database, oid=found.oid, ours=self._pids())
            self._remember(found.oid)

    def admit(self, database: str, *, claim: Claim) -> None:
        """Keep the promise of the port."""
        found = self._at(database)
        with told(f"admit to {database}"):
            gate.open_gate(self._writing(claim), database, claim=claim, live=self._live)
        self._leave(found.oid)
        self._numbers.pop(found.oid, None)

    def copy(self, source: str, target: str, *, claim: Claim, limit_seconds: float) -> None:
        """Keep the promise of the port."""
        with told(f"copy {source}"):
            session = self._writing(claim)
            self._leave_all((source,))
            job = copying.CopyJob(source=source, target=target, claim=claim, limit_seconds=limit_seconds)
            inside = partial(self._visit, target, name=session_name(claim))
            copying.copy_marked(session, job, live=self._live, inside=inside)

    def drop(self, database: str, *, claim: Claim) -> None:
        """Keep the promise of the port."""
        with told(f"drop {database}"):
            session = self._writing(claim)
            self._leave_all((database,))
            naming.drop_made(session, database, claim=claim, live=self._live)

    def discard(self, database: str, *, oid: int, claim: Claim) -> None:
        """Keep the promise of the port."""
        with told(f"drop {database}"):
            session = self._writing(claim)
            self._leave(oid)
            naming.drop_kept(session, naming.Kept(name=database, oid=oid), claim=claim, live=self._live)

    def rename(self, names: tuple[tuple[str, str], ...], *, claim: Claim) -> None:
        """Keep the promise of the port. Cost: some hundredths of a second, whatever the size."""
        with told("rename"):
            session = self._writing(claim)
            self._leave_all(tuple(old for old, _ in names))
            naming.rename_all(session, names, claim=claim, live=self._live)

    def mark(self, database: str, *, claim: Claim) -> None:
        """
        A database that this run founded and filled carries its mark, so it is complete; may be repeated.

        Raises:
            EngineFailed: there is none of that name, or it is the live one or one of another run; it has no new mark.
        """
        with told(f"mark {database}"):
            naming.mark_made(self._writing(claim), database, claim=claim, live=self._live)

    @contextmanager
    def inside(self, database: str, *, claim: Claim) -> Iterator[Session]:
        """Lend a session in a database, which may be shut; nobody else is let in for it. Raises EngineFailed."""
        found = self._at(database)
        with told(f"read {database}"):
            if not found.admits:
                yield self._within(found, claim)
                return
            with self._visit(database, name=session_name(claim)) as session:
                yield session

    def sequences(self, database: str) -> tuple[tuple[str, int], ...]:
        """
        Keep the promise of the port; the number of a sequence that counts downwards is negated, so that it grows.

        Cost: one that another process shut is copied first.
        """
        found = self._at(database)
        if not found.admits and found.oid in self._numbers:
            return self._numbers[found.oid]
        if found.admits:
            return self._read_numbers(database)
        with self._look(found) as name:
            return self._read_numbers(name)

    def advance(self, database: str, *, beyond: str, claim: Claim) -> None:
        """Keep the promise of the port. A sequence that wraps around may still repeat itself."""
        target = dict(self.sequences(beyond))
        found = self._at(database)
        with told(f"advance {database}"):
            claims.refuse_other(self._writing(claim), claim, live=self._live)
            if not found.admits:
                self._advance(self._within(found, claim), target, claim=claim)
            else:
                with self._visit(database, name=session_name(claim)) as session:
                    self._advance(session, target, claim=claim)
        if found.oid in self._numbers:
            self._remember(found.oid)

    def _advance(self, session: Session, target: dict[str, int], *, claim: Claim) -> None:
        with claims.comparing(session, claim, live=self._live):
            numbers.advance(session, target)

    def _visit(self, database: str, *, name: str) -> closing[Session]:
        return closing(connect(self._address.at(database), name=name))

    def _noted(self) -> tuple[claims.Noted, ...]:
        return claims.read_noted(self._maintenance.rows(claims.NOTED))

    def _at(self, name: str) -> claims.Noted:
        for each in self._noted():
            if each.name == name:
                return each
        raise EngineFailed(say("cannot find database {name}", name=name))

    def _writing(self, claim: Claim) -> Session:
        """Return the session under the claim's name, on the server that was claimed."""
        # A read finds out whether the session was lost meanwhile, and makes it anew where it was.
        system = self._maintenance.rows("select system_identifier::text from pg_control_system()")[0][0]
        if self._system and system != self._system:
            raise WrongTarget(say("cannot write: another server answers under this address ({system})", system=system))
        return self._maintenance.named(claim)

    def _refuse_standby(self) -> None:
        if self._maintenance.rows("select pg_is_in_recovery()")[0][0]:
            raise Refused(say("cannot work on {live}: this server is a standby", live=self._live))

    def _pids(self) -> tuple[int, ...]:
        return tuple(session.info.backend_pid for session in self._inside.values() if not session.closed)

    def _enter(self, oid: int, database: str, *, claim: Claim) -> None:
        """A session of ours is in the database, and in the one that we meant."""
        self._leave(oid)
        session = connect(self._address.at(database), name=session_name(claim))
        here = session.execute("select oid from pg_database where datname = current_database()").fetchone()
        if here is None or here[0] != oid:
            session.close()
            raise EngineFailed(say("cannot shut {name}: another database carries the name now", name=database))
        self._inside[oid] = session

    def _within(self, found: claims.Noted, claim: Claim) -> Session:
        """Return our session in a shut database; where another process shut it, it is opened for ourselves and shut again."""
        session = self._inside.get(found.oid)
        if session is not None and not session.closed:
            return session
        writing = self._writing(claim)
        gate.open_gate(writing, found.name, claim=claim, live=self._live)
        try:
            self._enter(found.oid, found.name, claim=claim)
        finally:
            gate.close_gate(writing, found.name, claim=claim, live=self._live)
        gate.empty(writing, found.name, oid=found.oid, ours=self._pids())
        return self._inside[found.oid]

    def _remember(self, oid: int) -> None:
        session = self._inside.get(oid)
        if session is not None and not session.closed:
            self._numbers[oid] = numbers.distances(numbers.read_sequences(session))

    def _leave(self, oid: int) -> None:
        session = self._inside.pop(oid, None)
        if session is not None:
            session.close()

    def _leave_all(self, databases: tuple[str, ...]) -> None:
        if self._inside:
            for each in self._noted():
                if each.name in databases:
                    self._leave(each.oid)

    def _read_numbers(self, database: str) -> tuple[tuple[str, int], ...]:
        with told(f"read the sequences of {database}"), self._visit(database, name="amankan") as session:
            return numbers.distances(numbers.read_sequences(session))

    @contextmanager
    def _look(self, found: claims.Noted) -> Iterator[str]:
        """Yield the name of a copy of a shut database; it is gone afterwards, and one that a crash left is gone first."""
        name = f"{LOOK}{found.oid}"
        gone = sql.SQL("drop database if exists {} with (force)").format(identifier(name))
        self._leave(found.oid)
        with told(f"look into {found.name}"):
            session = self._maintenance.named(self._claim)
            session.execute(gone)
            with limited(session, LOOK_SECONDS):
                copying.create(session, name, source=found.name)
        try:
            yield name
        finally:
            with told(f"look into {found.name}"):
                self._maintenance.named(self._claim).execute(gone)
