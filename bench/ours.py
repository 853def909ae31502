"""
Our own backup or proof, as a process that says the most memory that it had.

Usage: python -m bench.ours dump PACE FILE | dump-bare PACE FILE | load FILE | prove FILE FOLDER | ready FOLDER
The address comes from AMANKAN_BENCH_URL, the folder of client programs from AMANKAN_BENCH_TOOLS.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.address import parse_address
from amankan.adapters.engines.postgres.archiver import PostgresArchiver
from amankan.adapters.engines.postgres.rows import RowSum
from amankan.adapters.engines.postgres.throwaway.server import ThrowawayServers
from amankan.adapters.engines.postgres.tools import ask
from amankan.model.pace import Pace
from amankan.model.secret import Secret
from amankan.vault.age import make_identity, read_identities
from amankan.vault.seal import Sealing, unseal


class Silent:
    """A progress that shows nothing."""

    def begin(self, title: str, *, total_bytes: int = 0, total_rows: int = 0) -> None:
        """Show nothing."""

    def advance(self, *, done_bytes: int = 0, done_rows: int = 0) -> None:
        """Show nothing."""

    def end(self) -> None:
        """Show nothing."""


def main() -> None:
    """Do what the words say and print the most bytes of memory that this process had."""
    verb, *words = sys.argv[1:]
    address = parse_address(Secret(os.environ["AMANKAN_BENCH_URL"]))
    archiver = PostgresArchiver(clock=SystemClock(), address=address, tools=ask(os.environ["AMANKAN_BENCH_TOOLS"]))
    if verb == "load":
        load(archiver, Path(words[0]), into="proved")
    elif verb == "ready":
        ready(archiver, folder=Path(words[0]))
    elif verb == "prove":
        prove(archiver, Path(words[0]), folder=Path(words[1]))
    else:
        if verb == "dump-bare":
            # Rows pass by unhashed, so that the price of the digests can be told.
            RowSum.add = lambda self, rows: None  # type: ignore[method-assign]
        dump(archiver, Pace(words[0]), Path(words[1]))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def dump(archiver: PostgresArchiver, pace: Pace, file: Path) -> None:
    """Leave a sealed dump in the file, and beside it what opens it."""
    identity = make_identity()
    with archiver.dump(archiver.address.database, pace=pace, progress=Silent()) as running:
        with Sealing(running.pieces(), recipient=identity.recipient) as sealing, file.open("wb") as written:
            for piece in sealing.pieces():
                written.write(piece)
            os.fsync(written.fileno())
        running.finish()
        plain_bytes = sealing.plain_bytes
    facts = {"identity": identity.secret.reveal(), "plain_bytes": plain_bytes}
    file.with_suffix(".facts").write_text(json.dumps(facts))


def ready(archiver: PostgresArchiver, *, folder: Path) -> None:
    """Leave what the first proof of a version leaves for the next: the template of its server."""
    servers = ThrowawayServers(folder=folder, clock=archiver.clock)
    assert archiver.tools is not None
    try:
        servers.make("ready", archiver.tools, superuser=archiver.address.user)
    finally:
        servers.remove("ready")


def prove(archiver: PostgresArchiver, file: Path, *, folder: Path) -> None:
    """Do what a proof does: fill a server of the run's own from a sealed dump, read every row of it back, and remove it."""
    servers = ThrowawayServers(folder=folder, clock=archiver.clock)
    tools = archiver.tools
    assert tools is not None
    try:
        address = servers.make("bench", tools, superuser=archiver.address.user)
        load(replace(archiver, address=address, careless=True), file, into=address.database)
    finally:
        servers.remove("bench")


def load(archiver: PostgresArchiver, file: Path, *, into: str) -> None:
    """Fill a new database from a sealed dump and read every row of it back."""
    facts = json.loads(file.with_suffix(".facts").read_text())
    (identity,) = read_identities(facts.pop("identity"), "facts")
    archiver.load(unseal(_pieces(file), identity=identity, plain_bytes=facts["plain_bytes"]), into=into, progress=Silent())


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        yield from iter(lambda: opened.read(1 << 20), b"")


if __name__ == "__main__":
    main()
