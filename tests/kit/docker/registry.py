"""A real registry on the loopback address."""

import contextlib
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.kit.docker import process
from tests.kit.docker.place import cache_folder, free_port, is_free

START_SECONDS = 20

CONFIGURATION = """\
version: 0.1
log: {{level: warn}}
storage:
  filesystem: {{rootdirectory: {blobs}}}
  delete: {{enabled: true}}
http:
  addr: {address}
  secret: only-for-tests
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """A running registry: its process and its address, which is also the first part of every image's name."""

    address: str
    folder: Path
    process_id: int

    def digest(self, repository: str, tag: str) -> str:
        """
        The digest that the tag means at this moment, as `sha256:…`.

        Raises:
            LookupError: no such repository or tag.
        """
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        request = urllib.request.Request(
            f"http://{self.address}/v2/{repository}/manifests/{tag}", method="HEAD", headers={"Accept": kind}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return str(answer.headers["Docker-Content-Digest"])
        except urllib.error.HTTPError as refused:
            raise LookupError(f"{repository}:{tag} is not in the registry (status {refused.code})") from refused


@contextlib.contextmanager
def running_registry(folder: Path, *, port: int | None = None) -> Iterator[Registry]:
    """
    A registry answers on 127.0.0.1, and has ended after the context; its blobs stay in the folder.

    Args:
        folder: what was pushed into it before is served again, and at the same port when that is still free.
        port: this one and no other; to stop a registry and start it again under the same address.
    Raises:
        RuntimeError: it ended or was silent for START_SECONDS.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pid_file = folder / "pid"
    process.end_stranded(pid_file, mark=str(folder))
    remembered = folder / "port"
    chosen = port or _port_of(remembered)
    remembered.write_text(str(chosen))
    address = f"127.0.0.1:{chosen}"
    configuration = folder / "config.yml"
    configuration.write_text(CONFIGURATION.format(blobs=folder / "blobs", address=address))
    log = folder / "registry.log"
    server = process.start(
        [str(cache_folder() / "bin" / "docker-registry"), "serve", str(configuration)],
        log=log,
        environment=os.environ | {"OTEL_TRACES_EXPORTER": "none"},
    )
    try:
        pid_file.write_text(str(server.pid))
        _wait(address, server.pid, log)
        yield Registry(address=address, folder=folder, process_id=server.pid)
    finally:
        process.stop(server)
        pid_file.unlink(missing_ok=True)


def _port_of(remembered: Path) -> int:
    try:
        port = int(remembered.read_text())
    except (FileNotFoundError, ValueError):
        return free_port()
    return port if is_free(port) else free_port()


def _wait(address: str, process_id: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"http://{address}/v2/", timeout=2):
                return
        except OSError as refused:
            ended = not Path(f"/proc/{process_id}/exe").exists()
            if ended or time.monotonic() > deadline:
                raise RuntimeError(f"docker-registry does not answer\n{log.read_text(errors='replace')}") from refused
        time.sleep(0.05)
