"""A disk that tells the user of each journal line that was written."""

from __future__ import annotations

from collections.abc import Callable

from amankan.journal.line import read_line
from amankan.journal.log import lines_path
from amankan.model.entry import Entry
from amankan.ports.disk import Disk, Hold


class TellingDisk:
    """Keeps the promise of `ports.disk` with another disk; `tell` is called with each entry that outlives the power."""

    def __init__(self, disk: Disk, tell: Callable[[Entry], None]) -> None:
        """Wrap `disk`."""
        self._disk, self._tell = disk, tell
        self._written: dict[str, bytes] = {}

    def read(self, path: str) -> bytes | None:
        """Pass on."""
        return self._disk.read(path)

    def names(self, folder: str) -> tuple[str, ...]:
        """Pass on."""
        return self._disk.names(folder)

    def make(self, path: str, *, room_bytes: int) -> None:
        """Pass on."""
        self._disk.make(path, room_bytes=room_bytes)

    def write(self, path: str, *, offset: int, content: bytes) -> None:
        """Pass on, and remember what was written until it is synced."""
        self._disk.write(path, offset=offset, content=content)
        self._written[path] = content

    def sync(self, path: str) -> None:
        """Pass on, and tell."""
        self._disk.sync(path)
        sealed = read_line(self._written.pop(path, b"").removesuffix(b"\n"))
        if sealed is not None and path == lines_path(sealed.entry.run):
            self._tell(sealed.entry)

    def trim(self, path: str, *, size_bytes: int) -> None:
        """Pass on."""
        self._disk.trim(path, size_bytes=size_bytes)

    def replace(self, path: str, content: bytes, *, room_bytes: int = 0) -> None:
        """Pass on."""
        self._disk.replace(path, content, room_bytes=room_bytes)

    def remove(self, path: str) -> None:
        """Pass on."""
        self._disk.remove(path)

    def hold(self, path: str, note: str) -> Hold:
        """Pass on."""
        return self._disk.hold(path, note)

    def held(self, path: str) -> bool:
        """Pass on."""
        return self._disk.held(path)
