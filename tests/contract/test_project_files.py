"""The files that an app is started from: gathered within bounds, sealed beside the data, and laid out without harm."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.kit.vaults import RELEASE, SealedWorld

from amankan.adapters.disks.unpacked import lay_out
from amankan.adapters.hosts.gather import MOST_BYTES, MOST_FILE_BYTES, MOST_FOLDER_FILES, gather
from amankan.errors import KeyRefused, Refused, SnapshotDamaged, SnapshotMissing
from amankan.model.project import (
    BESIDE,
    OUTSIDE,
    RENDERED,
    Along,
    LeftOut,
    Named,
    ProjectFile,
    ProjectFiles,
    ProjectFolder,
    Why,
)
from amankan.vault.age import make_identity
from amankan.vault.manifest import Manifest, Origin
from amankan.vault.project import read_project
from amankan.vault.sealed import Order

ONE = "20260105T020000Z-shop-00000001"
FILES = ProjectFiles(
    files=(ProjectFile(path=".env", content=b"A=1\n"), ProjectFile(path="secrets/token", content=b"only-an-example\n")),
    folders=(ProjectFolder(path="secrets"),),
    left_out=(LeftOut(path="gone.env", why=Why.MISSING),),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder of a project with a few files."""
    folder = tmp_path / "shop"
    (folder / "secrets").mkdir(parents=True, mode=0o700)
    (folder / ".env").write_text("A=1\n")
    (folder / "secrets" / "token").write_text("only-an-example\n")
    (folder / "secrets" / "token").chmod(0o600)
    (folder / "secrets").chmod(0o700)
    return folder


def gathered(root: Path, *paths: str | Path, folder: bool = False, shut: tuple[Path, ...] = ()) -> ProjectFiles:
    """Return what is gathered of paths, seen from the project's folder."""
    named = tuple(Named(path=os.path.join(root, path), folder=folder) for path in paths)
    return gather(root, named, shut=shut, made=())


def left(project: ProjectFiles) -> dict[str, str]:
    """Return what was left out, and why."""
    return {each.path: each.why for each in project.left_out}


def test_files_go_along_with_their_permissions(root: Path) -> None:
    """Files inside and outside of the project go along as they are, each once, and the folders that they lie in."""
    outside = root.parent / "outside.conf"
    outside.write_text("elsewhere\n")
    found = gathered(root, ".env", "secrets/token", "secrets/../.env", outside)
    assert [".env", f"{OUTSIDE}{outside}", "secrets/token"] == [file.path for file in found.files]
    assert 0o600 == found.files[2].mode
    assert [("secrets", 0o700)] == [(folder.path, folder.mode) for folder in found.folders]
    assert () == found.left_out


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: None, Why.MISSING),
        (lambda path: path.mkdir(), Why.NO_FILE),
        (os.mkfifo, Why.NO_FILE),
        (lambda path: path.symlink_to(path), Why.UNREADABLE),
        (lambda path: path.symlink_to("/dev/zero"), Why.NO_FILE),
        (lambda path: path.write_bytes(b"a" * (MOST_FILE_BYTES + 1)), Why.LARGE),
        (lambda path: path.write_text("# key\nAGE-SECRET-KEY-1QQQ\n"), Why.IDENTITY),
        (lambda path: path.write_text("SOPS=age-secret-key-1qqq\n"), Why.IDENTITY),
    ],
)
def test_what_cannot_go_along_is_told(root: Path, make: Callable[[Path], object], why: Why) -> None:
    """What is no small, readable file, or holds what opens backups, is left out by name, and the others go along."""
    make(root / "odd")
    found = gathered(root, "odd", ".env")
    assert {"odd": why} == left(found)
    assert [".env"] == [file.path for file in found.files]


def test_nothing_of_the_vault_goes_along(root: Path) -> None:
    """What lies in the vault or in the folder of state stays there, by whatever way it is named."""
    for name in (".amankan", "backups"):
        (root / name).mkdir()
        (root / name / "a").write_text("ours\n")
    (root / "way").symlink_to("backups")
    shut = (root / ".amankan", root / "backups")
    found = gathered(root, ".amankan/a", "backups/a", "way/a", f"{BESIDE}/a", ".env", shut=shut)
    assert [".env"] == [file.path for file in found.files]
    assert {Why.OURS, Why.RESERVED} == set(left(found).values())
    assert {".env", "secrets/token"} == {file.path for file in gathered(root, "", folder=True, shut=shut).files}


