"""Template data directories: made once by initdb, copied for each server."""

import hashlib
import os
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.kit.postgres.build import Build
from tests.kit.postgres.place import KitError, as_account, clusters_dir, environment, own

SUPERUSER = "postgres"

# Tests live or die by what the processes do, not by the disk: without fsync a killed server still has all it said
# it had, because the kernel lives on. Everything else stays near the defaults of production.
SETTINGS = """
listen_addresses = '127.0.0.1'
fsync = off
full_page_writes = off
wal_level = logical
max_connections = 100
max_prepared_transactions = 20
shared_buffers = 64MB
max_wal_size = 2GB
track_functions = pl
password_encryption = 'scram-sha-256'
log_line_prefix = '%m [%p] %q%u@%d '
log_min_messages = 'warning'
jit = off
include_if_exists = 'session.conf'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A cluster that was initialised and never started, and its superuser's password."""

    data_dir: Path
    password: str


def template(build: Build) -> Template:
    """
    Return the template cluster of a build, made now unless an earlier session made it.

    Cost: about a second the first time; nothing later.
    """
    mark = hashlib.sha256(f"{build.full_version()}\n{build.bin_dir}\n{SETTINGS}".encode()).hexdigest()[:12]
    home = clusters_dir() / f"{build.version}-{mark}"
    if not (home / "password").exists():
        _make(build, home)
    return Template(data_dir=home / "data", password=(home / "password").read_text())


def _make(build: Build, home: Path) -> None:
    """Leave a complete template at home; another process that makes the same one at the same time is welcome."""
    home.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    own(home.parent)
    partial = home.with_name(f"{home.name}.{os.getpid()}.partial")
    partial.mkdir(mode=0o700)
    own(partial)
    password_file = partial / "password"
    password_file.write_text(f"template@:/%{secrets.token_urlsafe(12)}")
    password_file.chmod(0o600)
    own(password_file)
    words = [str(build.program("initdb")), "--pgdata", str(partial / "data"), "--username", SUPERUSER]
    words += [
        "--pwfile",
        str(password_file),
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]
    made = subprocess.run(as_account(words), check=False, capture_output=True, text=True, cwd="/", env=environment())
    if made.returncode != 0:
        shutil.rmtree(partial)
        raise KitError(f"cannot initialise a cluster of PostgreSQL {build.version}:\n{made.stdout}{made.stderr}")
    with (partial / "data" / "postgresql.conf").open("a") as settings:
        settings.write(SETTINGS)
    try:
        partial.rename(home)
    except OSError:
        shutil.rmtree(partial)


def copy(source: Template, into: Path) -> None:
    """Fill a folder that is not there yet with a copy of a template, owned by the servers' account."""
    words = as_account(["cp", "--archive", "--reflink=auto", str(source.data_dir), str(into)])
    subprocess.run(words, check=True, cwd="/", env=environment())
