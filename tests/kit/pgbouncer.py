"""A real pooler before a server."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from tests.kit.docker.place import free_port
from tests.kit.postgres.database import Database
from tests.kit.postgres.place import as_account, environment, own

START_SECONDS = 15
PASSWORD = "only-for-tests"

CONFIGURATION = """
[databases]
{name} = host={host} port={port} user=pooled password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = plain
auth_file = {users}
pool_mode = {mode}
ignore_startup_parameters = {ignored}
default_pool_size = 5
"""


@contextlib.contextmanager
def pooled(database: Database, folder: Path, *, mode: str, ignored: str) -> Iterator[str]:
    """
    Lend the address of a database behind PgBouncer; it and its role are gone afterwards.

    Args:
        database: what it leads to.
        folder: where its files are; everybody may enter it.
        mode: `session` or `transaction`.
        ignored: start parameters that it swallows instead of refusing them.
    """
    folder.chmod(0o755)
    users, settings = folder / "users", folder / "pgbouncer.ini"
    users.write_text(f'"pooled" "{PASSWORD}"\n')
    listen = free_port()
    with database.connect() as connection:
        connection.execute(f"create role pooled superuser login password '{PASSWORD}'".encode())
    host = database.server.socket_dir
    words = {"host": host, "port": database.server.port, "password": PASSWORD, "listen": listen, "users": users}
    settings.write_text(CONFIGURATION.format(name=database.name, mode=mode, ignored=ignored, **words))
    for path in (users, settings):
        own(path)
    log = folder / "pgbouncer.log"
    with log.open("wb") as output:
        program = as_account(["/usr/sbin/pgbouncer", str(settings)], dies_with_us=True)
        process = subprocess.Popen(program, stdout=output, stderr=output, env=environment())
        try:
            _wait(process, listen, log=log)
            yield f"postgresql://pooled:{PASSWORD}@127.0.0.1:{listen}/{quote(database.name, safe='')}"
        finally:
            process.kill()
            process.wait()
            database.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'pooled'")
            database.execute("drop owned by pooled; drop role pooled")


def _wait(process: subprocess.Popen[bytes], port: int, *, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"pgbouncer did not start: {log.read_text()}")
