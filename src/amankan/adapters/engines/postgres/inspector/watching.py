"""What is seen while something works in a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, LiteralString

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.catalogue.parts import own
from amankan.adapters.engines.postgres.inspector.heard import begin, end, forget, mark, statements
from amankan.adapters.engines.postgres.inspector.locks import Sampler
from amankan.adapters.engines.postgres.names import label_of
from amankan.adapters.engines.postgres.session import Session, connected, row, rows
from amankan.model.impact import LockSeen, StatementSeen
from amankan.ports.clock import Clock

_FILES: Final[LiteralString] = """
    select c.oid::int8, pg_relation_filenode(c.oid)::int8, convert_to(n.nspname::text, getdatabaseencoding()),
        convert_to(c.relname::text, getdatabaseencoding())
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm') and c.relpersistence <> 't' and """ + own("pg_class", "c.oid")

_WRITTEN: Final[LiteralString] = "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::int8"


class PostgresWatch:
    """Keeps the promise of `ports.inspector.Watch`; empty until its context has ended."""

    def __init__(self) -> None:
        """Nothing was seen."""
        self.statements: tuple[StatementSeen, ...] = ()
        self.locks: tuple[LockSeen, ...] = ()
        self.rewritten: tuple[str, ...] = ()
        self.wal_bytes = 0
        self.disk_bytes = 0


@contextmanager
def watching(address: Address, log: Path, *, clock: Clock) -> Iterator[PostgresWatch]:
    """Lend a watch on the database of the address; it is filled when the context ends, in whatever way that happens."""
    watch = PostgresWatch()
    with connected(address) as session:
        forget(session)
    with connected(address, application_name="amankan inspector") as session:
        files, written = _files(session), _written(session)
        start_bytes = begin(session, log, clock=clock)
        sampler = Sampler(address, clock)
        try:
            yield watch
        finally:
            try:
                sampler.close()
            finally:
                mark(session, log, clock=clock)
                end(session, clock=clock)
            watch.locks = sampler.seen()
            watch.disk_bytes = sampler.most_bytes
            watch.wal_bytes = _written(session) - written
            watch.rewritten = _rewritten(files, _files(session))
            watch.statements = tuple(statements(log, start_bytes=start_bytes))


Files = dict[int, tuple[int, str]]


def _files(session: Session) -> Files:
    return {oid: (file, label_of(schema, table)) for oid, file, schema, table in rows(session, _FILES)}


def _rewritten(before: Files, after: Files) -> tuple[str, ...]:
    """Return the names, as they were, of tables that are in other files now; emptied ones are too."""
    return tuple(sorted(label for oid, (file, label) in before.items() if oid in after and after[oid][0] != file))


def _written(session: Session) -> int:
    return int(row(session, _WRITTEN)[0])
