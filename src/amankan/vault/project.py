"""The project's files of a snapshot, opened by whoever has a recovery key, without any server."""

from __future__ import annotations

from collections.abc import Iterable

from amankan.errors import SnapshotDamaged, SnapshotMissing
from amankan.model.project import ProjectFiles
from amankan.model.sentence import say
from amankan.ports.store import Store
from amankan.vault.age import Identity
from amankan.vault.bundle import MOST_BYTES, unpack
from amankan.vault.manifest import Manifest
from amankan.vault.opening import unlock
from amankan.vault.reading import read_plain

STEM = "project"


def read_project(store: Store, manifest: Manifest, *, identities: Iterable[Identity]) -> ProjectFiles:
    """
    Return the files that went along with a snapshot, in memory; what was left out then is told with them.

    Raises:
        SnapshotMissing: none went along.
        KeyRefused: none of the identities opens it.
        SnapshotDamaged: it is not what was written.
    """
    along, here = manifest.project, any(part.name.startswith(f"{STEM}.") for part in manifest.parts)
    if along is None or not here:
        fault = say("cannot bring back the project's files: none went along with snapshot {id}", id=manifest.snapshot)
        raise SnapshotMissing(fault, next=say("aman backups"))
    part = manifest.part(STEM)
    if (part.plain_bytes or 0) > MOST_BYTES:
        raise SnapshotDamaged(say("cannot use {name}: it is larger than it can be", name=part.name))
    identity = unlock(store, manifest, identities=tuple(identities)) if manifest.encrypted else None
    content = b"".join(read_plain(store, part, snapshot=manifest.snapshot, identity=identity))
    found = unpack(content)
    return ProjectFiles(files=found.files, folders=found.folders, left_out=along.left_out)
