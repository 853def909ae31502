"""Stores for tests: one in memory that keeps the promise, and one around another that breaks it in a chosen way."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from threading import Lock

from amankan.errors import StoreFailed
from amankan.model.sentence import say
from amankan.ports.store import Store

PIECE_BYTES = 1 << 20


@dataclass(slots=True, kw_only=True)
class MemoryStore:
    """Keeps the promise of `ports.store` in memory; `objects` may be looked at and damaged by a test."""

    objects: dict[str, bytes] = field(default_factory=dict)
    _one: Lock = field(default_factory=Lock)

    def put(self, name: str, content: Iterable[bytes]) -> int:
        """A new object holds the content."""
        whole = b"".join(content)
        with self._one:
            if name in self.objects:
                raise StoreFailed(say("cannot put {name}: it is there already", name=name))
            self.objects[name] = whole
        return len(whole)

    def get(self, name: str) -> Generator[bytes, None, None]:
        """Return the content in pieces."""
        if name not in self.objects:
            raise StoreFailed(say("cannot get {name}: there is none", name=name))
        whole = self.objects[name]
        return (whole[start : start + PIECE_BYTES] for start in range(0, len(whole), PIECE_BYTES))

    def names(self, folder: str = "") -> tuple[str, ...]:
        """Return all names below a folder, sorted."""
        return tuple(sorted(name for name in self.objects if not folder or name.startswith(f"{folder}/")))

    def size(self, name: str) -> int | None:
        """Return the bytes of an object, or None."""
        return len(self.objects[name]) if name in self.objects else None

    def delete(self, name: str) -> None:
        """There is no such object."""
        self.objects.pop(name, None)

    def collect(self, folder: str, *, older_than_seconds: float) -> int:
        """Nothing unfinished is ever left here."""
        return 0


Lie = Callable[[bytes], bytes | None]


@dataclass(slots=True, kw_only=True)
class LyingStore:
    """
    A store that says that it took everything.

    What it really keeps of an object whose name holds `about` is what `lie` makes of the content: other bytes, or None
    for nothing at all.
    """

    store: Store
    lie: Lie
    about: str = ""

    def put(self, name: str, content: Iterable[bytes]) -> int:
        """Say that a new object holds the content."""
        if self.about not in name:
            return self.store.put(name, content)
        whole = b"".join(content)
        kept = self.lie(whole)
        if kept is not None:
            self.store.put(name, [kept])
        return len(whole)

    def get(self, name: str) -> Generator[bytes, None, None]:
        """Return what is really there."""
        yield from self.store.get(name)

    def names(self, folder: str = "") -> tuple[str, ...]:
        """Return what is really there."""
        return self.store.names(folder)

    def size(self, name: str) -> int | None:
        """Return what is really there."""
        return self.store.size(name)

    def delete(self, name: str) -> None:
        """Really delete."""
        self.store.delete(name)

    def collect(self, folder: str, *, older_than_seconds: float) -> int:
        """Really collect."""
        return self.store.collect(folder, older_than_seconds=older_than_seconds)
