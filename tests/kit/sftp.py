"""A real SFTP server on this machine alone: OpenSSH's own, as an ordinary account, ended with the test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.kit.docker.place import free_port
from tests.kit.postgres.place import KitError, account, as_account, cache_dir, own

LIMIT_SECONDS = 30

SETTINGS = """
AddressFamily inet
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A server that answers, its folder, and a home folder whose OpenSSH configuration leads to it by the name `vault`."""

    folder: Path
    home: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def location(self) -> str:
        """Where a vault on it is."""
        return f"sftp://vault{self.folder}"


@contextmanager
def sftp_server(folder: Path, *, home: Path) -> Iterator[Remote]:
    """A server answers; `folder` can be entered by everybody, `home` becomes the home folder of who uses it."""
    program = cache_dir() / "openssh" / "sshd"
    if not program.exists():
        raise KitError("OpenSSH's server is missing: run tools/prepare.d/40-openssh as root")
    kept, keys, port = folder / "kept", home / ".ssh", free_port()
    kept.mkdir()
    keys.mkdir(mode=0o700)
    for key in (folder / "host", keys / "id"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (folder / "authorized").write_text((keys / "id.pub").read_text())
    (folder / "settings").write_text(SETTINGS.format(folder=folder, port=port))
    for path in (kept, folder / "host"):
        own(path)
    public = (folder / "host.pub").read_text().split()
    (keys / "known").write_text(f"[127.0.0.1]:{port} {public[0]} {public[1]}\n")
    lines = ["Host vault", "HostName 127.0.0.1", f"Port {port}", f"User {account().pw_name}"]
    lines += [f"IdentityFile {keys}/id", f"UserKnownHostsFile {keys}/known"]
    (keys / "config").write_text("\n    ".join(lines) + "\n")
    log = home / "sshd.log"
    with log.open("wb") as output:
        words = as_account([str(program), "-D", "-e", "-f", str(folder / "settings")], dies_with_us=True)
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    remote = Remote(folder=kept, home=home, port=port, process=process)
    try:
        _wait(port, process, log)
        yield remote
    finally:
        cut(remote)
        process.kill()
        process.wait(LIMIT_SECONDS)


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(LIMIT_SECONDS * 20):
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if 0 == probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    raise AssertionError(f"sshd does not answer: {log.read_text()}")


def cut(remote: Remote) -> None:
    """Every line that somebody holds is cut, as by a network that goes away; the server goes on."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    below, found = {remote.process.pid}, {remote.process.pid}
    while below := {process for process, parent in parents.items() if parent in below} - found:
        found |= below
    for process in found - {remote.process.pid}:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
