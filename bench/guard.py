"""
What the guard costs: pgbench with and without it, and a legal million-row statement under a permit.

Usage: python -m bench.guard [MINUTES], from the root of the repository, on an idle machine.
All variants take turns in each round, and rounds go on for as long as was given, 5 minutes if nothing was said; making
the databases takes another. Ratios are medians of those within one round, with the quarters between which half of
them lie. Processor time of the server is given too, summed up over all rounds: it is less shaken by neighbours.
"""

from __future__ import annotations

import itertools
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from tests.kit.postgres.build import find_build
from tests.kit.postgres.database import Database
from tests.kit.postgres.server import Server

from amankan.adapters.guards.postgres.install import install
from amankan.adapters.guards.postgres.leave import permit, revoke
from amankan.model.guard import Leave, Limit, Limits

VERSIONS = (15, 18)
SCALE = 10
CLIENTS = 2
BULK_ROWS = 1_000_000
MINUTES = 5.0
# Of the time for one version: each of two modes, and the statements over a million rows.
MODE_SHARE, BULK_SHARE = 0.3, 0.4
FEWEST_ROUNDS = 3

# Vacuum and checkpoints happen between the rounds.
QUIET = {"shared_buffers": "1GB", "max_wal_size": "8GB", "checkpoint_timeout": "1h", "autovacuum": "off"}
# As in production; and where the guard's part is as large as it can be.
MODES = {
    "commits wait for the disk": {"fsync": "on", "full_page_writes": "on"},
    "commits do not wait": {"synchronous_commit": "off"},
}
# So many take about as long: a second, on a disk of half a millisecond.
TURN = {"commits wait for the disk": 2000, "commits do not wait": 6000}

VARIANTS: dict[str, Limits | None] = {
    "none": None,
    "limit": Limits(),
    "DELETE and TRUNCATE alone": Limits(default=Limit(update_rows=None, update_share=None)),
}


@dataclass(slots=True, kw_only=True)
class Figures:
    """What one variant gave, round by round: transactions a second, and microseconds of the server for each."""

    rates: list[float] = field(default_factory=list)
    micros: list[float] = field(default_factory=list)


def main() -> None:
    """Measure on each version and print the tables."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES
    seconds_each = minutes * 60 / len(VERSIONS)
    for version in VERSIONS:
        for mode, settings in MODES.items():
            with Server(find_build(version), settings=QUIET | settings) as server:
                title = f"PostgreSQL {server.build.full_version()}, {mode}, load {os.getloadavg()[0]:.1f}"
                print(f"\n## {title}\n", flush=True)
                databases = _databases(server)
                transactions(server, databases, turn=TURN[mode], seconds=seconds_each * MODE_SHARE)
                if "synchronous_commit" in settings:
                    bulk(databases, seconds=seconds_each * BULK_SHARE)


def _rounds(seconds: float) -> Iterator[int]:
    """Yield the number of each round, until the time is over."""
    end = time.monotonic() + seconds
    for number in itertools.count():
        if number >= FEWEST_ROUNDS and time.monotonic() > end:
            return
        yield number


def _databases(server: Server) -> dict[str, Database]:
    """Return a database for each variant, equal but for the guard: nothing is installed while it is measured."""
    first = server.database()
    first.run("pgbench", "--initialize", f"--scale={SCALE}", "--quiet")
    first.execute(
        f"CREATE TABLE big AS SELECT n AS id, md5(n::text) AS word FROM generate_series(1, {BULK_ROWS}) AS n;"
        "ALTER TABLE big ADD PRIMARY KEY (id)"
    )
    made = {name: first if limits is None else server.database(template=first.name) for name, limits in VARIANTS.items()}
    for name, limits in VARIANTS.items():
        if limits is not None:
            with made[name].connect() as connection:
                install(connection, "limit", limits=limits)
        made[name].run("vacuumdb", "--analyze", "--quiet")
    return made


def transactions(server: Server, databases: dict[str, Database], *, turn: int, seconds: float) -> None:
    """Print what pgbench's own script (like TPC-B) reaches with each variant."""
    found = {name: Figures() for name in VARIANTS}
    words = ("--no-vacuum", f"--client={CLIENTS}", "--jobs=1", "--protocol=prepared")
    for number in _rounds(seconds):
        for database in databases.values():
            database.run("psql", "-qc", "VACUUM pgbench_branches, pgbench_tellers, pgbench_accounts")
            database.run("pgbench", *words, "--transactions=50")
        _checkpoint(server)
        # Short turns, forth and back: a drift of the machine or a neighbour hits all alike.
        names = list(VARIANTS) if number % 2 == 0 else list(reversed(VARIANTS))
        for name in names:
            before = _server_seconds(server)
            said = databases[name].run("pgbench", *words, f"--transactions={turn // CLIENTS}").stdout
            done = int(_number(r"actually processed: (\d+)", said))
            found[name].micros.append((_server_seconds(server) - before) / done * 1e6)
            found[name].rates.append(_number(r"tps = ([\d.]+)", said))
    print("| guard | rounds | transactions/s | ratio | server time each, µs | ratio | ratio of the sums |")
    print("|---|---|---|---|---|---|---|")
    none = found["none"]
    for name, figures in found.items():
        rate, micros = statistics.median(figures.rates), statistics.median(figures.micros)
        rates, times = _ratios(figures.rates, none.rates), _ratios(figures.micros, none.micros)
        whole = sum(figures.micros) / sum(none.micros)
        print(f"| {name} | {len(figures.rates)} | {rate:.0f} | {rates} | {micros:.1f} | {times} | {whole:.3f} |", flush=True)


