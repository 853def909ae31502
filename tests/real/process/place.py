"""Small apps in folders, and a runtime that keeps them."""

from __future__ import annotations

import urllib.request
from dataclasses import replace
from pathlib import Path

from tests.contract.cases import CLAIM

from amankan.adapters.runtimes.process.runtime import ProcessRuntime, ProcessSettings, Surroundings
from amankan.errors import Superseded
from amankan.model.claim import Claim
from amankan.model.sentence import say
from amankan.proc.airlock.enclosed import Airlock
from amankan.proc.airlock.reach import Reach
from amankan.proc.detached import free_port

# It says its release, its database and its process, has a worker of its own, and obeys what the folder tells it.
APP = """
import http.server, os, pathlib, subprocess, sys, time
if pathlib.Path("crashes").exists():
    sys.exit(3)
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], start_new_session=True)
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        text = [pathlib.Path("name").read_text(), os.environ.get("DATABASE_URL", ""), str(os.getpid()), str(worker.pid)]
        self.wfile.write(" ".join(text).encode())
    def log_message(self, *words):
        pass
if pathlib.Path("stubborn").exists():
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if not pathlib.Path("mute").exists():
    http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
time.sleep(1000)
"""

REACH = Reach(
    airlock=Airlock(host="127.0.0.1", port=5432),
    telling=lambda database, *, host, port: (("DATABASE_URL", database),),
)


def make_release(root: Path, name: str, *signs: str) -> None:
    """There is a folder with a release, which behaves as the signs say."""
    folder = root / "releases" / name
    folder.mkdir(parents=True)
    (folder / "app.py").write_text(APP)
    (folder / "name").write_text(name)
    for sign in signs:
        (folder / sign).write_text("")


def make_runtime(root: Path, *, reach: Reach = REACH, **changes: object) -> ProcessRuntime:
    """Return the runtime of the app in `root`, as one more process would have it."""
    ports = root / "port"
    if not ports.exists():
        ports.write_text(str(free_port()))
    settings = ProcessSettings(
        root=root,
        state=root / "state",
        start=("python3", "app.py"),
        port=int(ports.read_text()),
        stop_seconds=1.0,
        start_seconds=20.0,
    )
    around = Surroundings(
        own=lambda: (("DATABASE_URL", "live"),),
        reach=reach,
        stands=refuse_others,
    )
    return ProcessRuntime(replace(settings, **changes), around)  # type: ignore[arg-type]


def refuse_others(claim: Claim) -> None:
    """Raise Superseded for a claim that is not that of the tests."""
    if claim != CLAIM:
        raise Superseded(say("cannot go on with {run}: its claim does not stand", run=claim.run))


def ask(address: str) -> list[str]:
    """Return what the app says: its release, its database, its process and its worker."""
    with urllib.request.urlopen(f"http://{address}/", timeout=5) as answer:
        return str(answer.read().decode()).split()
