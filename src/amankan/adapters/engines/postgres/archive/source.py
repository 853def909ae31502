"""Bytes taken from a stream in exact amounts."""

from __future__ import annotations

from collections.abc import Iterable

from amankan.errors import Damaged
from amankan.model.sentence import say


class Source:
    """A stream of pieces that is read forward; `position` counts what was taken."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        """Read from `pieces`; nothing is taken yet."""
        self._pieces = iter(pieces)
        self._buffer = b""
        self._offset = 0
        self.position = 0

    def take(self, count: int) -> bytes:
        """Return exactly `count` bytes; raises Damaged where the stream ends before."""
        stop = self._offset + count
        if stop > len(self._buffer):
            return self._taken_across(count)
        taken = self._buffer[self._offset : stop]
        self._offset = stop
        self.position += count
        return taken

    def at_hand(self) -> tuple[bytes, int]:
        """Return what is at hand and where in it the next byte stands; nothing is taken or copied."""
        if self._offset == len(self._buffer):
            self._gather(1)
        return self._buffer, self._offset

    def skip(self, count: int) -> None:
        """So many bytes of what is at hand were taken."""
        self._offset += count
        self.position += count

    def skim(self, limit_bytes: int) -> bytes:
        """Return between 1 and `limit_bytes` bytes, as many as are at hand; raises Damaged at the end of the stream."""
        if self._offset == len(self._buffer):
            self._gather(1)
        return self.take(min(limit_bytes, len(self._buffer) - self._offset))

    def give_back(self, rest: bytes) -> None:
        """The last bytes that were taken will be taken again."""
        self._buffer = rest + self._buffer[self._offset :]
        self._offset = 0
        self.position -= len(rest)

    def more(self) -> None:
        """One more piece is at hand together with what was; raises Damaged where the stream ends."""
        self._gather(len(self._buffer) - self._offset + 1)

    def ended(self) -> bool:
        """Tell whether nothing is left."""
        while self._offset == len(self._buffer):
            piece = next(self._pieces, None)
            if piece is None:
                return True
            self._buffer, self._offset = piece, 0
        return False

    def _taken_across(self, count: int) -> bytes:
        """Return bytes of which the next pieces have a part; what is left of the last piece stays where it is."""
        parts = [self._buffer[self._offset :]]
        have = len(parts[0])
        while have < count:
            piece = next(self._pieces, None)
            if piece is None:
                raise Damaged(say("cannot read the archive: it ends after {count} bytes", count=self.position + have))
            self._buffer, self._offset = piece, min(count - have, len(piece))
            parts.append(piece[: self._offset])
            have += self._offset
        self.position += count
        return b"".join(parts)

    def _gather(self, count: int) -> None:
        """Make the next `count` bytes stand at the start of the buffer."""
        parts = [self._buffer[self._offset :]]
        have = len(parts[0])
        while have < count:
            piece = next(self._pieces, None)
            if piece is None:
                raise Damaged(say("cannot read the archive: it ends after {count} bytes", count=self.position + have))
            parts.append(piece)
            have += len(piece)
        self._buffer, self._offset = b"".join(parts), 0
