"""A place for objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol


class Store(Protocol):
    """
    Objects by name, in folders with `/`. Failures are StoreFailed.

    A store's word is not trusted: what was put is read back before anything is built on it.
    """

    def put(self, name: str, content: Iterable[bytes]) -> int:
        """
        A new object of that name holds the content; returns its bytes.

        Never replaces one that is there. A failure, or a crash, leaves no object of that name.
        """
        ...

    def get(self, name: str) -> Iterator[bytes]:
        """Return the content in pieces of at most 1 MiB; StoreFailed where there is no such object."""
        ...

    def names(self, folder: str = "") -> tuple[str, ...]:
        """Return the names of all objects below a folder, sorted; unfinished ones are not among them."""
        ...

    def size(self, name: str) -> int | None:
        """Return the bytes of an object, or None where there is none."""
        ...

    def delete(self, name: str) -> None:
        """There is no object of that name; may be repeated."""
        ...

    def collect(self, folder: str, *, older_than_seconds: float) -> int:
        """Unfinished pieces of crashed `put`s below the folder are gone where they are old; returns how many."""
        ...
