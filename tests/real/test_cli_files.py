"""Snapshots written out and backups taken in, from outside: `aman` as a process, on real PostgreSQL servers."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from tests.kit.aman import aman_for
from tests.kit.postgres.database import Database
from tests.kit.shop import CONTENT

pytestmark = pytest.mark.real


def test_an_export_is_read_by_the_standard_tools(any_shop: Database, tmp_path: Path) -> None:
    """What is written out restores with psql and pg_restore alone, is for its owner alone, and is never written over."""
    aman = aman_for(tmp_path, any_shop)
    aman.seal()
    aman.run("backup", "--no-prove", status=0)
    identity = aman.run("backups", "--json", status=0).document["snapshots"][0]["id"]
    for name in ("shop.dump", "shop.sql", "shop.sql.gz"):
        document = aman.run("export", identity, name, "--json", status=0).document["export"]
        path = tmp_path / name
        assert (str(path), path.stat().st_size) == (document["file"], document["size_bytes"])
        assert 0o600 == path.stat().st_mode & 0o777
    assert 3 == aman.run("export", identity, "shop.dump").status
    assert 2 == aman.run("export", identity, "shop.zip").status
    assert "cannot export: no file is named" == aman.run("export", status=2).lines[0]
    packed, plain = gzip.decompress((tmp_path / "shop.sql.gz").read_bytes()), (tmp_path / "shop.sql").read_bytes()
    assert unrestricted(packed) == unrestricted(plain)
    with any_shop.server.database() as first, any_shop.server.database() as second:
        first.run("psql", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={tmp_path / 'shop.sql'}")
        second.run("pg_restore", "--exit-on-error", f"--dbname={second.name}", str(tmp_path / "shop.dump"))
        assert any_shop.rows(CONTENT) == first.rows(CONTENT) == second.rows(CONTENT)


def test_what_the_app_is_started_from_comes_back(any_shop: Database, tmp_path: Path) -> None:
    """The configuration and the files that it names go along; one that is missing is told by backup, doctor and export."""
    folder = tmp_path / "app"
    folder.mkdir()
    aman = aman_for(folder, any_shop)
    aman.seal()
    settings = folder / "amankan.toml"
    settings.write_text(settings.read_text() + '[notify]\nurls = [{ file = "first.url" }, { file = "second.url" }]\n')
    (folder / "first.url").write_text("json://127.0.0.1:9/\n")
    (folder / "first.url").chmod(0o600)
    missing = [{"path": "second.url", "reason": "missing"}]
    document = aman.run("backup", "--json", status=0).document["backup"]["snapshot"]
    assert {"files": 2, "left_out": missing} == document["project"]
    assert document["project"] == aman.run("backups", "--json", status=0).document["snapshots"][0]["project"]
    shown = aman.run("backup", "--no-prove", status=0)
    assert "not in the backup: second.url: there is no such file" in shown.err
    checks = {each["id"]: each for each in aman.run("doctor", "--json").document["doctor"]["checks"]}
    assert ("warn", True) == (checks["project-files"]["level"], "second.url" in checks["project-files"]["sentence"])
    assert "beside" not in checks
    kept = folder.rename(tmp_path / "gone")
    aman.folder = tmp_path
    where = ("--vault", str(kept / "backups"), "--key", str(kept / "recovery.key"))
    said = aman.run("export", "--project", str(folder), *where, "--json", status=0).document["export"]
    assert (["amankan.toml", "first.url"], missing, 2) == (said["files"], said["left_out"], said["written"])
    for name in ("amankan.toml", "first.url"):
        before, after = kept / name, folder / name
        assert (before.read_bytes(), before.stat().st_mode) == (after.read_bytes(), after.stat().st_mode)
    assert 12 == aman.run("export", "--project", str(folder), "--vault", str(kept / "backups")).status
    assert 10 == aman.run("export", "--project", str(folder), "--vault", str(kept / "nothing"), *where[2:]).status
    assert 2 == aman.run("export", "--project", str(folder), *where, document["id"], "shop.sql").status


def unrestricted(text: bytes) -> list[bytes]:
    """Return the lines of plain SQL without the key that pg_restore makes anew each time."""
    return [line for line in text.splitlines() if b"restrict " not in line]


def made_by_hand(shop: Database, folder: Path) -> None:
    """The folder holds backups as people make them: good ones of each form, and spoiled ones."""
    shop.run("pg_dump", f"--file={folder / 'good.sql'}")
    shop.run("pg_dump", "--format=custom", f"--file={folder / 'good.dump'}")
    shop.run("pg_dump", "--format=directory", f"--file={folder / 'good'}")
    shop.run("pg_dump", "--format=tar", f"--file={folder / 'good.tar'}")
    plain, archive = (folder / "good.sql").read_bytes(), (folder / "good.dump").read_bytes()
    packed = gzip.compress(plain)
    (folder / "good.sql.gz").write_bytes(packed)
    (folder / "cut.sql").write_bytes(plain[: len(plain) // 2])
    (folder / "cut.sql.gz").write_bytes(packed[: len(packed) // 2])
    (folder / "cut.dump").write_bytes(archive[: len(archive) // 2])
    (folder / "empty.sql.gz").write_bytes(gzip.compress(b""))
    (folder / "letter.sql").write_text("dear customer")
    for number, command in enumerate((f"\\! touch {folder}/harm", f"select 1 \\! touch {folder}/harm")):
        spoiled = plain.replace(b"SET client_encoding", command.encode() + b"\nSET client_encoding", 1)
        (folder / f"evil{number}.sql").write_bytes(spoiled)


def test_backups_made_by_hand_are_judged(any_shop: Database, tmp_path: Path) -> None:
    """Good ones of every form restore, spoiled ones are told by what is wrong, nothing in them runs, nothing is sealed."""
    aman = aman_for(tmp_path, any_shop)
    aman.seal()
    made_by_hand(any_shop, tmp_path)
    with any_shop.server.database() as other:
        other.execute("create table notes (text text); create table tags (name text)")
        other.run("pg_dump", f"--file={tmp_path / 'other.sql'}")
    expected = {
        **dict.fromkeys(("good.sql", "good.sql.gz", "good.dump", "good.tar", "good"), "good"),
        **dict.fromkeys(("cut.sql", "cut.sql.gz", "cut.dump"), "cut"),
        **dict.fromkeys(("letter.sql", "evil0.sql", "evil1.sql"), "broken"),
        "empty.sql.gz": "empty",
        "other.sql": "another-app",
    }
    judged = aman.run("adopt", "--check", *expected, "--json", status=0).document["adopt"]
    assert expected == {Path(each["file"]).name: each["result"] for each in judged}
    assert {(2, 7000)} == {(each["tables"], each["rows"]) for each in judged if each["result"] == "good"}
    assert not (tmp_path / "harm").exists()
    assert [] == aman.run("backups", "--json", status=0).document["snapshots"]


def test_a_backup_made_by_hand_is_taken_in(any_shop: Database, tmp_path: Path) -> None:
    """A good one is sealed with the date of its content, proved, kept by retention, and restores like any other."""
    aman = aman_for(tmp_path, any_shop)
    aman.seal()
    any_shop.execute("update orders set at = '2026-01-05T02:00:00Z'")
    made_by_hand(any_shop, tmp_path)
    before = any_shop.rows(CONTENT)
    [taken] = aman.run("adopt", "good.sql.gz", "--json", status=0).document["adopt"]
    [snapshot] = aman.run("backups", "--json", status=0).document["snapshots"]
    assert (taken["snapshot"], "2026-01-05T02:00:00Z", True) == (snapshot["id"], snapshot["time"], snapshot["proved"])
    any_shop.execute("drop table orders cascade")
    aman.run("restore", snapshot["id"], "--yes", status=0)
    assert before == any_shop.rows(CONTENT)
    assert [] == aman.run("prune", "--json", status=0).document["prune"]["deleted"]
