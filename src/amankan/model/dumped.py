"""What a dump turned out to be, known when its last byte was read."""

from __future__ import annotations

from dataclasses import dataclass

from amankan.model.database import Making
from amankan.model.fingerprint import Fingerprint
from amankan.model.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Dumped:
    """
    A complete dump: where it comes from, with which tool, and what it holds.

    `fingerprint` was taken at the very database snapshot of the dump; `plain_bytes` counts the archive before it was
    sealed.
    `making` is what a new database for it must be told; None where an engine has no such thing.
    """

    engine: str
    server_version: str
    tool_version: str
    identity: Identity
    fingerprint: Fingerprint
    plain_bytes: int
    making: Making | None = None
