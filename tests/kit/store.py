"""A small web app that takes orders, in many releases: what updates are tried on."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from amankan.proc.detached import free_port
from amankan.proc.living import end_marked
from tests.kit.aman import Aman
from tests.kit.postgres.database import Database

APP = """
import http.server, os, pathlib, sys, threading, time
import psycopg
here = pathlib.Path(__file__).parent
signs = {path.name for path in here.iterdir()}
if "seeds" in signs:
    with psycopg.connect(os.environ["DATABASE_URL"]) as session:
        session.execute("delete from orders")
if "crashes" in signs:
    threading.Timer(float((here / "crashes").read_text()), os._exit, (3,)).start()
class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        if "sick" in signs:
            print("ERROR cannot render the page", flush=True)
            return self.answer(500, "sick")
        with psycopg.connect(os.environ["DATABASE_URL"]) as session:
            count = session.execute("select count(*) from orders").fetchone()[0]
        self.answer(200, f"{(here / 'name').read_text()} {count}")
    def do_POST(self):
        number = int(self.path.rpartition("/")[2])
        with psycopg.connect(os.environ["DATABASE_URL"]) as session:
            session.execute("insert into orders (number) values (%s)", (number,))
        self.answer(200, str(number))
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Shop).serve_forever()
"""

MIGRATE = """
import os, pathlib
import psycopg
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as session:
    session.execute("create table if not exists schema_migrations (version text primary key)")
    done = {version for (version,) in session.execute("select version from schema_migrations")}
    for path in sorted((pathlib.Path(__file__).parent / "db" / "migrations").glob("*.sql")):
        version = path.name.partition("_")[0]
        if version not in done:
            for statement in path.read_text().split(";\\n"):
                if statement.strip():
                    session.execute(statement)
            session.execute("insert into schema_migrations values (%s)", (version,))
