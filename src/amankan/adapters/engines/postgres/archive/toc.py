"""Header and table of contents of an archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from amankan.adapters.engines.postgres.archive.source import Source
from amankan.errors import Damaged, NewerFormat
from amankan.model.sentence import say

MAGIC: Final = b"PGDMP"
CUSTOM: Final = 1
OLDEST: Final = (1, 14)
NEWEST: Final = (1, 16)

# A number is a sign and four bytes on every machine that PostgreSQL 14 to 18 runs on.
INTEGER_BYTES: Final = 4

# Longer than any definition that a server could have parsed: what claims more is damage, and is not read into memory.
LONGEST_TEXT_BYTES: Final = 256 << 20
MOST_ENTRIES: Final = 10_000_000
LONGEST_NUMBER: Final = 10

TABLE_DATA: Final = "TABLE DATA"
LARGE_OBJECTS: Final = "BLOBS"
SEQUENCE_VALUE: Final = "SEQUENCE SET"
INDEX_ATTACH: Final = "INDEX ATTACH"
EVENT_TRIGGER: Final = "EVENT TRIGGER"
TABLE: Final = "TABLE"
DOMAIN: Final = "DOMAIN"
FUNCTION: Final = "FUNCTION"
OPERATOR: Final = "OPERATOR"

# The flag before an entry's offset: no data belongs to the entry.
NO_DATA: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One object of an archive; texts are bytes in the encoding of the database, `needs` are numbers that come before it."""

    number: int
    kind: str
    namespace: bytes
    tag: bytes
    definition: bytes
    copy: bytes
    has_data: bool
    needs: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Toc:
    """What stands before the data: the bytes themselves, and what they say."""

    raw: bytes
    version: tuple[int, int]
    database: bytes
    server_version: str
    tool_version: str
    entries: tuple[Entry, ...]

    def with_data(self) -> dict[int, Entry]:
        """Return the entries that promise a data block, by number."""
        return {entry.number: entry for entry in self.entries if entry.has_data}

    def of(self, kind: str) -> frozenset[int]:
        """Return the numbers of the entries of a kind."""
        return frozenset(entry.number for entry in self.entries if entry.kind == kind)

    def after(self, first: frozenset[int]) -> frozenset[int]:
        """Return the numbers of the entries that need one of these, themselves or through others."""
        waiting: dict[int, list[int]] = {}
        for entry in self.entries:
            for need in entry.needs:
                waiting.setdefault(need, []).append(entry.number)
        found: set[int] = set()
        left = list(first)
        while left:
            new = [number for number in waiting.get(left.pop(), ()) if number not in found]
            found.update(new)
            left.extend(new)
        return frozenset(found)


class _Reader:
    """Numbers and texts as the archiver writes them; keeps what was read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._read: list[bytes] = []

    def take(self, count: int) -> bytes:
        taken = self._source.take(count)
        self._read.append(taken)
        return taken

    def number(self) -> int:
        written = self.take(1 + INTEGER_BYTES)
        size = int.from_bytes(written[1:], "little")
        return -size if written[0] else size

    def text(self) -> bytes:
        size = self.number()
        if size > LONGEST_TEXT_BYTES:
            raise Damaged(say("cannot read the archive: a text of {size} bytes stands in its contents", size=size))
        return self.take(size) if size > 0 else b""

    def texts(self) -> list[bytes]:
        found = []
        while (size := self.number()) >= 0:
            if size > LONGEST_TEXT_BYTES:
                raise Damaged(say("cannot read the archive: a text of {size} bytes stands in its contents", size=size))
            found.append(self.take(size))
        return found

    def raw(self) -> bytes:
        return b"".join(self._read)


def read_toc(source: Source) -> Toc:
    """
    Return header and table of contents from the start of an archive.

    Raises:
        Damaged: it is not an uncompressed archive in custom format, or ends too early.
        NewerFormat: it is in a later format than 1.16 (PostgreSQL 18).
    """
    reader = _Reader(source)
    if reader.take(len(MAGIC)) != MAGIC:
        raise Damaged(say("cannot read the archive: it is not one of pg_dump in custom format"))
    major, minor, _, integer_bytes, offset_bytes, format_ = reader.take(6)
    version = (major, minor)
    _check_format(version, sizes=(integer_bytes, offset_bytes), format_=format_)
    compression = reader.take(1)[0] if version >= (1, 15) else reader.number()
    if compression != 0:
        raise Damaged(say("cannot read the archive: it is compressed by itself"))
    for _ in range(7):
        reader.number()
    database, server, tool = reader.text(), reader.text(), reader.text()
    count = reader.number()
    if not 0 <= count <= MOST_ENTRIES:
        raise Damaged(say("cannot read the archive: it claims {count} objects", count=count))
    entries = tuple(_entry(reader, version, offset_bytes=offset_bytes) for _ in range(count))
    return Toc(
        raw=reader.raw(),
        version=version,
        database=database,
        server_version=server.decode(errors="replace"),
        tool_version=tool.decode(errors="replace"),
        entries=entries,
    )


def _check_format(version: tuple[int, int], *, sizes: tuple[int, int], format_: int) -> None:
    if version > NEWEST:
        shown = ".".join(map(str, version))
        raise NewerFormat(say("cannot read the archive: its format {version} is newer than 1.16", version=shown))
    if version < OLDEST or format_ != CUSTOM or sizes[0] != INTEGER_BYTES or sizes[1] not in {4, 8}:
        raise Damaged(say("cannot read the archive: it is not in a custom format of PostgreSQL 14 to 18"))


def _entry(reader: _Reader, version: tuple[int, int], *, offset_bytes: int) -> Entry:
    number = reader.number()
    reader.number()
    reader.text()
    reader.text()
    tag, kind = reader.text(), reader.text()
    reader.number()
    definition = reader.text()
    reader.text()
    copy, namespace = reader.text(), reader.text()
    reader.text()
    reader.text()
    if version >= (1, 16):
        reader.number()
    reader.text()
    reader.text()
    needs = frozenset(int(text) for text in reader.texts() if text.isdigit() and len(text) <= LONGEST_NUMBER)
    flag = reader.take(1 + offset_bytes)[0]
    return Entry(
        number=number,
        kind=kind.decode(errors="replace"),
        namespace=namespace,
        tag=tag,
        definition=definition,
        copy=copy,
        has_data=flag != NO_DATA,
        needs=needs,
    )
