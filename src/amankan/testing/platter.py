"""A page cache over a platter: only a sync moves bytes down, and a power cut decides about the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from amankan.testing.chance import Loss

_numbers = count(1)


@dataclass(slots=True, kw_only=True)
class Inode:
    """
    One file: what readers see, what the platter holds, and the stretches that differ because nobody synced them.

    Of its reserved `room` only what was written is held; the rest reads as zeros.
    """

    seen: bytearray
    durable: bytearray
    dirty: list[tuple[int, int]] = field(default_factory=list)
    room: int = 0
    forgotten: bool = False
    number: int = field(default_factory=lambda: next(_numbers))

    def write(self, offset: int, content: bytes) -> None:
        """Show the content to readers."""
        end = offset + len(content)
        if len(self.seen) < end:
            self.seen.extend(bytes(end - len(self.seen)))
        self.seen[offset:end] = content
        self.dirty.append((offset, end))

    def sync(self) -> None:
        """Move what is dirty down to the platter."""
        for start, end in self.dirty:
            self._lay(start, bytes(self.seen[start:end]))
        self.dirty.clear()

    def forget(self) -> None:
        """Fail to sync: pages count as clean, readers still see them, the platter has never had them."""
        self.dirty.clear()
        self.forgotten = True

    def power_cut(self, loss: Loss, stale: bytes) -> None:
        """Decide about every dirty stretch; afterwards readers see what the platter holds."""
        for start, end in self.dirty:
            written = bytes(self.seen[start:end])
            half = len(written) // 2
            match loss:
                case Loss.LOSE:
                    kept = b""
                case Loss.KEEP:
                    kept = written
                case Loss.TEAR:
                    kept = written[:half]
                case Loss.ZERO:
                    kept = written[:half] + bytes(len(written) - half)
                case _:
                    kept = stale or written[:half]
            self._lay(start, kept)
        self.dirty.clear()
        self.forgotten = False
        self.seen = bytearray(self.durable)

    def _lay(self, start: int, content: bytes) -> None:
        end = start + len(content)
        if len(self.durable) < end:
            self.durable.extend(bytes(end - len(self.durable)))
        self.durable[start:end] = content


class Platter:
    """The files of the state folder, the room that is left, and the locks that living processes hold."""

    def __init__(self) -> None:
        """Begin empty, with room."""
        self.files: dict[str, Inode] = {}
        self.free_bytes = 1 << 40
        self.locks: dict[str, tuple[int, str]] = {}
        self.stale = b""
        self._last_lines = ""

    def add(self, path: str, inode: Inode) -> None:
        """The path names the file, for good."""
        old = self.files.get(path)
        self.free_bytes += old.room if old is not None else 0
        self.free_bytes -= inode.room
        self.files[path] = inode
        if path.endswith("lines.jsonl"):
            self._last_lines = path

    def remove(self, path: str) -> None:
        """No path names the file any more."""
        inode = self.files.pop(path, None)
        if inode is not None:
            self.free_bytes += inode.room

    def power_cut(self, loss: Loss) -> None:
        """Every file loses what was not synced, in the way of `loss`."""
        if loss is Loss.NOTHING:
            return
        for inode in self.files.values():
            if inode.dirty or inode.forgotten:
                inode.power_cut(loss, self.stale)

    def end_process(self, number: int) -> None:
        """Locks die with the process that held them."""
        self.locks = {path: held for path, held in self.locks.items() if held[0] != number}

    def intent_is_durable(self) -> bool:
        """Tell whether the last line that the platter holds of the newest journal says that something is begun or undone."""
        inode = self.files.get(self._last_lines)
        if inode is None:
            return False
        lines = bytes(inode.durable).rstrip(b"\0").rsplit(b"\n", 2)
        last = lines[-2] if len(lines) > 1 else b""
        return any(b'"phase":"' + phase + b'"' in last for phase in (b"begun", b"undoing", b"failed", b"resumed", b"abort"))

    def unsynced(self) -> bool:
        """Tell whether a power cut would lose anything."""
        return any(inode.dirty or inode.forgotten for inode in self.files.values())

    def holds(self, text: bytes) -> bool:
        """Tell whether any file shows the text."""
        return any(text in inode.seen for inode in self.files.values())
