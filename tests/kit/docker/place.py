"""Where the kit keeps what is worth keeping, and which slot of the machine a test session has."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.kit.docker.command import run

REPOSITORY = Path(__file__).resolve().parents[3]
SLOTS = 8
"""More sessions than this at once would be a mistake on any machine that tests run on."""


def cache_folder() -> Path:
    """The folder outside the repository that survives a session, the same that `tools/prepare` fills."""
    return Path(os.environ.get("AMANKAN_TEST_CACHE") or "/var/cache/amankan-tests") / "docker"


def prepare() -> None:
    """
    Engine, Compose, registry and base images are installed afterwards.

    Cost: 0.1 s when they are; about two minutes on a fresh machine.
    """
    run([str(REPOSITORY / "tools" / "prepare.d" / "50-docker")], limit_seconds=900)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The right to use one data root, one bridge and one run folder, held by one process at a time."""

    number: int

    @property
    def run_folder(self) -> Path:
        """Sockets and process ids: short, because a socket's path has at most 107 characters."""
        return Path("/run/amankan-tests") / str(self.number)

    @property
    def kept_folder(self) -> Path:
        """Images and registry blobs: what makes the second session fast."""
        return cache_folder() / f"slot-{self.number}"

    @property
    def bridge(self) -> str:
        """The network interface of the engine's default network."""
        return f"aman-test{self.number}"


@contextmanager
def slot() -> Iterator[Slot]:
    """The first free slot is ours for as long as the context, and is free again when this process dies."""
    for number in range(SLOTS):
        taken = Slot(number=number)
        taken.run_folder.mkdir(parents=True, exist_ok=True)
        taken.kept_folder.mkdir(parents=True, exist_ok=True)
        with (taken.run_folder / "lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield taken
            return
    raise RuntimeError(f"all {SLOTS} slots under /run/amankan-tests are taken")


def free_port() -> int:
    """A port of the loopback address that nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether the port of the loopback address can be listened on at this moment."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
