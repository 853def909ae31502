"""Filling a database with the zoo."""

from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.kit.postgres.database import Database
from tests.kit.postgres.place import KitError
from tests.kit.postgres.zoo.hostile import hostile_statements

HERE = Path(__file__).parent
HOSTILE = "hostile"

# What a build must answer with true for a part that not every build can load.
NEEDS = {
    "with_icu": "select count(*) > 10 from pg_collation where collprovider = 'i'",
    "with_xml": "select '<a/>'::xml is document",
    "with_contrib": "select exists (select from pg_available_extensions where name = 'btree_gist')",
    "with_vector": "select exists (select from pg_available_extensions where name = 'vector')",
}


def parts_for(database: Database) -> tuple[str, ...]:
    """Return the names of all parts that this database's build can load, in their order."""
    return tuple(_parts_for(database))


def load_zoo(
    database: Database, *, without: frozenset[str] = frozenset(), many_rows: int = 1000, wide_bytes: int = 200_000
) -> tuple[str, ...]:
    """
    Fill an empty database with the zoo and return the names of the parts that were loaded.

    Args:
        database: made by the kit, empty; its server gets the zoo's roles and tablespace, which stay.
        without: parts to leave out, as `parts_for` names them (`05_tablespace`, `hostile`, `85_shadows`).
        many_rows: rows of `zoo.many`, at least 7.
        wide_bytes: size of the text in the first row of `zoo.wide`, a multiple of 16.
    Cost: about two seconds with the default sizes.
    """
    parts = tuple(part for part in _parts_for(database) if part not in without)
    words = ["-X", "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1"]
    words += ["-v", f"many_rows={many_rows}", "-v", f"wide_bytes={wide_bytes}"]
    for part in parts:
        if part == HOSTILE:
            continue
        words += ["-f", str(HERE / f"{part}.sql")]
    said = database.run("psql", *words, check=False)
    if said.returncode != 0:
        raise KitError(f"cannot load the zoo into PostgreSQL {database.server.version}:\n{said.stderr}")
    if HOSTILE in parts:
        with database.connect(autocommit=False) as connection:
            for statement in hostile_statements():
                connection.execute(statement)
    return parts


def load_odd(database: Database) -> None:
    """Add to a zoo what PostgreSQL's own dump and restore do not bring back as it was, though no row is lost."""
    database.run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(HERE / "odd.sql"))


def load_database_part(database: Database) -> None:
    """Give a copy of a zoo what a template copy does not bring: settings, grants and comment of the database itself."""
    database.run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(HERE / "95_database.sql"))


def _parts_for(database: Database) -> Iterator[str]:
    numbered = sorted(path.stem for path in HERE.glob("[0-9]*.sql"))
    last = numbered.index("85_shadows")
    yield from numbered[:last]
    yield from (f"since_{since}" for since in range(15, database.server.version + 1))
    yield from (part for part, question in NEEDS.items() if _has(database, question))
    yield HOSTILE
    yield from numbered[last:]


def _has(database: Database, question: str) -> bool:
    try:
        return bool(database.value(question))
    except psycopg.errors.FeatureNotSupported:
        return False
