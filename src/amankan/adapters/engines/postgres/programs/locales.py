"""Locales out of the one file that the C library keeps them in, as folders that LOCPATH leads to."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from amankan.errors import Damaged
from amankan.model.sentence import say

# The head of the file: its mark, then where each part begins, how much of it is used, and how much room it has.
# Source: glibc, locale/locarchive.h.
_HEAD: Final = struct.Struct("=14I")
_MARK: Final = 0xDE020109
_NAME: Final = struct.Struct("=3I")
_PLACES: Final = struct.Struct("=27I")

# In the order of their numbers; the seventh is all of them together and has no file.
CATEGORIES: Final = (
    "LC_CTYPE",
    "LC_NUMERIC",
    "LC_TIME",
    "LC_COLLATE",
    "LC_MONETARY",
    "LC_MESSAGES/SYS_LC_MESSAGES",
    "",
    "LC_PAPER",
    "LC_NAME",
    "LC_ADDRESS",
    "LC_TELEPHONE",
    "LC_MEASUREMENT",
    "LC_IDENTIFICATION",
)

MOST_LOCALES: Final = 10_000
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_@.-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocaleFile:
    """One file of one locale; `path` is relative to the folder of locales."""

    path: str
    content: bytes


def locale_files(archive: bytes) -> Iterator[LocaleFile]:
    """
    Yield the files of every locale of an archive; a name that is no plain word is left out.

    Raises:
        Damaged: it is no archive of locales, or says that something lies where nothing is.
    """
    for name, record in _records(archive):
        places = _unpacked(_PLACES, archive, at=record)[1:]
        for category, offset, size in zip(CATEGORIES, places[::2], places[1::2], strict=True):
            if category and size:
                yield LocaleFile(path=f"{name}/{category}", content=_cut(archive, offset, size=size))


def _records(archive: bytes) -> Iterator[tuple[str, int]]:
    """Yield the name of each locale and where its record begins."""
    head = _unpacked(_HEAD, archive, at=0)
    if head[0] != _MARK:
        raise Damaged(say("cannot read the locales: it is not an archive of the C library"))
    names, room = head[2], head[4]
    if room > MOST_LOCALES * 4:
        raise Damaged(say("cannot read the locales: the archive claims {count}", count=room))
    for number in range(room):
        _, name, record = _unpacked(_NAME, archive, at=names + number * _NAME.size)
        if record == 0:
            continue
        end = archive.find(b"\0", name)
        text = _cut(archive, name, size=end - name).decode(errors="replace")
        if _PLAIN.fullmatch(text):
            yield text, record


def _unpacked(form: struct.Struct, archive: bytes, *, at: int) -> tuple[int, ...]:
    return form.unpack(_cut(archive, at, size=form.size))


def _cut(archive: bytes, at: int, *, size: int) -> bytes:
    if size < 0 or at + size > len(archive):
        raise Damaged(say("cannot read the locales: the archive is cut"))
    return archive[at : at + size]
