"""Two streams of sorted rows compared, one row of each at a time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

from amankan.adapters.engines.postgres.inspector.digests import KEY_BYTES, NULL, VALUE_BYTES

Rows = Iterator[list[tuple[bytes]]]

_END: Final = b""


class Compared:
    """What differs between two tables: rows that are gone or new, and for each compared column how many values are others."""

    __slots__ = ("added", "changed", "examples", "lost", "wiped")

    def __init__(self, columns: int) -> None:
        """Nothing was compared."""
        self.lost = 0
        self.added = 0
        self.changed = [0] * columns
        self.wiped = [0] * columns
        """As `changed`, counting only where there was a value before."""
        self.examples: list[bytes] = []

    def _differ(self, left: bytes, right: bytes) -> None:
        for number in range(len(self.changed)):
            at = KEY_BYTES + number * VALUE_BYTES
            value = left[at : at + VALUE_BYTES]
            if value != right[at : at + VALUE_BYTES]:
                self.changed[number] += 1
                self.wiped[number] += value != NULL

    def merge(self, before: Rows, after: Rows, *, examples: int = 0) -> None:
        """
        All rows of both are counted.

        Args:
            before: rows sorted by their first 16 bytes, in pieces; of several equal ones each counts.
            after: likewise.
            examples: of how many lost rows the 16 bytes are kept.
        """
        lefts, rights = chain.from_iterable(before), chain.from_iterable(after)
        left, right = next(lefts, (_END,))[0], next(rights, (_END,))[0]
        while left and right:
            if left == right:
                left, right = next(lefts, (_END,))[0], next(rights, (_END,))[0]
                continue
            mine, theirs = left[:KEY_BYTES], right[:KEY_BYTES]
            if mine == theirs:
                self._differ(left, right)
                left, right = next(lefts, (_END,))[0], next(rights, (_END,))[0]
            elif mine < theirs:
                self._lose(left, examples)
                left = next(lefts, (_END,))[0]
            else:
                self.added += 1
                right = next(rights, (_END,))[0]
        while left:
            self._lose(left, examples)
            left = next(lefts, (_END,))[0]
        while right:
            self.added += 1
            right = next(rights, (_END,))[0]

    def _lose(self, row: bytes, examples: int) -> None:
        self.lost += 1
        if len(self.examples) < examples:
            self.examples.append(row[:KEY_BYTES])