def test_a_folder_goes_along_whole_or_not_at_all(root: Path) -> None:
    """A folder with too many files is told as one; a link out of it is told, and what it leads to stays where it is."""
    (root / "some").mkdir()
    (root / "some" / "a").write_text("a")
    (root / "some" / "way").symlink_to("/etc/passwd")
    assert {"some/way": Why.NO_FILE} == left(gathered(root, "some", folder=True))
    (root / "many").mkdir()
    for number in range(MOST_FOLDER_FILES + 1):
        (root / "many" / str(number)).touch()
    found = gathered(root, "many", folder=True)
    assert ((), {"many": Why.LARGE}) == (found.files, left(found))
    assert ((), {}) == ((found := gathered(root, "/etc", folder=True)).files, left(found))


def test_all_of_it_together_is_bounded(root: Path) -> None:
    """When the bound on everything is reached the rest is told."""
    count = MOST_BYTES // MOST_FILE_BYTES
    for number in range(count + 2):
        (root / f"{number:02}").write_bytes(b"a" * MOST_FILE_BYTES)
    found = gathered(root, *(f"{number:02}" for number in range(count + 2)), ".env")
    assert (count, MOST_BYTES) == (len(found.files), sum(len(file.content) for file in found.files))
    assert {f"{count:02}": Why.LARGE, f"{count + 1:02}": Why.LARGE, ".env": Why.LARGE} == left(found)


def test_a_name_of_any_bytes_can_be_told(root: Path) -> None:
    """What is left out under a name that is no text can stand in a manifest."""
    found = gathered(root, os.fsdecode(b"odd\xff"))
    assert {"odd\\xff": Why.MISSING} == left(found)


def test_what_was_made_for_it_goes_along(root: Path) -> None:
    """The rendered file is for its owner alone; with an identity in it it stays away."""
    made = gather(root, (), shut=(), made=[(RENDERED, b"{}")])
    assert [(RENDERED, 0o600)] == [(file.path, file.mode) for file in made.files]
    assert {RENDERED: Why.IDENTITY} == left(gather(root, (), shut=(), made=[(RENDERED, b"AGE-SECRET-KEY-1Q")]))


def world_with(project: ProjectFiles | None, *, encrypted: bool = True) -> SealedWorld:
    """Return a vault whose app is started from these files, with one snapshot."""
    world = SealedWorld(encrypted=encrypted, project=None if project is None else lambda: project)
    world.take(ONE)
    return world


def manifest(world: SealedWorld) -> Manifest:
    """Return the manifest of the snapshot."""
    entry = world.vault.catalogue.find(ONE)
    assert entry is not None
    return entry.manifest


@pytest.mark.parametrize("encrypted", [True, False])
def test_they_come_back_from_a_snapshot(*, encrypted: bool) -> None:
    """What went along comes back by the recovery key alone; the manifest says how much it is and what is missing."""
    world = world_with(FILES, encrypted=encrypted)
    assert FILES == read_project(world.store, manifest(world), identities=(world.recovery,))
    assert Along(files=2, left_out=FILES.left_out) == manifest(world).project
    name = "project.tar.zst.age" if encrypted else "project.tar.zst"
    assert name in {part.name for part in manifest(world).parts}
    recipe = b"".join(world.store.get(f"{ONE}/RESTORE.md")).decode()
    assert name in recipe
    assert "gone.env" in recipe


def test_nothing_of_them_lies_open(*, encrypted: bool = True) -> None:
    """Where there are recipients no byte of a secret can be found in the store."""
    world = world_with(FILES, encrypted=encrypted)
    for name in world.store.names():
        assert b"only-an-example" not in b"".join(world.store.get(name))


def test_they_are_refused_without_the_key_or_when_changed() -> None:
    """Another key is told from damage, and damage is found."""
    world = world_with(FILES)
    with pytest.raises(KeyRefused):
        read_project(world.store, manifest(world), identities=(make_identity(),))
    with pytest.raises(KeyRefused):
        read_project(world.store, manifest(world), identities=())
    name = f"{ONE}/project.tar.zst.age"
    content = bytearray(b"".join(world.store.get(name)))
    content[-1] ^= 1
    world.store.delete(name)
    world.store.put(name, [bytes(content)])
    with pytest.raises(SnapshotDamaged):
        read_project(world.store, manifest(world), identities=(world.recovery,))
    with pytest.raises(SnapshotDamaged):
        world.vault.examine(ONE)


