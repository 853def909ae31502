"""The machine is gone: what was in the vault brings the project's files and its rows back, and the app answers."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tests.kit.aman import Aman
from tests.kit.docker.examples import Project
from tests.kit.postgres.build import find_build
from tests.real.compose.place import Shop
from tests.real.compose.test_cli import aman_beside

pytestmark = pytest.mark.real

LIMIT_SECONDS = 300
# What an app has that was not made from a template: a file for one service, one for all, a secret, a setting of a server.
OVERRIDE = """
include: [parts/worker.yml]
services:
  app:
    env_file: [.env, settings/app.env, {{path: settings/none.env, required: false}}]
    secrets: [token]
    volumes: ["./settings/motd:/etc/motd:ro", "{elsewhere}:/etc/elsewhere:ro", "./uploads:/uploads"]
secrets: {{token: {{file: ./secrets/token}}}}
"""
WORKER = "services: {worker: {image: none, profiles: [never], env_file: worker.env}}\n"


@pytest.fixture
def grown(ocn: Shop, tmp_path: Path) -> Shop:
    """OCN with files that lie in folders of the project and outside of it, some for their owner alone."""
    folder, elsewhere = ocn.project.folder, tmp_path / "elsewhere.conf"
    for name, text, mode in (
        ("docker-compose.override.yml", OVERRIDE.format(elsewhere=elsewhere), 0o644),
        ("parts/worker.yml", WORKER, 0o644),
        ("parts/worker.env", "WORKER=1\n", 0o640),
        ("settings/app.env", "GREETING=hello\n", 0o640),
        ("settings/motd", "be kind\n", 0o644),
        ("secrets/token", "only-an-example\n", 0o600),
        ("uploads/photo", "data, not a setting\n", 0o644),
    ):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
    (folder / "secrets").chmod(0o700)
    (folder / "settings").chmod(0o755)
    (folder / ".env").chmod(0o600)
    elsewhere.write_text("outside\n")
    ocn.project.compose("up", "--detach", "--wait")
    return ocn


def gone(project: Project, keep: Path) -> None:
    """Only the vault and the recovery key are left, in another place."""
    keep.mkdir()
    (project.folder / "backups").rename(keep / "vault")
    (project.folder / "recovery.key").rename(keep / "recovery.key")
    project.down()
    shutil.rmtree(project.folder)
    (keep.parent / "elsewhere.conf").unlink()


def looked_at(folder: Path) -> dict[str, tuple[int, str]]:
    """Return permissions and content of the files below a folder that an app is started from."""
    left = (".amankan", "backups", "recovery.key", "uploads", "fill.sql", "external")
    return {
        str(path.relative_to(folder)): (stat.S_IMODE(path.stat().st_mode), path.read_text())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(word in str(path.relative_to(folder)) for word in left)
    }


def address(project: Project) -> str:
    """Return the address of the database's container, as the machine sees it."""
    said = project.compose("ps", "--format", "{{.ID}}", "db").strip()
    networks = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    words = ["docker", "inspect", "--format", networks, said]
    return subprocess.run(words, env=project.environment(), capture_output=True, text=True, check=True).stdout.strip()


def answers(project: Project, rows: str) -> None:
    """The app is started, answers, and has its rows."""
    project.compose("up", "--detach", "--wait")
    assert 200 == project.ask("GET", "/health")[0]
    assert rows == project.sql("select count(*) from customers")


