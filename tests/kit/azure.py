"""Azure's blobs on this machine alone: Azurite, which its makers give to developers, ended with the test."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

from amankan.adapters.stores.table import Options
from amankan.model.secret import Secret
from tests.kit.docker.place import free_port
from tests.kit.postgres.place import KitError, cache_dir

LOCK = Path(__file__).parent / "azurite" / "package-lock.json"
LIMIT_SECONDS = 60
VERSION = "2021-08-06"

# Azurite's own account, the same for everybody.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@contextmanager
def azure_server(folder: Path) -> Iterator[Options]:
    """A server keeps one container, `bucket`, below `folder`; yields what a place needs to reach it."""
    installed = cache_dir() / "azurite" / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    if not (installed / "complete").exists():
        raise KitError("Azurite is missing: run tools/prepare.d/50-azurite")
    port = free_port()
    program = str(installed / "node_modules" / ".bin" / "azurite-blob")
    words = [program, "--location", str(folder), "--blobHost", "127.0.0.1", "--blobPort", str(port), "--disableTelemetry"]
    log = folder.parent / "azurite.log"
    with log.open("wb") as output:
        server = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            _wait(port, server, log)
            endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
            _make("bucket", endpoint)
            yield {"endpoint": endpoint, "account_name": ACCOUNT, "account_key": Secret(KEY)}
        finally:
            server.terminate()
            server.wait(LIMIT_SECONDS)


def _wait(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(LIMIT_SECONDS * 20):
        if server.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise KitError(f"Azurite does not answer: {log.read_text()}")


def _make(container: str, endpoint: str) -> None:
    """There is a container; the request is signed as Azure's documentation says for Shared Key."""
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": VERSION}
    told = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
    text = "PUT" + "\n" * 12 + f"{told}/{ACCOUNT}/{ACCOUNT}/{container}\nrestype:container"
    signature = base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), "sha256")).decode()
    headers |= {"Authorization": f"SharedKey {ACCOUNT}:{signature}", "Content-Length": "0"}
    request = urllib.request.Request(f"{endpoint}/{container}?restype=container", method="PUT", headers=headers)
    with urllib.request.urlopen(request, timeout=LIMIT_SECONDS):
        pass