def test_a_snapshot_without_them_is_whole() -> None:
    """One that was taken without such files, or was adopted, is read as ever; asked for them it says that it has none."""
    world = world_with(None)
    world.vault.examine(ONE)
    assert None is manifest(world).project
    with pytest.raises(SnapshotMissing):
        read_project(world.store, manifest(world), identities=(world.recovery,))
    other = world_with(FILES)
    adopted = "20260105T020000Z-shop-00000002"
    other.vault.fill(Order(snapshot=adopted, database="shop", release=RELEASE, label="old", origin=Origin.ADOPTED))
    entry = other.vault.catalogue.find(adopted)
    assert entry is not None
    assert None is entry.manifest.project
    assert f"{adopted}/project.tar.zst.age" not in other.store.names()


def test_what_could_not_be_gathered_does_not_hinder_the_data() -> None:
    """Where no file at all could be read the data is backed up, and the manifest says what is missing."""
    world = world_with(replace(FILES, files=(), folders=()))
    assert Along(files=0, left_out=FILES.left_out) == manifest(world).project
    with pytest.raises(SnapshotMissing):
        read_project(world.store, manifest(world), identities=(world.recovery,))


def test_they_are_laid_out_as_they_were(root: Path, tmp_path: Path) -> None:
    """Content and permissions are back, of folders too; to repeat it changes nothing."""
    project = gathered(root, ".env", "secrets/token")
    into = tmp_path / "new" / "shop"
    assert (2, 0) == (lay_out(into, project), lay_out(into, project))
    for name in (".env", "secrets", "secrets/token"):
        before, after = (root / name).stat(), (into / name).stat()
        assert (before.st_mode, before.st_uid) == (after.st_mode, after.st_uid)
    assert "only-an-example\n" == (into / "secrets" / "token").read_text()
    assert {".env", "secrets", "secrets/token"} == {str(path.relative_to(into)) for path in into.rglob("*")}


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """Where another file of a name is there, nothing at all is written."""
    (tmp_path / ".env").write_text("MINE=1\n")
    with pytest.raises(Refused):
        lay_out(tmp_path, FILES)
    assert ["MINE=1\n"] == [path.read_text() for path in tmp_path.iterdir()]


@pytest.mark.parametrize("path", ["/tmp/pwned", "../pwned", "a/../../pwned", ""])
def test_no_path_leads_out_of_the_folder(tmp_path: Path, path: str) -> None:
    """A path that would lead elsewhere is refused before anything is written."""
    into = tmp_path / "into"
    with pytest.raises(Refused):
        lay_out(into, ProjectFiles(files=(ProjectFile(path=path, content=b""),)))
    assert [] == list(tmp_path.iterdir())


def test_no_link_on_the_way_is_followed(tmp_path: Path) -> None:
    """A folder of the project that is a link to elsewhere by now is refused, and so is a file that is one."""
    elsewhere, into = tmp_path / "elsewhere", tmp_path / "into"
    elsewhere.mkdir()
    into.mkdir()
    (into / "secrets").symlink_to(elsewhere)
    with pytest.raises(Refused):
        lay_out(into, FILES)
    (into / "secrets").unlink()
    (into / ".env").symlink_to(elsewhere / "target")
    with pytest.raises(Refused):
        lay_out(into, FILES)
    assert [] == list(elsewhere.iterdir())


def test_a_closed_folder_can_be_filled(tmp_path: Path) -> None:
    """A folder that nobody may write to comes back with its files in it."""
    folder = ProjectFolder(path="closed", mode=0o500, uid=os.geteuid(), gid=os.getegid())
    file = ProjectFile(path="closed/a", content=b"a", mode=0o400, uid=os.geteuid(), gid=os.getegid())
    lay_out(tmp_path, ProjectFiles(files=(file,), folders=(folder,)))
    assert (0o500, 0o400) == tuple(stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("closed", "closed/a"))
    (tmp_path / "closed").chmod(0o700)
