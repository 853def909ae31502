"""A backup begins when all that it sees is locked, nobody waits for it, and everything may be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from psycopg import sql
from tests.kit.postgres.database import Database
from tests.real.postgres.place import Silent, address_of, archiver_of, dump_to

from amankan.adapters.engines.postgres import survey
from amankan.adapters.engines.postgres.session import connected
from amankan.errors import EngineFailed, Refused
from amankan.model.pace import Pace

pytestmark = pytest.mark.real

LOOPS = (
    ("create table public.x as select generate_series(1, 100) a", "drop table public.x"),
    ("create table public.y{n} (a int) partition by hash (a)", "drop table public.y{n}"),
)


@pytest.mark.parametrize("loop", LOOPS)
def test_tables_that_come_and_go(any_database: Database, tmp_path: Path, loop: tuple[str, str]) -> None:
    """A table that is made and dropped all the time stops no backup."""
    any_database.execute("create table t as select 1 as a")
    with going(any_database, loop):
        for _ in range(6):
            assert "public.t" in {each.table for each in dump_to(tmp_path / "archive", any_database)[1].fingerprint.tables}


def test_too_many_tables_that_come_and_go(any_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no try found all tables in place, the backup is refused before anything is read, and says what to do."""
    any_database.execute("create table t as select 1 as a")
    monkeypatch.setattr(survey, "lockable_names", lambda _: [("public", "gone")])
    with pytest.raises(EngineFailed, match="changed or dropped") as refused, connected(address_of(any_database)) as session:
        survey.lock_tables(session, seconds=1)
    assert "aman backup" == str(refused.value.next)


def test_the_role_that_may_not_read(any_database: Database) -> None:
    """A refusal names the role that the server asks for its rights, which a setting of the database may have made another."""
    owner = any_database.server.role()
    any_database.execute("create table t as select 1 as a")
    any_database.execute(f"alter database {any_database.name} set role = '{owner.name}'")
    with (
        pytest.raises(Refused, match=f"role {owner.name} may not"),
        archiver_of(any_database).dump(any_database.name, pace=Pace.FAST, progress=Silent()),
    ):
        pass
    with any_database.server.connect() as session:
        session.execute(sql.SQL("drop role {}").format(sql.Identifier(owner.name)))


@contextmanager
def going(database: Database, statements: tuple[str, ...]) -> Iterator[None]:
    """Within the context the statements are run one after the other, again and again."""
    ended = Event()
    thread = Thread(target=_again, args=(database, statements), kwargs={"ended": ended})
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _again(database: Database, statements: tuple[str, ...], *, ended: Event) -> None:
    number = 0
    with database.connect() as session:
        while not ended.is_set():
            number += 1
            for statement in statements:
                session.execute(statement.format(n=number).encode())
