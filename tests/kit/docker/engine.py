"""A Docker Engine of our own: own images, own socket, own bridge; gone when the session is."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.kit.docker import network, process
from tests.kit.docker.command import CommandFailed, run
from tests.kit.docker.place import Slot, cache_folder

START_SECONDS = 60
"""Cold start is under 3 s on an idle machine; a crowded one took 20."""

SETTINGS = {
    # Built layers pile up over months of sessions otherwise.
    "builder": {"gc": {"enabled": True, "defaultKeepStorage": "6GB"}},
    "log-opts": {"max-size": "10m"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A running engine and how to speak to it."""

    slot: Slot
    process_id: int

    @property
    def address(self) -> str:
        """What DOCKER_HOST must be."""
        return f"unix://{self.slot.run_folder / 'docker.sock'}"

    def environment(self) -> dict[str, str]:
        """This process's environment with the words that make `docker` and `docker compose` speak to this engine."""
        return os.environ | {
            "PATH": f"{cache_folder() / 'bin'}:{os.environ['PATH']}:/usr/sbin:/sbin",
            "DOCKER_HOST": self.address,
            "DOCKER_CONFIG": str(cache_folder() / "config"),
            "DOCKER_BUILDKIT": "1",
            "BUILDKIT_PROGRESS": "plain",
        }

    def docker(self, *words: str, folder: Path | None = None, limit_seconds: float = 60) -> str:
        """
        Return the standard output of `docker WORDS`, without the last line end.

        Raises:
            CommandFailed: it ended with another status than 0.
        """
        return run(["docker", *words], environment=self.environment(), folder=folder, limit_seconds=limit_seconds).rstrip("\n")

    def clear(self) -> None:
        """No container, volume or user's network exists; images stay."""
        containers = self.docker("container", "ls", "--all", "--quiet").split()
        if containers:
            self.docker("container", "rm", "--force", "--volumes", *containers, limit_seconds=120)
        self.docker("network", "prune", "--force")
        self.docker("volume", "prune", "--force")
        # Not `image prune`: it spares an image that lost its tag to a newer one but is known by a registry's digest.
        untagged = self.docker("image", "ls", "--filter", "dangling=true", "--quiet", "--no-trunc").split()
        if untagged:
            self.docker("image", "rm", "--force", *sorted(set(untagged)), limit_seconds=120)


@contextlib.contextmanager
def running_engine(slot: Slot) -> Iterator[Engine]:
    """
    An empty engine with the images of earlier sessions answers; it has ended after the context.

    Raises:
        RuntimeError: it ended or was silent for START_SECONDS; the end of its log is in the message.
    """
    pid_file = slot.run_folder / "docker.pid"
    process.end_stranded(pid_file, mark=str(slot.run_folder))
    for left in ("docker.pid", "docker.sock"):
        (slot.run_folder / left).unlink(missing_ok=True)
    settings = slot.run_folder / "daemon.json"
    settings.write_text(json.dumps(SETTINGS))
    log = slot.kept_folder / "dockerd.log"
    with contextlib.ExitStack() as stack:
        with _one_at_a_time():
            network.forget_the_gone()
            before = network.rules()
            space = stack.enter_context(network.bridge(slot.bridge))
            server = process.start(_words(slot, str(space)), log=log, environment=_engine_environment())
            stack.callback(process.stop, server)
            engine = Engine(slot=slot, process_id=server.pid)
            _wait(engine, log)
            network.put_back(before)
        engine.clear()
        yield engine
        engine.clear()


def _engine_environment() -> dict[str, str]:
    """This process's environment with the kit's own `iptables`."""
    return os.environ | {"PATH": f"{Path(__file__).parent / 'bin'}:{os.environ['PATH']}"}


def _words(slot: Slot, space: str) -> list[str]:
    return [
        "dockerd",
        f"--config-file={slot.run_folder / 'daemon.json'}",
        f"--data-root={slot.kept_folder / 'engine'}",
        f"--exec-root={slot.run_folder / 'exec'}",
        f"--pidfile={slot.run_folder / 'docker.pid'}",
        f"--host=unix://{slot.run_folder / 'docker.sock'}",
        f"--bridge={slot.bridge}",
        f"--default-address-pool=base={space.removesuffix('.0.0/16')}.128.0/17,size=24",
        "--shutdown-timeout=3",
    ]


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """No other session of this machine starts an engine meanwhile: each empties the chains that all share."""
    with Path("/run/amankan-tests/start.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _wait(engine: Engine, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            engine.docker("version", "--format", "{{.Server.Version}}")
            return
        except CommandFailed as refused:
            ended = not Path(f"/proc/{engine.process_id}/exe").exists()
            if ended or time.monotonic() > deadline:
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
                raise RuntimeError(f"dockerd {'ended' if ended else 'is silent'}\n{tail}") from refused
        time.sleep(0.1)
