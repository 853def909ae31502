"""Who may write, and which run made what, kept in the comments of databases and compared where it is written."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, LiteralString

from psycopg import errors, sql

from amankan.adapters.engines.postgres.maintenance import Session, identifier, pause, run_prefix
from amankan.adapters.engines.postgres.notes import Note, read_note, write_note
from amankan.errors import EngineFailed, Superseded, WrongTarget
from amankan.model.claim import Claim
from amankan.model.database import DatabaseState
from amankan.model.identity import Identity
from amankan.model.marker import Marking
from amankan.model.sentence import say

NOTED: Final[LiteralString] = """
    select d.datname, d.oid, d.datallowconn and d.datconnlimit <> -2,
        case when d.datconnlimit <> -2 then shobj_description(d.oid, 'pg_database') end,
        (select system_identifier::text from pg_control_system())
    from pg_database d
"""

# Which of all advisory locks in the maintenance database are ours.
_LOCK: Final[LiteralString] = "hashtextextended('amankan claim ' || %s, 0)"

# Ours by what they call themselves, and those of the app's own tools by the database that the run made: a name with its token.
_SESSIONS: Final[LiteralString] = """
    select pid, pg_terminate_backend(pid) from pg_stat_activity
    where (starts_with(application_name, %s) or datname like %s) and pid <> all(%s)