def test_the_app_is_back_by_the_recipe(grown: Shop, tmp_path: Path) -> None:
    """Followed with standard tools alone, the recipe brings back the project's folder and the database, and the app answers."""
    aman, project = aman_beside(grown), grown.project
    answer = aman.run("backup", "--json", status=0).document["backup"]["snapshot"]
    assert [] == answer["project"]["left_out"]
    before, rows = looked_at(project.folder), project.sql("select count(*) from customers")
    gone(project, tmp_path / "kept")
    snapshot = tmp_path / "kept" / "vault" / answer["id"]
    recipe = (snapshot / "RESTORE.md").read_text()
    blocks = re.findall(r"```bash\n(.*?)\n```\n", recipe, flags=re.DOTALL)
    place = next(number for number, block in enumerate(blocks) if "PROJECT_FOLDER" in block)
    environment = {
        "PATH": f"{find_build(15).client_dir}:{os.environ['PATH']}",
        "RECOVERY_KEY": str(tmp_path / "kept" / "recovery.key"),
        "PROJECT_FOLDER": str(project.folder),
        "LC_ALL": "C.UTF-8",
    }
    follow(blocks[: place + 1], snapshot, environment)
    after = looked_at(project.folder)
    assert before.keys() <= after.keys()
    assert before == {name: after[name] for name in before}
    assert 0o700 == stat.S_IMODE((project.folder / "secrets").stat().st_mode)
    outside = project.folder / "amankan-restore" / "outside"
    (tmp_path / "elsewhere.conf").write_text((outside / str(tmp_path).lstrip("/") / "elsewhere.conf").read_text())
    project.compose("up", "--detach", "--wait", "db")
    project.compose("exec", "-T", "db", "sh", "-c", 'psql -qX -U "$POSTGRES_USER" postgres', typed="drop database ocn;\n")
    server = {"PGHOST": address(project), "PGUSER": "ocn", "PGPASSWORD": "only-an-example"}
    follow([*blocks[:place], *blocks[place + 1 :]], snapshot, environment | server)
    answers(project, rows)


def follow(blocks: list[str], folder: Path, environment: dict[str, str]) -> None:
    """The blocks of the recipe were run in one shell, and none of them failed."""
    done = subprocess.run(
        ["bash", "-c", "\n".join(blocks)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr


def test_the_app_is_back_by_aman(grown: Shop, tmp_path: Path) -> None:
    """One command brings the project's folder back, the next one the rows, and the app answers."""
    aman, project = aman_beside(grown), grown.project
    aman.run("backup", status=0)
    checks = {each["id"]: each for each in aman.run("doctor", "--json").document["doctor"]["checks"]}
    assert ("ok", "warn") == (checks["project-files"]["level"], checks["beside"]["level"])
    assert f"app: {project.folder / 'uploads'}" in checks["beside"]["sentence"]
    before, rows = looked_at(project.folder), project.sql("select count(*) from customers")
    gone(project, tmp_path / "kept")
    kept = tmp_path / "kept"
    where = ("--vault", str(kept / "vault"), "--key", str(kept / "recovery.key"))
    elsewhere = Aman(folder=tmp_path, environment=aman.environment)
    said = elsewhere.run("export", "--project", str(project.folder), *where, "--json", status=0).document["export"]
    assert [str(tmp_path / "elsewhere.conf")] == said["outside"]
    assert before == {name: looked_at(project.folder)[name] for name in before}
    again = elsewhere.run("export", "--project", str(project.folder), *where, "--json", status=0).document["export"]
    assert 0 == again["written"]
    (project.folder / ".env").write_text("MINE=1\n")
    refused = elsewhere.run("export", "--project", str(project.folder), *where, status=3)
    assert "cannot write .env" in refused.lines[0]
    assert "MINE=1\n" == (project.folder / ".env").read_text()
    (project.folder / ".env").write_text(before[".env"][1])
    outside = project.folder / "amankan-restore" / "outside"
    shutil.copy(outside / str(tmp_path).lstrip("/") / "elsewhere.conf", tmp_path / "elsewhere.conf")
    shutil.copytree(kept / "vault", project.folder / "backups")
    shutil.copy(kept / "recovery.key", project.folder / "recovery.key")
    project.compose("up", "--detach", "--wait", "db")
    url = "postgresql://ocn:only-an-example@db:5432/ocn"
    replace(aman, environment=aman.environment | {"DATABASE_URL": url}).run("restore", "--into", "env:DATABASE_URL", status=0)
    answers(project, rows)
