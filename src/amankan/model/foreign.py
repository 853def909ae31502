"""A backup that was made by hand, as it looks when it was tried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from amankan.model.fingerprint import Fingerprint
from amankan.model.sentence import Sentence


class Worth(Enum):
    """What a file is worth: it restores; it is empty, cut, broken; or it restores to something that is not this app's."""

    GOOD = "good"
    EMPTY = "empty"
    CUT = "cut"
    BROKEN = "broken"
    ANOTHER_APP = "another-app"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """
    One file after its trial: what it is worth and why, and what it holds where it restored.

    `newest` is the latest date that any row has, None where no column tells one; `made` is when the file was written.
    """

    file: str
    worth: Worth
    why: Sentence
    made: datetime
    size_bytes: int
    held: Fingerprint | None = None
    newest: datetime | None = None
