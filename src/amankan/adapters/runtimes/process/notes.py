"""What the runtime must still know after a crash: one small file for each process that it keeps."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from amankan.errors import RuntimeFailed
from amankan.model.sentence import say
from amankan.proc.living import Living, living


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """
    One process that is kept running, or is about to be.

    `begun` is the claim's run under which it was started; `confirmed` is written when the start was done. `run` and
    `database` are empty for the app itself. `restart` is what was wished for, also while nothing runs. `log_bytes` is how much
    its log held before it was started.

    `halted` is the run that halted it last, `before` the digest that it found at work, if any, and `heard` whether that took
    connections.
    """

    digest: str
    port: int
    restart: str
    begun: str = ""
    confirmed: bool = False
    run: str = ""
    database: str = ""
    log_bytes: int = 0
    halted: str = ""
    before: str = ""
    heard: bool = False
    supervisor: Living | None = None

    @property
    def runs(self) -> bool:
        """Whether the supervisor is at work: the very process that was started, not another of its number."""
        return self.supervisor is not None and living(self.supervisor.pid) == self.supervisor


class Notes:
    """The files of one app, in a folder that only we can read."""

    def __init__(self, folder: Path) -> None:
        """Keep them in `folder`."""
        self._folder = folder

    @property
    def folder(self) -> Path:
        """The folder, which is there."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._folder

    def names(self) -> tuple[str, ...]:
        """Return the names of all notes, sorted."""
        if not self._folder.is_dir():
            return ()
        return tuple(sorted(path.stem for path in self._folder.glob("*.json")))

    def read(self, name: str) -> Note | None:
        """Return a note, or None where there is none; RuntimeFailed for one that was damaged."""
        try:
            found: dict[str, Any] = json.loads((self._folder / f"{name}.json").read_text())
            supervisor = found.pop("supervisor")
            return Note(**found, supervisor=None if supervisor is None else Living(**supervisor))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as fault:
            raise RuntimeFailed(say("cannot read {path}", path=str(self._folder / f"{name}.json"))) from fault

    def write(self, name: str, note: Note) -> None:
        """The note is on disk, whole."""
        path = self.folder / f"{name}.json"
        fresh = path.with_suffix(".new")
        with self._translated(path), fresh.open("w") as file:
            json.dump(asdict(note), file)
            file.flush()
            os.fsync(file.fileno())
        with self._translated(path):
            os.replace(fresh, path)
            sync_folder(path.parent)

    def change(self, name: str, note: Note, **changes: Any) -> Note:
        """Write the note with changes, and return it."""
        changed = replace(note, **changes)
        self.write(name, changed)
        return changed

    def remove(self, name: str) -> None:
        """There is no such note; may be repeated."""
        path = self._folder / f"{name}.json"
        with self._translated(path), contextlib.suppress(FileNotFoundError):
            path.unlink()
            sync_folder(path.parent)

    @contextlib.contextmanager
    def _translated(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as fault:
            raise RuntimeFailed(say("cannot write {path}: {reason}", path=str(path), reason=fault.strerror or "")) from fault


def sync_folder(folder: Path) -> None:
    """The folder's entries are on disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
