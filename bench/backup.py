"""
Backup and proof side by side with the usual ways, and what a backup leaves of the app's speed.

Usage: python -m bench.backup [ROUNDS [MILLION]] from the root of the repository, on an idle machine. MILLION = 1 is about
2.3 GB. All ways take turns in each round; figures are medians, with the least and the most of the same round's ratios.
restic and pgBackRest take part where the machine has them, the latter on a server of a version that it knows.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from tests.kit.postgres.build import find_build
from tests.kit.postgres.database import Database
from tests.kit.postgres.server import Server

from amankan.model.pace import Pace
from bench.measure import Case, table, take_turns, timed

VERSION = 17
# The newest that Debian's pgBackRest knows.
PHYSICAL_VERSION = 15
SETTINGS = {"shared_buffers": "'1GB'", "max_wal_size": "'8GB'", "checkpoint_timeout": "'30min'", "autovacuum": "off"}
GUIDE = "pg_dump, gzip"
BARE_RESTORE = "pg_restore -j2, bare"
APP_SECONDS = 8.0
APP_SCALE = 20


def main() -> None:
    """Measure and print the tables."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    million = sys.argv[2] if len(sys.argv) > 2 else "1.0"
    folder = Path(tempfile.mkdtemp(prefix="aman-bench-"))
    try:
        with Server(find_build(VERSION), settings=SETTINGS) as server, server.database("shop") as database:
            fill(database, million)
            print(f"{database.value('select pg_size_pretty(pg_database_size(current_database()))')} on disk, {rounds} rounds")
            environment = environment_of(database)
            print(table(take_turns(backups(database, folder), rounds=rounds, environment=environment), against=GUIDE))
            print(
                table(
                    take_turns(proofs(database, folder, environment), rounds=rounds, environment=environment),
                    against=BARE_RESTORE,
                )
            )
            print(impact(database, folder, environment))
        if shutil.which("pgbackrest") and os.geteuid() == 0:
            print(physical(folder, rounds=rounds, million=million))
    finally:
        shutil.rmtree(folder)


def physical(folder: Path, *, rounds: int, million: str) -> str:
    """Return the table of pgBackRest against the guide's way, on the version that the machine's pgBackRest knows."""
    with Server(find_build(PHYSICAL_VERSION), settings=SETTINGS) as server, server.database("shop") as database:
        fill(database, million)
        guide = Case(name=GUIDE, script=f"pg_dump | gzip > {folder}/guide", left=folder / "guide")
        cases = [guide, pgbackrest(database, folder)]
        shown = table(take_turns(cases, rounds=rounds, environment=environment_of(database)), against=GUIDE)
    return f"PostgreSQL {PHYSICAL_VERSION}, the whole server with its indexes:\n{shown}"


def pgbackrest(database: Database, folder: Path) -> Case:
    """Return a full physical backup by pgBackRest with two processes."""
    server, store = database.server, folder / "pgbackrest"
    words = f"--stanza=shop --repo1-path={store} --pg1-path={server.data_dir} --pg1-port={server.port} "
    words += f"--pg1-socket-path={server.socket_dir} --pg1-user={server.admin.name} --lock-path={store} --log-path={store} "
    words += "--log-level-file=off --log-level-console=error"
    more = "--compress-type=zst --compress-level=1 --process-max=2 --no-archive-check --start-fast --repo1-retention-full=2"
    script = f"rm -rf {store}; mkdir {store}; pgbackrest {words} --no-online stanza-create; pgbackrest {words} {more} backup"
    return Case(name="pgBackRest, zst 1, 2 processes", script=script, left=store)


def fill(database: Database, million: str) -> None:
    """Put the made-up business into the database, and a table of accounts for the app."""
    script = str(Path(__file__).with_name("data.sql"))
    database.run("psql", "-X", "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", "-v", f"million={million}", "-f", script)
    database.run("pgbench", "-q", "-i", "-s", str(APP_SCALE), database.name)


def environment_of(database: Database) -> dict[str, str]:
    """Return what the programs need to reach the database."""
    server = database.server
    path = f"{server.client_dir}:{os.environ['PATH']}"
    account = f"{quote(server.admin.name)}:{quote(server.admin.password, safe='')}"
    url = f"postgresql://{account}@127.0.0.1:{server.port}/{database.name}?sslmode=disable"
    told = {"PATH": path, "AMANKAN_BENCH_URL": url, "AMANKAN_BENCH_TOOLS": str(server.client_dir)}
    return {**server.client_environment(database.name), **told, "PYTHONPATH": str(Path(__file__).parents[1])}


