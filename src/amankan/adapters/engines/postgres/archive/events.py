"""What the data blocks of an archive say, one after the other."""

from __future__ import annotations

from dataclasses import dataclass

from amankan.adapters.engines.postgres.archive.toc import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """The block of an entry begins."""

    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """
    Whole rows of a table as COPY writes them, each with its line end.

    `cut` is the same as a list without line ends, where whoever made the event had it; else it is made when asked for.
    """

    text: bytes
    cut: list[bytes] | None = None

    @property
    def rows(self) -> list[bytes]:
        """The rows without their line ends."""
        return self.text[:-1].split(b"\n") if self.cut is None else self.cut

    @property
    def count(self) -> int:
        """How many rows there are; costs a look at the text where it was not cut."""
        return self.text.count(b"\n") if self.cut is None else len(self.cut)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of one row that is too long to be kept whole; `last` tells that the row ends here; no line end."""

    content: bytes
    last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeObject:
    """A large object begins; its content follows until the next one or the end of the block."""

    oid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A piece of a large object."""

    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The block has ended as it should."""

    entry: Entry


Event = Begin | Rows | Part | LargeObject | Content | End


def rows_of(rows: list[bytes]) -> Rows:
    """Return the event of these rows."""
    return Rows(cut=rows, text=b"\n".join(rows) + b"\n" if rows else b"")
