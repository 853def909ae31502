"""The small files that an app is started from, beside its data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from amankan.model.sentence import Sentence, say

BESIDE: Final = "amankan-restore"
"""The folder, in the project's own, of what was not in it: files from elsewhere, and the rendered Compose file."""

OUTSIDE: Final = f"{BESIDE}/outside"
RENDERED: Final = f"{BESIDE}/compose.rendered.json"


class Why(StrEnum):
    """Why a file that the app is started from is not in a backup; a reader may meet words that are newer than it is."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    LARGE = "too-large"
    NO_FILE = "no-file"
    IDENTITY = "age-identity"
    OURS = "of-amankan"
    RESERVED = "reserved-name"
    UNKNOWN = "unknown"


_WHY: Final[dict[str, Sentence]] = {
    Why.MISSING: say("there is no such file"),
    Why.UNREADABLE: say("it cannot be read"),
    Why.LARGE: say("it is too large to go along"),
    Why.NO_FILE: say("it is no file"),
    Why.IDENTITY: say("it holds an age identity, which never goes into a backup"),
    Why.OURS: say("it lies in the vault or in .amankan"),
    Why.RESERVED: say("its name is one that a restore needs"),
    Why.UNKNOWN: say("its name could not be learned"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """
    A path, absolute, that the app's configuration names.

    One that is not `needed` may be missing. Of a `folder` everything goes along that lies in it.
    """

    path: str
    needed: bool = True
    folder: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A file that should be in a backup and is not, and why: one of the words of `Why`, or a newer one."""

    path: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFile:
    """One file: its path in the project's folder, with `/`; permissions, owner and time (seconds since 1970) as they were."""

    path: str
    content: bytes
    mode: int = 0o600
    uid: int = 0
    gid: int = 0
    time: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFolder:
    """One folder in the project's folder that files lie in."""

    path: str
    mode: int = 0o700
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFiles:
    """Everything that goes along with a backup, and what does not."""

    files: tuple[ProjectFile, ...] = ()
    folders: tuple[ProjectFolder, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Along:
    """What a snapshot says of the project's files in it: how many there are, and which ones are not."""

    files: int
    left_out: tuple[LeftOut, ...] = ()


def is_sound(path: str) -> bool:
    """Tell whether a path of a project leads to a place inside its folder and to no other."""
    return "\0" not in path and all(part not in ("", ".", "..") for part in path.split("/"))


def why_of(left_out: LeftOut) -> Sentence:
    """Return why a file is not in a snapshot; a word of a newer version stands for itself."""
    return _WHY.get(left_out.why) or say("{why}", why=left_out.why)