def backups(database: Database, folder: Path) -> list[Case]:
    """Return every way to back up."""
    python = shlex.quote(sys.executable)
    ours = [
        Case(
            name=f"ours, {pace.value}",
            script=f"{python} -m bench.ours dump {pace.value} {folder}/{pace.value}",
            left=folder / pace.value,
        )
        for pace in (Pace.FAST, Pace.STEADY)
    ]
    bare = Case(
        name="ours, fast, without digests", script=f"{python} -m bench.ours dump-bare fast {folder}/bare", left=folder / "bare"
    )
    cases = [
        Case(name=GUIDE, script=f"pg_dump | gzip > {folder}/guide", left=folder / "guide"),
        Case(name="pg_dump -Fc -Z zstd:1", script=f"pg_dump -Fc -Z zstd:1 > {folder}/custom", left=folder / "custom"),
        Case(
            name="pg_dump -Fd -j2 -Z zstd:1",
            script=f"rm -rf {folder}/jobs; pg_dump -Fd -j2 -Z zstd:1 -f {folder}/jobs",
            left=folder / "jobs",
        ),
        *ours,
        bare,
    ]
    return cases + others(folder)


def others(folder: Path) -> list[Case]:
    """Return the ways of other tools that this machine has."""
    found = []
    if shutil.which("restic"):
        store = folder / "restic"
        secret = f"export RESTIC_PASSWORD=x RESTIC_REPOSITORY={store} RESTIC_CACHE_DIR={folder}/restic-cache"
        script = f"{secret}; rm -rf {store}; restic init -q; pg_dump | restic backup -q --stdin --stdin-filename d"
        found.append(Case(name="pg_dump, restic", script=script, left=store))
    return found


def proofs(database: Database, folder: Path, environment: dict[str, str]) -> list[Case]:
    """
    Return the bare restore and ours: a whole proof, with a server of its own that is made and removed, and the same load on
    production's server, everything read back and compared.
    """

    def anew() -> None:
        with database.server.connect() as connection:
            connection.execute("drop database if exists proved with (force)")
            connection.execute("create database proved template template0")

    python = shlex.quote(sys.executable)
    server = folder / "server"
    server.mkdir(exist_ok=True)
    folder.chmod(0o711)
    timed(f"{python} -m bench.ours ready {server}", environment)
    return [
        Case(name=BARE_RESTORE, script=f"pg_restore -j2 --exit-on-error -d proved {folder}/custom", before=anew),
        Case(name="ours, a proof as it happens", script=f"{python} -m bench.ours prove {folder}/fast {server}"),
        Case(name="ours, loaded and read back", script=f"{python} -m bench.ours load {folder}/fast", before=anew),
    ]


def impact(database: Database, folder: Path, environment: dict[str, str]) -> str:
    """
    Return how many transactions per second the app keeps during each kind of backup.

    Only the quiet pace is let run to its end, to tell how long it takes; the others were timed before.
    """
    python = shlex.quote(sys.executable)
    ways = {
        GUIDE: f"pg_dump | gzip > {folder}/guide",
        "pg_dump -Fd -j2 -Z zstd:1": f"rm -rf {folder}/jobs; pg_dump -Fd -j2 -Z zstd:1 -f {folder}/jobs",
        **{f"ours, {pace.value}": f"{python} -m bench.ours dump {pace.value} {folder}/{pace.value}" for pace in Pace},
    }
    lines = ["| way | transactions per second before | during | share | seconds |", "|---|---|---|---|---|"]
    for name, script in ways.items():
        before = transactions(database, APP_SECONDS, environment)
        began = time.monotonic()
        with running(script, environment) as process:
            during = transactions(database, APP_SECONDS, environment)
            if process.poll() not in {None, 0}:
                lines.append(f"| {name} | {before:.0f} | not measured: it failed | | |")
                continue
            ended = " (it ended before)" if process.poll() == 0 else ""
            if name == f"ours, {Pace.QUIET.value}":
                process.wait()
                ended = f"{time.monotonic() - began:.0f}"
        lines.append(f"| {name} | {before:.0f} | {during:.0f} | {during / before:.2f} | {ended} |")
        print(lines[-1], flush=True)
    return "\n".join(lines)


def transactions(database: Database, seconds: float, environment: dict[str, str]) -> float:
    """Return the app's transactions per second over some seconds: two clients that write as fast as they can."""
    words = ["pgbench", "-n", "-c2", "-j1", "-M", "prepared", "-T", str(round(seconds)), database.name]
    said = subprocess.run(words, check=True, capture_output=True, text=True, env={**os.environ, **environment}).stdout
    (line,) = (line for line in said.splitlines() if line.startswith("tps = "))
    return float(line.split()[2])


@contextmanager
def running(script: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Lend a script that runs, and end it with all that it started."""
    words = ["bash", "-c", f"set -euo pipefail; {script}"]
    told = {**os.environ, **environment}
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, env=told, start_new_session=True) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)


if __name__ == "__main__":
    main()
