"""The files that an app is started from: what of them is in a snapshot, and the way out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from amankan import wiring
from amankan.cli.desk import Desk
from amankan.errors import KeyRefused, SnapshotMissing
from amankan.model.project import OUTSIDE, Along, why_of
from amankan.model.sentence import say
from amankan.model.snapshot import Proof
from amankan.vault.catalogue import Entry
from amankan.vault.keychain import RECOVERY, Keychain
from amankan.wiring.apps import STATE
from amankan.wiring.belongings import Shelf, lay_project_out, shelf, shelf_at


def along_document(along: Along | None) -> dict[str, Any] | None:
    """Return what of the project's files is in a snapshot as scripts read it; None where none went along."""
    if along is None:
        return None
    return {"files": along.files, "left_out": [{"path": each.path, "reason": each.why} for each in along.left_out]}


def tell_project(desk: Desk, along: Along | None) -> None:
    """The user knows how many of the project's files are in a snapshot, and of each that is not why."""
    if along is None:
        return
    desk.printer.remark(say("with it {count} files that the app is started from", count=along.files))
    for each in along.left_out:
        desk.printer.warn(say("not in the backup: {path}: {why}", path=each.path, why=why_of(each)))


def export_project(desk: Desk, id: str, *, folder: Path, vault: str, key: Path | None) -> None:
    """The files that went along with a snapshot lie in a folder; no database and no Docker is needed."""
    found = _shelf(desk, id, vault=vault, key=key)
    entry = _choose(found, id)
    project = found.project(entry)
    written = lay_project_out(folder.absolute(), project)
    outside = sorted(
        f"/{file.path.removeprefix(f'{OUTSIDE}/')}" for file in project.files if file.path.startswith(f"{OUTSIDE}/")
    )
    document = {
        "snapshot": entry.manifest.snapshot,
        "folder": str(folder.absolute()),
        "files": [file.path for file in project.files],
        "written": written,
        "outside": outside,
        "left_out": (along_document(entry.manifest.project) or {}).get("left_out", []),
    }
    sentence = say(
        "{count} files of {id} are in {path}, not encrypted",
        count=len(project.files),
        id=entry.manifest.snapshot,
        path=str(folder.absolute()),
    )
    desk.printer.answer({"export": document}, lambda: desk.printer.line(sentence))
    for path in outside:
        desk.printer.remark(
            say("{path} lay outside of the project: it is in {folder}", path=path, folder=f"{folder}/{OUTSIDE}")
        )
    for each in project.left_out:
        desk.printer.warn(say("not in the backup: {path}: {why}", path=each.path, why=why_of(each)))


def _shelf(desk: Desk, id: str, *, vault: str, key: Path | None) -> Shelf:
    if not vault:
        return shelf(desk.settings, wiring.keychain(desk.settings, key), place=wiring.place(desk.settings))
    keys = Keychain(state=Path.cwd() / STATE, recovery=key or Path.cwd() / RECOVERY)
    if not keys.has_recovery:  # it says whose snapshots to believe, too
        fault = say("cannot use a vault without its recovery key: there is none at {place}", place=str(keys.recovery))
        raise KeyRefused(fault, next=say("aman export --project FOLDER --vault LOCATION --key FILE"))
    return shelf_at(vault, keys, id=id)


def _choose(found: Shelf, id: str) -> Entry:
    """Return the snapshot of that id; without one the newest proved one that has such files."""
    if id:
        name = found.catalogue.census().named(id)
        entry = found.catalogue.find(name) if name else None
        if entry is None:
            raise SnapshotMissing(say("cannot find snapshot {id} in the vault", id=id))
        return entry
    census = found.catalogue.census()
    entries = [each for each in census.entries if each.proof is Proof.PROVED and each.manifest.project]
    if not census.entries and census.faults:
        raise census.faults[-1].error
    if not entries:
        raise SnapshotMissing(say("cannot choose a snapshot: none that is proved has the project's files"))
    return entries[-1]
