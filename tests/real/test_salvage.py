"""The file of the rows that go: exact, whatever tables and values are called, and `psql` brings them all back."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.kit.postgres.database import Database
from tests.kit.postgres.engines import CLAIM, AppServer, app_server, engine_of
from tests.kit.postgres.server import Server

from amankan.adapters.engines.postgres.address import parse_address
from amankan.adapters.engines.postgres.fingerprint import fingerprint_of
from amankan.adapters.engines.postgres.salvage.reading import Exchange, reading
from amankan.cli.progress import Silent
from amankan.errors import Superseded
from amankan.model.fingerprint import Fingerprint
from amankan.model.gone import GoneTable, Salvaged, Unwritten
from amankan.model.secret import Secret
from amankan.wiring.salvaging import FileSalvage

pytestmark = pytest.mark.real

KEPT = "shop_old_0badcafe"

# What a name can be called so that a file of statements, or `psql`, might stumble over it.
HOSTILE = """
create schema "we\\ird; drop";
create table "we\\ird; drop"."a""b
\\! touch /tmp/amankan-was-here
\\.; --" ("k"";1" int generated always as identity primary key, "val ue" text, "UPPER" jsonb);
insert into "we\\ird; drop"."a""b
\\! touch /tmp/amankan-was-here
\\.; --" ("val ue", "UPPER") select E'line\\n\\\\.\\n\\\\! ' || n, jsonb_build_object('n', n) from generate_series(1, 40) n;
create table "Order" (a int, b text, c timestamptz, total numeric generated always as (a * 2) stored, primary key (b, a));
insert into "Order" select n, repeat('é', n), '2026-01-05 10:15+07' from generate_series(1, 30) n;
create table tags (customer int not null references customers on delete cascade, tag text);
insert into tags select 1 + n % 5, 'tag ' || n % 3 from generate_series(1, 30) n;
create table parents (id int primary key, child int);
create table children (id int primary key, parent int references parents);
alter table parents add foreign key (child) references children;
insert into parents values (1, null); insert into children values (1, 1); update parents set child = 1;
create table _prisma_migrations (id text primary key);
insert into _prisma_migrations values ('one');
create table measured (day date not null, place int not null, value float8, primary key (day, place)) partition by range (day);
create table measured_one partition of measured for values from ('2026-01-01') to ('2026-02-01');
create table measured_two partition of measured for values from ('2026-02-01') to ('2026-03-01');
insert into measured select date '2026-01-01' + n, n, n / 3.0 from generate_series(0, 40) n;
"""

LATER = """
insert into "we\\ird; drop"."a""b
\\! touch /tmp/amankan-was-here
\\.; --" ("val ue") values (E'\\\\N'), (null), (E'\\\\.'), (E'tab\\there');
update "we\\ird; drop"."a""b
\\! touch /tmp/amankan-was-here
\\.; --" set "UPPER" = '{"x": "\\\\n"}' where "k"";1" < 4;
delete from "we\\ird; drop"."a""b
\\! touch /tmp/amankan-was-here
\\.; --" where "k"";1" in (7, 8);
insert into "Order" values (99, 'é', 'infinity'), (100, '', null);
update "Order" set c = null where a = 3;
delete from "Order" where a = 5;
insert into customers (name) select 'later ' || n from generate_series(1, 9) n;
insert into orders (customer, sum) select 51 + n % 9, 0.10 from generate_series(1, 700) n;
update orders set sum = sum + 0.01 where id between 10 and 19;
delete from orders where id = 33;
insert into tags values (1, 'tag 1'), (1, 'tag 1'), (52, null);
insert into parents values (2, null); insert into children values (2, 2); update parents set child = 2 where id = 2;
insert into measured values ('2026-01-15', 77, 'NaN'), ('2026-02-20', 77, '-0');
"""

# What a migration does on top, and what is written on it.
MIGRATED = """
alter table customers add column email text;
update customers set email = 'x' where id <= 3;
alter table orders rename column sum to total;
create table coupons (id int primary key);
insert into coupons values (1), (2);
insert into _prisma_migrations values ('two');
insert into customers (name, email) values ('with an address', 'a@example.test');
insert into orders (customer, total) values (1, 7);
"""


@pytest.fixture
def app(postgres: Server) -> Iterator[AppServer]:
    """An app's database with hostile names on each version in turn, a shut copy of it, and our claim."""
    with app_server(postgres) as made:
        Database(server=postgres, name=made.live).execute(HOSTILE)
        made.engine.claim(CLAIM, identity=made.engine.identify(made.live))
        made.engine.shut(made.live, claim=CLAIM)
        made.engine.copy(made.live, KEPT, claim=CLAIM, limit_seconds=60)
        made.engine.shut(KEPT, claim=CLAIM)
        made.engine.admit(made.live, claim=CLAIM)
        yield made


@contextmanager
def salvaged(app: AppServer, folder: Path) -> Iterator[tuple[Salvaged, dict[str, GoneTable]]]:
    """Lend what goes, as one more process finds it, by table."""
    (folder / "journal" / CLAIM.run).mkdir(parents=True, exist_ok=True)
    engine = engine_of(app.server, live=app.live)
    try:
        found = FileSalvage(engine=engine, state=folder).keep(app.live, KEPT, title="salvage", claim=CLAIM)
        yield found, {table.table: table for table in found.tables}
    finally:
        engine.close()