"""

FIRST = """
create table customers (id int generated always as identity primary key, name text not null, phone text);
insert into customers (name, phone) select 'customer ' || n, '0812' || n from generate_series(1, 200) n;
create table orders (id bigint generated always as identity primary key, number int not null, at timestamptz default now());
"""
GOOD = """
alter table customers add column email text;
update customers set email = 'c' || id || '@example.test' where id <= 50;
create table coupons (id int generated always as identity primary key, code text not null unique);
create index orders_number on orders (number);
"""
LOSSY = "alter table customers drop column phone;\ndelete from customers where id > 190;\n"
BROKEN = "create table coupons (id int);\nalter table customers add column email text;\ncreate table coupons (id int);\n"

CONFIGURATION = """
[app]
name = "store"
environment = "{environment}"
[runtime.process]
command = "{python} app.py"
folder = "app"
address = "http://127.0.0.1:{port}/"
[database]
url = {{ env = "DATABASE_URL" }}
migrate = "{python} migrate.py"
seed = "{python} seed.py"
[vault]
location = "backups"
recipients = ["{recipient}"]
[checks]
http = ["http://127.0.0.1:{port}/"]
log_errors = ["ERROR"]
sql = {{ "orders are numbered" = "select count(*) = 0 from orders where number is null" }}
watch_seconds = {watch_seconds}
[limits]
downtime_seconds = 60
"""


@dataclass(slots=True, kw_only=True)
class Store:
    """The app in a folder, its database, and `aman` beside it."""

    folder: Path
    database: Database
    aman: Aman
    port: int = field(default_factory=free_port)

    def lay(self, name: str, *migrations: str, signs: tuple[str, ...] = (), crashes: float = 0.0) -> None:
        """There is a release with these migrations behind the first one, which behaves as the signs say."""
        folder = self.folder / "app" / "releases" / name
        (folder / "db" / "migrations").mkdir(parents=True)
        (folder / "app.py").write_text(APP)
        (folder / "migrate.py").write_text(MIGRATE)
        (folder / "seed.py").write_text("raise SystemExit('the seed was run')\n")
        (folder / "name").write_text(name)
        (folder / "db" / "schema.sql").write_text("")
        for number, text in enumerate((FIRST, *migrations), start=1):
            (folder / "db" / "migrations" / f"{number:04}_step.sql").write_text(text)
        for sign in signs:
            (folder / sign).write_text("")
        if crashes:
            (folder / "crashes").write_text(str(crashes))

    def begin(self, *, environment: str = "production", watch_seconds: float = 1) -> None:
        """The first release is placed and migrated, and `aman` is configured."""
        self.lay("v1")
        (self.folder / "app" / "current").symlink_to("releases/v1")
        told = {**os.environ, "DATABASE_URL": self.database.url}
        words = [sys.executable, str(self.folder / "app" / "current" / "migrate.py")]
        subprocess.run(words, check=True, env=told, timeout=60)
        recipient = self.aman.seal()
        text = CONFIGURATION.format(
            environment=environment, python=sys.executable, port=self.port, recipient=recipient, watch_seconds=watch_seconds
        )
        (self.folder / "amankan.toml").write_text(text)

    @property
    def url(self) -> str:
        """Where users come in."""
        return f"http://127.0.0.1:{self.port}/"

    def page(self) -> str:
        """Return what users see, or nothing where nobody answers."""
        try:
            with urllib.request.urlopen(self.url, timeout=5) as answer:
                return str(answer.read().decode())
        except (OSError, urllib.error.HTTPError):
            return ""

    def relatives(self) -> set[str]:
        """Return the databases beside the store's own that were made from it."""
        with self.database.server.connect() as connection:
            found = connection.execute("select datname from pg_database where starts_with(datname, %s)", [self.database.name])
            return {name for (name,) in found.fetchall()} - {self.database.name}

    def leftovers(self) -> set[str]:
        """Return what a run left that is not kept on purpose: databases but originals, sandboxes, and processes in the dark."""
        databases = {name for name in self.relatives() if "_old_" not in name}
        runs = [path.name for path in (self.folder / ".amankan" / "journal").iterdir()]
        sandboxes = {str(path) for run in runs for path in Path("/var/tmp").glob(f"amankan-*/run-{run}")}
        dark = {path.name for path in (self.folder / ".amankan" / "process").glob("dark-*.json")}
        return databases | sandboxes | dark

    def load(self, file: Path) -> None:
        """`psql` has loaded a file into the database."""
        with tempfile.TemporaryDirectory(prefix="amankan-load-") as folder:
            copy = Path(folder) / file.name
            copy.write_bytes(file.read_bytes())
            self.database.run("psql", "--no-psqlrc", f"--file={copy}")

    def numbers(self) -> set[int]:
        """Return the numbers of all orders."""
        return {number for (number,) in self.database.rows("select number from orders")}


@dataclass(slots=True)
class Recorder:
    """Writes numbered orders through the app without a pause, and remembers those that were acknowledged."""

    url: str
    first: int = 0
    acknowledged: list[int] = field(default_factory=list)
    longest_gap_seconds: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Write until told to stop."""
        number, last = self.first, time.monotonic()
        while not self._stop.is_set():
            number += 1
            try:
                request = urllib.request.Request(f"{self.url}orders/{number}", method="POST", data=b"")
                with urllib.request.urlopen(request, timeout=5):
                    self.acknowledged.append(number)
                now = time.monotonic()
                self.longest_gap_seconds, last = max(self.longest_gap_seconds, now - last), now
            except OSError:
                time.sleep(0.02)
            time.sleep(0.02)

    def stop(self) -> None:
        """Write no more."""
        self._stop.set()


@contextmanager
def recording(store: Store) -> Iterator[Recorder]:
    """Lend a recorder that writes while the context lasts."""
    recorder = Recorder(store.url)
    thread = threading.Thread(target=recorder.run, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        recorder.stop()
        thread.join(30)


def end_store(store: Store) -> None:
    """Nothing of the store runs, and no database of its runs is left."""
    end_marked(f"AMANKAN_PROCESS={(store.folder / '.amankan' / 'process').resolve()}/app", limit_seconds=10)
    for name in store.relatives():
        Database(server=store.database.server, name=name).drop()
