"""A database is copied inside the server, from a source in which nobody is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Final, LiteralString

from psycopg import sql

from amankan.adapters.engines.postgres.belongings import belongings, bring
from amankan.adapters.engines.postgres.claims import Noted, comparing, holding, write
from amankan.adapters.engines.postgres.maintenance import Session, identifier, limited
from amankan.adapters.engines.postgres.order import renew
from amankan.errors import EngineFailed
from amankan.model.claim import Claim
from amankan.model.sentence import say

# Below this, logging the copied pages is quicker than the two checkpoints that copying the files needs (decision 0012).
FILES_FROM_BYTES: Final = 128 << 20

_SIZE: Final[LiteralString] = """
    select pg_database_size(oid), pg_get_userbyid(datdba), current_setting('file_copy_method', true),
        to_jsonb(d) ->> 'datcollversion'
    from pg_database d where datname = %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyJob:
    """What is copied to which new name, for which claim, within which time."""

    source: str
    target: str
    claim: Claim
    limit_seconds: float


def copy_marked(session: Session, job: CopyJob, *, live: str, inside: Callable[[], closing[Session]]) -> None:
    """
    `target` is a complete copy of the shut `source`, in the server's order of today, and marked with the run.

    Args:
        inside: lends a session in `target`.

    Raises:
        EngineFailed: the source admits connections or somebody is in it, the target exists, or something refuses to come
            along; there is no new target, or one without a mark.
        TimedOut: as EngineFailed, and the copy may still come.
    Cost: writes as much as the source has, unless the server copies on write; of `renew` besides.
    """
    with holding(session, job.claim, live=live) as databases:
        source = _shut_source(databases, job)
        with limited(session, job.limit_seconds):
            create(session, job.target, source=job.source)
    with inside() as within, limited(within, job.limit_seconds):
        renew(within)
    with comparing(session, job.claim, live=live) as databases:
        made = next((each for each in databases if each.name == job.target), None)
        if made is None:
            raise EngineFailed(say("cannot mark {target}: it is gone", target=job.target))
        bring(session, belongings(session, job.source), to=job.target)
        write(session, made, note=replace(made.note, text=source.note.text, mark=job.claim.run))


def create(session: Session, target: str, *, source: str) -> None:
    """There is a new database with the source's content, owner, tablespace and locale, and nothing else."""
    found = session.execute(_SIZE, [source]).fetchone()
    if found is None:
        raise EngineFailed(say("cannot find database {name}", name=source))
    size_bytes, owner, method, version = found
    by_files = session.info.server_version >= 150000 and (size_bytes >= FILES_FROM_BYTES or method == "clone")
    words = sql.SQL("create database {} template {} owner {}").format(
        identifier(target), identifier(source), sql.Identifier(owner)
    )
    if version is not None:  # a server that sorts otherwise now refuses to copy, unless it is told what the copy was made with
        words += sql.SQL(" collation_version {}").format(sql.Literal(version))
    session.execute(words + sql.SQL(" strategy file_copy" if by_files else ""))


def _shut_source(databases: tuple[Noted, ...], job: CopyJob) -> Noted:
    named = {each.name: each for each in databases}
    if job.target in named:
        raise EngineFailed(say("cannot copy {source}: {target} exists", source=job.source, target=job.target))
    if job.source not in named:
        raise EngineFailed(say("cannot copy {source}: there is no such database", source=job.source))
    if named[job.source].admits:
        raise EngineFailed(say("cannot copy {source}: it is not shut", source=job.source))
    return named[job.source]