def held(app: AppServer, name: str) -> Fingerprint:
    """Return what a database holds."""
    return fingerprint_of(parse_address(Secret(app.server.url(name))), sessions=1, progress=Silent())


def load(app: AppServer, path: str) -> Database:
    """The kept database was opened, and `psql` has loaded the file into it."""
    app.engine.admit(KEPT, claim=CLAIM)
    kept = Database(server=app.server, name=KEPT)
    kept.run("psql", "--no-psqlrc", f"--file={path}")
    return kept


@pytest.mark.parametrize(
    ("shut", "rewritten"), [(False, False), (True, False), (True, True)], ids=["open", "shut", "rewritten"]
)
def test_all_that_went_comes_back(app: AppServer, open_dir: Path, *, shut: bool, rewritten: bool) -> None:
    """Loaded into the kept database, the file makes it equal to the one that it replaces, whatever anything is called."""
    live = Database(server=app.server, name=app.live)
    live.execute(LATER)
    if rewritten:
        live.run("psql", "-X", "-c", "vacuum full", "-c", "vacuum")
    before = held(app, app.live)
    if shut:
        app.engine.shut(app.live, claim=CLAIM)
    with salvaged(app, open_dir) as (found, tables):
        assert (700, 10, 1) == (
            tables["public.orders"].inserted,
            tables["public.orders"].changed,
            tables["public.orders"].deleted,
        )
        assert all(table.written == table.rows for table in found.tables)
        state = app.engine.database(KEPT)
        assert state is not None
        assert not state.admits
    path = Path(found.path)
    assert (0o600, found.size_bytes) == (stat.S_IMODE(path.stat().st_mode), path.stat().st_size)
    path.chmod(0o644)
    load(app, found.path)
    assert before.tables == held(app, KEPT).tables
    assert not Path("/tmp/amankan-was-here").exists()


def test_what_a_migration_changed_is_told(app: AppServer, open_dir: Path) -> None:
    """New rows come back into the old tables under the old names; new tables, new columns and the ledger are told of."""
    live = Database(server=app.server, name=app.live)
    live.execute(MIGRATED)
    with salvaged(app, open_dir) as (found, tables):
        pass
    assert (2, 0, Unwritten.NO_TABLE) == (
        tables["public.coupons"].inserted,
        tables["public.coupons"].written,
        tables["public.coupons"].unwritten,
    )
    assert (1, 0, Unwritten.LEDGER) == (
        tables["public._prisma_migrations"].inserted,
        tables["public._prisma_migrations"].written,
        tables["public._prisma_migrations"].unwritten,
    )
    assert (1, 1, ("email",)) == (
        tables["public.customers"].inserted,
        tables["public.customers"].written,
        tables["public.customers"].columns,
    )
    Path(found.path).chmod(0o644)
    kept = load(app, found.path)
    assert [(501, 1, 7)] == kept.rows("select id, customer, sum from orders where id > 500")
    assert 1 == kept.value("select count(*) from customers where name = 'with an address'")
    assert ["one"] == [name for (name,) in kept.rows("select id from _prisma_migrations")]


def test_too_many_rows_are_counted_all_the_same(app: AppServer) -> None:
    """Where there is room for a hundred rows, a hundred are in the file, and all are counted."""
    Database(server=app.server, name=app.live).execute(LATER)
    with reading(app.engine, Exchange(live=app.live, kept=KEPT, room=100), claim=CLAIM) as found:
        text = b"".join(found.pieces)
    assert 100 == sum(table.written for table in found.tables)
    orders = next(table for table in found.tables if table.table == "public.orders")
    assert (711, Unwritten.MANY) == (orders.rows, orders.unwritten)
    assert text.endswith(b"commit;\n")


def test_nothing_went(app: AppServer, open_dir: Path) -> None:
    """Where both are equal, no table is told of, and the file changes nothing."""
    with salvaged(app, open_dir) as (found, tables):
        assert {} == tables
    before = held(app, app.live)
    Path(found.path).chmod(0o644)
    load(app, found.path)
    assert before == held(app, KEPT)


def test_deleted_rows_without_a_key_are_told(app: AppServer, open_dir: Path) -> None:
    """Of a table without a key the new rows are in the file; the deleted ones are counted."""
    live = Database(server=app.server, name=app.live)
    live.execute("delete from tags where tag = 'tag 1'; insert into tags values (2, 'new')")
    with salvaged(app, open_dir) as (found, tables):
        pass
    tags = tables["public.tags"]
    assert (1, 10, 1, Unwritten.NO_KEY) == (tags.inserted, tags.deleted, tags.written, tags.unwritten)
    Path(found.path).chmod(0o644)
    kept = load(app, found.path)
    assert 31 == kept.value("select count(*) from tags")


def test_a_superseded_process_is_refused(app: AppServer, open_dir: Path) -> None:
    """Whoever has no claim any more does not come into a shut database."""
    app.engine.release(CLAIM)
    with pytest.raises(Superseded), salvaged(app, open_dir):
        pass
