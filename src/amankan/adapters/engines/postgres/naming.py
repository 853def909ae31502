"""Databases get their names, and lose them."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Final

from psycopg import errors, sql

from amankan.adapters.engines.postgres.claims import Noted, comparing, holding, standing, write
from amankan.adapters.engines.postgres.maintenance import Session, identifier, limited, pause
from amankan.errors import EngineFailed
from amankan.model.claim import Claim
from amankan.model.sentence import say

# The server itself waits 5 s for sessions that are leaving, and then refuses; some of them need a second time.
RENAME_SECONDS: Final = 20.0

# Removing many files on a slow disk, behind a checkpoint.
DROP_SECONDS: Final = 600.0

Names = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A database that an earlier run kept: its name, and its number, which goes along when it is renamed."""

    name: str
    oid: int


def rename_all(session: Session, names: Names, *, claim: Claim, live: str) -> None:
    """
    All databases carry their new names, given in one transaction and in this order.

    Raises:
        EngineFailed: one admits connections, is not there, or its new name is taken: all have their old names.
    """
    deadline = time.monotonic() + RENAME_SECONDS
    while True:
        try:
            _rename(session, names, claim=claim, live=live)
        except (errors.ObjectInUse, errors.LockNotAvailable, errors.DeadlockDetected):
            if time.monotonic() > deadline:
                raise
            pause(session)
        else:
            return


def drop_made(session: Session, database: str, *, claim: Claim, live: str) -> None:
    """There is no database of that name; EngineFailed for one that the run did not make, which stays."""
    with holding(session, claim, live=live) as databases:
        found = next((each for each in databases if each.name == database), None)
        if found is None:
            return
        _refuse_foreign(found, claim, live=live)
        _drop(session, database)


def drop_kept(session: Session, kept: Kept, *, claim: Claim, live: str) -> None:
    """The database that was kept is gone; EngineFailed where its name is another's by now, or somebody opened it."""
    with holding(session, claim, live=live) as databases:
        found = next((each for each in databases if each.name == kept.name), None)
        if found is None:
            return
        if found.oid != kept.oid or found.admits or found.name == live or found.note.claim is not None:
            raise EngineFailed(say("cannot drop {name}: it is not the one that was kept", name=kept.name))
        _drop(session, kept.name)


def mark_made(session: Session, database: str, *, claim: Claim, live: str) -> None:
    """The run's own database of that name carries its mark; EngineFailed for one that the run did not make."""
    with comparing(session, claim, live=live) as databases:
        found = next((each for each in databases if each.name == database), None)
        if found is None:
            raise EngineFailed(say("cannot mark {name}: there is no such database", name=database))
        _refuse_foreign(found, claim, live=live)
        write(session, found, note=replace(found.note, mark=claim.run))


def _drop(session: Session, database: str) -> None:
    # The server drops no template, and a guard makes its database one. What a full disk left half dropped cannot be altered.
    if session.execute("select from pg_database where datname = %s and datistemplate", [database]).fetchone() is not None:
        session.execute(sql.SQL("alter database {} is_template false").format(identifier(database)))
    with limited(session, DROP_SECONDS):
        session.execute(sql.SQL("drop database if exists {} with (force)").format(identifier(database)))


def _rename(session: Session, names: Names, *, claim: Claim, live: str) -> None:
    with comparing(session, claim, live=live) as databases:
        admits = {each.name: each.admits for each in databases}
        named = {each.name: each for each in databases}
        for old, new in names:
            if admits.get(old, False):
                raise EngineFailed(say("cannot rename {old} to {new}: it is not shut", old=old, new=new))
            session.execute(sql.SQL("alter database {} rename to {}").format(identifier(old), identifier(new)))
            named[new] = replace(named.pop(old), name=new)
        _bring_marker(session, named.get(live), claimed=standing(databases, live))


def _bring_marker(session: Session, found: Noted | None, *, claimed: Noted | None) -> None:
    """What has the live name belongs to the app whose database was claimed, whatever it was restored from."""
    marker = claimed.note.marker if claimed is not None else None
    if found is not None and marker is not None and found.note.marker != marker:
        write(session, found, note=replace(found.note, marker=marker))


def _refuse_foreign(found: Noted, claim: Claim, *, live: str) -> None:
    """Refuse what this run did not make: a database without a mark is a part of its own only where it bears its token."""
    token = claim.run.rsplit("-", 1)[-1]
    unfinished = not found.note.mark and token in found.name
    if found.name == live or found.note.claim is not None or not (found.note.mark == claim.run or unfinished):
        raise EngineFailed(say("cannot take {name} for ours: it is not of this run", name=found.name))
