"""The zoo holds every kind of object, on every version, and survives PostgreSQL's own dump and restore."""

import re
import subprocess
from collections.abc import Iterator

import psycopg
import pytest
from tests.kit.postgres.database import Database
from tests.kit.postgres.place import environment
from tests.kit.postgres.server import Server
from tests.kit.postgres.zoo import HOSTILE_NAMES, load_database_part, load_zoo

pytestmark = pytest.mark.real

# Catalogues in which the zoo has something of its own. Security labels need a provider that no build here has.
CATALOGUES = [
    "pg_aggregate",
    "pg_am",
    "pg_amop",
    "pg_amproc",
    "pg_attrdef",
    "pg_cast",
    "pg_class",
    "pg_collation",
    "pg_constraint",
    "pg_conversion",
    "pg_default_acl",
    "pg_description",
    "pg_enum",
    "pg_event_trigger",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_foreign_table",
    "pg_index",
    "pg_inherits",
    "pg_largeobject_metadata",
    "pg_namespace",
    "pg_opclass",
    "pg_operator",
    "pg_opfamily",
    "pg_partitioned_table",
    "pg_policy",
    "pg_proc",
    "pg_publication",
    "pg_publication_rel",
    "pg_range",
    "pg_rewrite",
    "pg_sequence",
    "pg_statistic_ext",
    "pg_transform",
    "pg_trigger",
    "pg_ts_config",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
    "pg_type",
    "pg_user_mapping",
]

RELATION_KINDS = {"r", "i", "S", "t", "v", "m", "c", "f", "p", "I"}
CONSTRAINT_KINDS = {"c", "f", "p", "u", "t", "x"}
COUNTED = "select count(*) from pg_catalog.{}"


@pytest.fixture(scope="module")
def zoo(postgres: Server) -> Iterator[Database]:
    """A database with the zoo, on each version in turn."""
    with postgres.database() as database:
        load_zoo(database)
        yield database


def test_every_catalogue(zoo: Database) -> None:
    """Every catalogue has more rows than that of an empty database: no kind of object is missing."""
    with zoo.server.database(template="template0") as empty:
        counted = {name: (empty.value(COUNTED.format(name)), zoo.value(COUNTED.format(name))) for name in CATALOGUES}
    assert [] == [name for name, (before, after) in counted.items() if before >= after]
    assert zoo.value(
        "select count(*) from pg_subscription join pg_database d on d.oid = subdbid where datname = current_database()"
    )


def test_every_kind(zoo: Database) -> None:
    """Every kind of relation and of constraint that the version knows is there."""
    kinds = zoo.rows("select distinct relkind from pg_class where relnamespace::regnamespace::text like 'zoo%'")
    toast = zoo.rows("select distinct relkind from pg_class where relkind = 't'")
    assert RELATION_KINDS == {kind for (kind,) in kinds + toast}
    constraints = {kind for (kind,) in zoo.rows("select distinct contype from pg_constraint")}
    assert CONSTRAINT_KINDS | ({"n"} if zoo.server.version >= 17 else set()) == constraints


def test_hostile_names_arrive(zoo: Database) -> None:
    """Every hostile name names a schema, a table, a column and a label, to the letter."""
    for question in (
        "select nspname from pg_namespace",
        "select relname from pg_class c join pg_namespace n on n.oid = relnamespace and nspname = relname",
        "select unnest(enum_range(null::zoo_hostile.label))::text",
        "select attname from pg_attribute where attrelid = 'zoo_hostile.columns'::regclass",
    ):
        assert set(HOSTILE_NAMES) <= {name for (name,) in zoo.rows(question)}


def test_shadows_are_called(zoo: Database) -> None:
    """Who calls `lower` or `=` without naming pg_catalog, with public in the path, gets an error."""
    with zoo.connect() as connection:
        for question in ("select lower('A'::varchar)", "select 'a'::varchar = 'a'::varchar"):
            connection.execute("set search_path = public")
            with pytest.raises(psycopg.errors.RaiseException, match="in place of the system"):
                connection.execute(question)
            connection.execute("set search_path = pg_catalog")
            connection.execute(question)


def test_survives_dump_and_restore(zoo: Database) -> None:
    """`pg_dump | pg_restore --exit-on-error` ends with 0 and gives a database that dumps to the same text."""
    server = zoo.server
    with server.database(template="template0") as copy:
        reach = environment() | server.client_environment(zoo.name)
        dump = subprocess.Popen([server.client_dir / "pg_dump", "-Fc"], stdout=subprocess.PIPE, env=reach)
        restore = subprocess.run(
            [server.client_dir / "pg_restore", "--exit-on-error", f"--dbname={copy.name}"],
            stdin=dump.stdout,
            capture_output=True,
            text=True,
            check=False,
            env=reach,
        )
        assert dump.stdout is not None
        dump.stdout.close()
        assert (0, 0, "") == (dump.wait(), restore.returncode, restore.stderr)
        assert _dumped(zoo) == _dumped(copy)


def test_copies_quickly(zoo: Database) -> None:
    """A template copy holds the zoo, and `load_database_part` adds what such a copy does not bring."""
    question = (
        "select count(*) from pg_db_role_setting join pg_database d on d.oid = setdatabase where datname = current_database()"
    )
    with zoo.server.database(template=zoo.name) as copy:
        assert 1000 == copy.value("select count(*) from zoo.many")
        assert 0 == copy.value(question)
        load_database_part(copy)
        assert 3 == copy.value(question)


def test_sizes(any_database: Database) -> None:
    """The number of rows and the width of the wide row are the caller's choice."""
    load_zoo(any_database, without=frozenset({"hostile"}), many_rows=20_000, wide_bytes=16_000_000)
    assert 20_000 == any_database.value("select count(*) from zoo.many")
    assert 16_000_000 == any_database.value("select max(octet_length(content)) from zoo.wide")


def _dumped(database: Database) -> list[str]:
    # A new dump carries a random word on its \\restrict lines; rows and grants come in an order of the server's.
    # pg_dump 15 takes 15's rights on the schema public for those of a server 14.
    # 18 gives NOT NULL constraints of a partitioned table other names, because its parts come first.
    ignored = ("restrict ", "SCHEMA public") if database.server.version == 14 else ("restrict ",)
    lines = re.sub(r" CONSTRAINT \w+_not_null1 NOT NULL", " NOT NULL", database.run("pg_dump").stdout).split("\n")
    return sorted(line for line in lines if line.strip("- ") and not any(word in line for word in ignored))