def bulk(databases: dict[str, Database], *, seconds: float) -> None:
    """Print what a million rows cost in one legal statement."""
    statements = ("DELETE FROM big", "UPDATE big SET word = word")
    found: dict[str, dict[str, list[float]]] = {statement: {"none": [], "limit": []} for statement in statements}
    for number in _rounds(seconds):
        for statement in statements:
            for name in ("none", "limit") if number % 2 == 0 else ("limit", "none"):
                databases[name].run("psql", "-qc", "VACUUM big", "-c", "CHECKPOINT")
                found[statement][name].append(_timed(databases[name], statement, guarded=name == "limit"))
    print("\n| statement over 1 M rows | rounds | without, s | under a permit, s | ratio |\n|---|---|---|---|---|")
    for statement, times in found.items():
        bare, guarded = (statistics.median(times[name]) for name in ("none", "limit"))
        ratios = _ratios(times["limit"], times["none"])
        print(f"| {statement} | {len(times['none'])} | {bare:.3f} | {guarded:.3f} | {ratios} |", flush=True)


def _checkpoint(server: Server) -> None:
    """Everything is on disk, so that no round pays for another's pages."""
    with server.connect() as connection:
        connection.execute("CHECKPOINT")


def _timed(database: Database, statement: str, *, guarded: bool) -> float:
    """Return the seconds that a statement takes, taken back afterwards; under a permit where there is a guard."""
    with database.connect() as connection:
        given = permit(connection, Leave(why="a measurement", minutes=10)) if guarded else None
        with connection.transaction(force_rollback=True):
            began = time.perf_counter()
            connection.execute(statement.encode())
            took_seconds = time.perf_counter() - began
        if given is not None:
            revoke(connection, given)
    return took_seconds


def _server_seconds(server: Server) -> float:
    """Return the processor seconds of the server and of all its sessions that have ended."""
    with psycopg.connect(server.url("postgres")) as connection:
        row: Any = connection.execute("SELECT pg_sleep(0.2)").fetchone()
        assert row is not None
    pid = int((server.data_dir / "postmaster.pid").read_text().splitlines()[0])
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(word) for word in words[11:15]) / os.sysconf("SC_CLK_TCK")


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    if found is None:
        raise subprocess.SubprocessError(text)
    return float(found[1])


def _ratios(mine: list[float], others: list[float]) -> str:
    ratios = [one / other for one, other in zip(mine, others, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return f"{middle:.3f} ({low:.3f}..{high:.3f})"


if __name__ == "__main__":
    main()
