"""
What the clone behind the fence costs, at several sizes, with and without copy-on-write.

Usage: python -m bench.clone [GIB ...], by default 1 2 4, as root, from the root of the repository. The clone is the product's
own: shut, copied, marked. PostgreSQL 18 with `file_copy_method = clone` in a tablespace on XFS, and with `copy` beside it.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.kit.postgres.build import find_build
from tests.kit.postgres.database import Database
from tests.kit.postgres.engines import engine_of
from tests.kit.postgres.server import Server

from amankan.model.claim import Claim
from bench.room import GIBI, reflinked

VERSION, ROUNDS = 18, 3
SETTINGS = {"max_wal_size": "'8GB'", "shared_buffers": "'512MB'"}
LIMIT_SECONDS = 600.0
CLAIM = Claim(run="20260105T101500Z-store-0badcafe", epoch=1)
LIVE, CLONE = "store", "store_new_0badcafe"

# A row is about 2 kB on disk, so that half a million of them are one GiB.
ROWS_OF_A_GIB = 4 * 131_072
MORE = """
insert into papers select n, (select string_agg(md5((n * 31 + k)::text), '') from generate_series(1, 60) k)
from generate_series({first}, {last}) n
"""


def main() -> None:
    """Measure and print the table."""
    sizes = tuple(float(word) for word in sys.argv[1:]) or (1.0, 2.0, 4.0)
    with reflinked(round((max(sizes) * 2.5 + 2) * GIBI)) as (folder, what):
        if folder is None:
            print(f"no copy-on-write here: {what}; the files are copied")
        print(f"PostgreSQL {VERSION}, {what if folder else 'the usual file system'}; medians of {ROUNDS}")
        print("| size of the database, GiB | clone by copy-on-write, s | clone by copying files, s |\n|---|---|---|")
        with Server(find_build(VERSION), settings=SETTINGS) as server, database(server, folder=folder) as made:
            for gib, before in zip(sizes, (0.0, *sizes), strict=False):
                grow(made, first=round(before * ROWS_OF_A_GIB), last=round(gib * ROWS_OF_A_GIB))
                size = made.value("select pg_database_size(current_database())") / GIBI
                cloned = f"{median(server, method='clone'):.2f}" if folder else "not possible here"
                print(f"| {size:.2f} | {cloned} | {median(server, method='copy'):.2f} |", flush=True)


@contextmanager
def database(server: Server, *, folder: Path | None) -> Iterator[Database]:
    """Lend the database, in the folder where there is one."""
    with server.connect() as connection:
        if folder is not None:
            connection.execute(f"create tablespace room location '{folder}'".encode())
        connection.execute(f"create database {LIVE}{' tablespace room' if folder is not None else ''}".encode())
    made = Database(server=server, name=LIVE)
    made.execute("create table papers (id int, text text); alter table papers alter text set storage plain")
    try:
        yield made
    finally:
        made.drop()
        if folder is not None:
            with server.connect() as connection:
                connection.execute(b"drop tablespace room")


def grow(made: Database, *, first: int, last: int) -> None:
    """The table has the rows from `first` to `last` too, all on disk."""
    made.execute(MORE.format(first=first + 1, last=last))
    made.run("psql", "-X", "-q", "-c", "vacuum (freeze) papers", "-c", "checkpoint")


def median(server: Server, *, method: str) -> float:
    """Return how long a clone takes that way, in seconds."""
    with server.connect() as connection:
        connection.execute(f"alter system set file_copy_method = '{method}'".encode())
        connection.execute(b"select pg_reload_conf()")
    time.sleep(0.5)
    return statistics.median(clone_seconds(server) for _ in range(ROUNDS))


def clone_seconds(server: Server) -> float:
    """Return how long one clone takes; everything is as before afterwards."""
    engine = engine_of(server, live=LIVE)
    try:
        engine.claim(CLAIM, identity=engine.identify(LIVE))
        engine.shut(LIVE, claim=CLAIM)
        began = time.monotonic()
        engine.copy(LIVE, CLONE, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
        seconds = time.monotonic() - began
        engine.drop(CLONE, claim=CLAIM)
        engine.admit(LIVE, claim=CLAIM)
        engine.release(CLAIM)
        return seconds
    finally:
        engine.close()


if __name__ == "__main__":
    main()
