"""Long streams that end when somebody asks to stop, and not only between two steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from amankan.errors import Interrupted
from amankan.model.dumped import Dumped
from amankan.model.fingerprint import Fingerprint
from amankan.model.pace import Pace
from amankan.model.sentence import say
from amankan.ports.archiver import Archiver, Dump
from amankan.ports.progress import Progress


class InterruptibleArchiver:
    """
    Keeps the promise of `ports.archiver` with another one, and raises Interrupted in the middle of a stream.

    It does so once: whoever loads on the way back is not stopped a second time.
    """

    def __init__(self, archiver: Archiver, asked: Callable[[], bool]) -> None:
        """Wrap `archiver`; `asked` tells that somebody wants to stop."""
        self._archiver, self._asked, self._raised = archiver, asked, False

    @contextmanager
    def dump(self, database: str, *, pace: Pace, progress: Progress) -> Iterator[Dump]:
        """Keep the promise of the port."""
        with self._archiver.dump(database, pace=pace, progress=progress) as dump:
            yield _Dump(dump, self._watched)

    def load(self, pieces: Iterable[bytes], *, into: str, progress: Progress, total_bytes: int = 0) -> Fingerprint:
        """Keep the promise of the port."""
        return self._archiver.load(self._watched(pieces), into=into, progress=progress, total_bytes=total_bytes)

    def _watched(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            if self._asked() and not self._raised:
                self._raised = True
                raise Interrupted(say("cannot go on: interrupted"))
            yield piece


class _Dump:
    """A dump whose pieces are watched."""

    def __init__(self, dump: Dump, watched: Callable[[Iterable[bytes]], Iterator[bytes]]) -> None:
        self._dump, self._watched = dump, watched

    @property
    def globals(self) -> bytes:
        """Pass on."""
        return self._dump.globals

    @property
    def settings(self) -> bytes:
        """Pass on."""
        return self._dump.settings

    def pieces(self) -> Iterator[bytes]:
        """Pass on, watched."""
        return self._watched(self._dump.pieces())

    def finish(self) -> Dumped:
        """Pass on."""
        return self._dump.finish()