"""

# How long a backend may take to leave after it was told to: a large file is copied to its end in blocks.
LEAVE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A database as the catalogue shows it, with what was noted of it; `place` binds a note to server and number."""

    name: str
    oid: int
    admits: bool
    place: str
    note: Note

    def state(self) -> DatabaseState:
        """Return what the port tells of it; a database whose removal was cut off is unfinished, so it has no mark."""
        note = self.note
        return DatabaseState(name=self.name, oid=self.oid, admits=self.admits, mark=note.mark, marker=note.marker)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a claim is for: the app whose live database is called `live`, on this very database, marked on the way."""

    live: str
    identity: Identity
    marking: Marking | None = None


def noted(session: Session) -> tuple[Noted, ...]:
    """Return every database of the server, by name."""
    return tuple(sorted((_noted(row) for row in session.execute(NOTED)), key=lambda each: each.name))


def read_noted(rows: list[tuple[object, ...]]) -> tuple[Noted, ...]:
    """Return what the answer to NOTED says, by name."""
    return tuple(sorted((_noted(row) for row in rows), key=lambda each: each.name))


def standing(databases: tuple[Noted, ...], live: str) -> Noted | None:
    """Return the database on which the claim for the app of `live` is noted, whatever it is called now."""
    found = [each for each in databases if each.note.claim is not None and each.note.live == live]
    return found[0] if found else None


@contextmanager
def comparing(session: Session, claim: Claim, *, live: str) -> Iterator[tuple[Noted, ...]]:
    """
    Everything in the context is one transaction, in which `claim` stands and no other claim can take its place.

    Raises:
        Superseded: another claim stands, or none; nothing was written.
    """
    with session.transaction():
        session.execute(sql.SQL("select pg_advisory_xact_lock({})").format(sql.SQL(_LOCK)), [live])
        yield refuse_other(session, claim, live=live)


@contextmanager
def holding(session: Session, claim: Claim, *, live: str) -> Iterator[tuple[Noted, ...]]:
    """
    For statements that cannot be in a transaction: nobody else can claim until the context is left, or the session lost.
    """
    session.execute(sql.SQL("select pg_advisory_lock({})").format(sql.SQL(_LOCK)), [live])
    try:
        yield refuse_other(session, claim, live=live)
    finally:
        if not session.closed:
            session.execute(sql.SQL("select pg_advisory_unlock({})").format(sql.SQL(_LOCK)), [live])


def refuse_other(session: Session, claim: Claim, *, live: str) -> tuple[Noted, ...]:
    """Return all databases; Superseded where the claim that stands is another one."""
    databases = noted(session)
    found = standing(databases, live)
    if found is None or found.note.claim != claim:
        raise Superseded(say("cannot go on with {run}: its claim does not stand on the server", run=claim.run))
    return databases


def take(session: Session, claim: Claim, *, target: Target, sparing: tuple[int, ...]) -> None:
    """The claim stands; see the port. Sessions of an older process of this run are ended first, but those spared."""
    live, marking = target.live, target.marking
    _refuse_other_marker(_refuse_claimed(session, claim, target=target), marking)
    found = standing(noted(session), live)
    if found is not None and found.note.claim != claim:
        end_sessions(session, claim.run, sparing=sparing)
    with session.transaction():
        session.execute(sql.SQL("select pg_advisory_xact_lock({})").format(sql.SQL(_LOCK)), [live])
        place = _refuse_claimed(session, claim, target=target)
        _refuse_other_marker(place, marking)
        marker = marking.marker if marking is not None else place.note.marker
        write(session, place, note=replace(place.note, claim=claim, live=live, marker=marker))


def give_back(session: Session, claim: Claim, *, live: str) -> None:
    """No claim of this run stands; Superseded where a newer one does."""
    with session.transaction():
        session.execute(sql.SQL("select pg_advisory_xact_lock({})").format(sql.SQL(_LOCK)), [live])
        found = standing(noted(session), live)
        if found is None or found.note.claim is None or found.note.claim.run != claim.run:
            return
        if found.note.claim != claim:
            raise Superseded(say("cannot release: the claim of {run} is not the newest", run=claim.run))
        write(session, found, note=replace(found.note, claim=None, live=""))


def write(session: Session, place: Noted, *, note: Note) -> None:
    """The database's comment says `note`; in the caller's transaction."""
    words = sql.Literal(write_note(note, place=place.place))
    session.execute(sql.SQL("comment on database {} is {}").format(identifier(place.name), words))


def end_sessions(session: Session, run: str, *, sparing: tuple[int, ...] = ()) -> None:
    """
    No session of the run, and none in a database that is named for it, is left but this one and those spared.

    Raises:
        EngineFailed: one did not leave in time, or belongs to a role that this one may not end.
    """
    words = [run_prefix(run), f"%\\_{run.rpartition('-')[2]}", [session.info.backend_pid, *sparing]]
    deadline = time.monotonic() + LEAVE_SECONDS
    try:
        while session.execute(_SESSIONS, words).fetchall():
            if time.monotonic() > deadline:
                raise EngineFailed(say("cannot end the sessions of {run}: one does not leave", run=run))
            pause(session)
    except errors.InsufficientPrivilege as refused:
        raise EngineFailed(say("cannot end the sessions of {run}: they belong to a stronger role", run=run)) from refused


def _refuse_other_marker(found: Noted, marking: Marking | None) -> None:
    if marking is not None and not marking.replaces(found.note.marker):
        raise WrongTarget(say("cannot claim {live}: it was marked as another app's meanwhile", live=found.name))


def _refuse_claimed(session: Session, claim: Claim, *, target: Target) -> Noted:
    live, identity = target.live, target.identity
    databases = noted(session)
    found = [each for each in databases if each.place == f"{identity.system}/{identity.oid}"]
    if not found:
        raise WrongTarget(
            say(
                "cannot claim {live}: this server has no database {oid} of {system}",
                live=live,
                oid=identity.oid,
                system=identity.system,
            )
        )
    there = standing(databases, live)
    # A second app on the same database has another name for it only where the database was renamed.
    others = [each.note.claim for each in (there, found[0]) if each is not None and each.note.claim is not None]
    for other in others:
        if not claim.supersedes(other):
            raise Superseded(say("cannot claim {live}: {run} is at work", live=live, run=other.run))
    return there or found[0]


def _noted(row: tuple[object, ...]) -> Noted:
    name, oid, admits, comment, system = row
    place = f"{system}/{oid}"
    text = None if comment is None else str(comment)
    return Noted(name=str(name), oid=int(str(oid)), admits=bool(admits), place=place, note=read_note(text, place=place))
