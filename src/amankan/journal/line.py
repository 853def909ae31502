"""One entry as bytes, and back."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec

from amankan.errors import NewerFormat, OwnFault
from amankan.model.entry import Entry, Evidence, Phase
from amankan.model.sentence import say

FORMAT: Final = 1
"""The number of this format; a line with a greater one is refused. See docs/design/journal-format.md."""

LINE_LIMIT_BYTES: Final = 4096
"""The longest line, its end included: one page, the most that the simulated disk tears in two."""

FIRST: Final = "0" * 64
"""What stands for the digest of the line before the first one."""

START: Final = b'{"format":'
"""How every line of every format begins; evidence cannot hold these bytes, since its quotation marks are escaped."""

_SEAL: Final = b',"digest":"'
_SEAL_BYTES: Final = len(_SEAL) + 64 + len(b'"}')


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An entry with the digest (64 hex digits) of its own line, which the next line repeats."""

    entry: Entry
    digest: str


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    """The members of a line, in the order in which they are written."""

    format: int
    number: int
    time: str
    run: str
    epoch: int
    step: str
    phase: Phase
    evidence: dict[str, str | int | float | bool]
    previous: str


_decoder = msgspec.json.Decoder(_Line)
_encoder = msgspec.json.Encoder()


class _Format(msgspec.Struct, frozen=True):
    format: int


_format_decoder = msgspec.json.Decoder(_Format)


def write_line(entry: Entry) -> tuple[bytes, str]:
    """Return the line of an entry, its end included, and its digest; OwnFault where it would be longer than 4 KiB."""
    body = _encoder.encode(_as_line(entry))
    digest = sha256(body).hexdigest()
    line = body[:-1] + _SEAL + digest.encode() + b'"}\n'
    if len(line) > LINE_LIMIT_BYTES:
        raise OwnFault(say("cannot write a journal line of {size} bytes for {step}", size=len(line), step=entry.step))
    return line, digest


def read_line(line: bytes) -> Sealed | None:
    """
    Return the entry of a line without its end, or None where the line is not one that was written whole.

    Raises:
        NewerFormat: the line was written by a newer Amankan.
    """
    body, seal = line[:-_SEAL_BYTES] + b"}", line[-_SEAL_BYTES:]
    if len(line) <= _SEAL_BYTES or not seal.startswith(_SEAL) or not seal.endswith(b'"}'):
        _refuse_newer(line)
        return None
    digest = sha256(body).hexdigest()
    if seal[len(_SEAL) : -2] != digest.encode():
        return None
    _refuse_newer(body)
    try:
        return Sealed(entry=_as_entry(_decoder.decode(body)), digest=digest)
    except msgspec.MsgspecError:
        return None


def _as_line(entry: Entry) -> _Line:
    return _Line(
        format=FORMAT,
        number=entry.number,
        time=entry.time,
        run=entry.run,
        epoch=entry.epoch,
        step=entry.step,
        phase=entry.phase,
        evidence=dict(entry.evidence.facts),
        previous=entry.previous,
    )


def _as_entry(line: _Line) -> Entry:
    return Entry(
        number=line.number,
        time=line.time,
        run=line.run,
        epoch=line.epoch,
        phase=line.phase,
        step=line.step,
        evidence=Evidence(facts=tuple(sorted(line.evidence.items()))),
        previous=line.previous,
    )


def _refuse_newer(line: bytes) -> None:
    try:
        written = _format_decoder.decode(line).format
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return
    if written > FORMAT:
        raise NewerFormat(
            say("cannot read a journal of format {format}: this Amankan knows {known}", format=written, known=FORMAT),
            next=say("install the Amankan that began this operation, then type: aman recover"),
        )
