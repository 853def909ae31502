"""A machine that has Docker and no PostgreSQL of the database's version: its programs come out of the database's own image."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.kit.docker.engine import Engine
from tests.kit.docker.fixtures import MakeProject
from tests.kit.docker.images import NEWER_POSTGRES, make_newer_postgres
from tests.kit.docker.place import free_port
from tests.real.compose.conftest import URL
from tests.real.compose.place import Shop, shop
from tests.real.compose.test_update import document, kept, paying, ready

from amankan.adapters.engines.postgres.tools import find_tools
from amankan.errors import Refused
from amankan.wiring.programs import CACHE

pytestmark = pytest.mark.real


@pytest.fixture
def newer(
    docker_engine: Engine, make_project: MakeProject, *, ocn_image: str, ocn_digest: Callable[[str], str]
) -> Iterator[Shop]:
    """OCN runs on PostgreSQL 17, which this machine does not have."""
    with pytest.raises(Refused):
        find_tools(17)
    make_newer_postgres(docker_engine)
    project = make_project("ocn", image=ocn_image)
    file = project.folder / "docker-compose.yml"
    file.write_text(file.read_text().replace("postgres:15", NEWER_POSTGRES))
    project.compose("up", "--detach", "--wait", "--quiet-pull", "db")
    project.in_image("npx", "prisma", "migrate", "deploy")
    project.compose("up", "--detach", "--wait")
    yield shop(project, digest=ocn_digest, url=URL)


def test_a_whole_life(newer: Shop, tmp_path: Path) -> None:
    """Backup, proof, update, rollback, drill, export and restore work, in the locale that the image alone has."""
    aman, project, untouched = ready(newer), newer.project, newer.untouched()
    assert "en_US.utf8" == project.sql("select datcollate from pg_database where datname = current_database()")
    project.sql("create extension pg_trgm; create index on customers using gin (name gin_trgm_ops)")
    said = {each["id"]: each for each in document(aman, "doctor", status=0)["doctor"]["checks"]}
    assert ("ok", "ok") == (said["tools"]["level"], said["extensions"]["level"])
    assert "come out of the database's image" in said["tools"]["sentence"]
    with paying(project) as payments:
        made = document(aman, "backup", status=0)["backup"]["snapshot"]
        assert made["proved"]
        assert "updated" == document(aman, "update", "--tag", "v2", "--yes", status=0)["update"]["outcome"]
        assert "updated" == document(aman, "rollback", "--yes", status=0)["rollback"]["outcome"]
    assert len(payments.acknowledged) > 0
    assert payments.acknowledged <= kept(project)
    document(aman, "drill", status=0)
    aman.run("export", made["id"], str(tmp_path / "out.sql"), status=0)
    assert "customers" in (tmp_path / "out.sql").read_text()
    document(aman, "restore", made["id"], "--yes", status=0)
    assert untouched == newer.untouched()


def test_a_published_port(newer: Shop) -> None:
    """Without any project in the configuration the container is known by the port that it publishes here."""
    aman, project, port = ready(newer), newer.project, free_port()
    (project.folder / "docker-compose.override.yml").write_text(f"services: {{db: {{ports: ['127.0.0.1:{port}:5432']}}}}\n")
    project.compose("up", "--detach", "--wait", "db")
    written = aman.folder / "amankan.toml"
    recipients = next(line for line in written.read_text().splitlines() if line.startswith("recipients"))
    named = '[app]\nname = "ocn"\nenvironment = "production"\n[database]\nurl = { env = "ELSEWHERE" }\n'
    written.write_text(f'{named}[vault]\nlocation = "backups"\n{recipients}\n')
    aman.environment["ELSEWHERE"] = URL.replace("@db:5432", f"@127.0.0.1:{port}")
    assert document(aman, "backup", status=0)["backup"]["snapshot"]["proved"]


def test_never_as_root(newer: Shop) -> None:
    """What comes out of an image runs as an account that owns nothing, and lies where nobody else can change it."""
    aman, seen, stop = ready(newer), set[int](), threading.Event()
    for folder in Path(CACHE).glob("17-*"):  # others are in use by tests that run beside this one
        shutil.rmtree(folder)
    watcher = threading.Thread(target=_watch, args=(seen, stop))
    watcher.start()
    document(aman, "backup", status=0)
    stop.set()
    watcher.join()
    assert seen
    assert 0 not in seen
    folders = list(Path(CACHE).glob("17-*"))
    assert folders
    for folder in folders:
        assert not (folder / "usr/lib/locale/locale-archive").exists()
        for path in (folder, *folder.rglob("*")):
            state = path.lstat()
            assert (0, 0) == (state.st_uid, state.st_mode & 0o022 if not path.is_symlink() else 0), path
            assert not path.is_symlink() or "/" not in os.readlink(path)


def _watch(seen: set[int], stop: threading.Event) -> None:
    """Note as whom each process runs whose program came out of an image."""
    while not stop.is_set():
        seen.update(*map(_whose, Path("/proc").glob("[0-9]*")))


def _whose(process: Path) -> set[int]:
    with contextlib.suppress(OSError):
        if os.readlink(process / "exe").startswith(CACHE):
            return {process.stat().st_uid}
    return set()
