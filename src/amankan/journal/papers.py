"""What a run keeps beside its journal because it is too long for a line: plan, rehearsal, baseline."""

from __future__ import annotations

from hashlib import sha256
from typing import Final, TypeVar

import msgspec

from amankan.errors import JournalDamaged
from amankan.model.sentence import say
from amankan.ports.disk import Disk

_encoder: Final = msgspec.json.Encoder(order="sorted")

Paper = TypeVar("Paper")


def keep_paper(disk: Disk, run: str, *, name: str, paper: object) -> str:
    """The paper lies beside the journal of `run` for good; returns its SHA-256, which a journal line should repeat."""
    content = _encoder.encode(paper)
    disk.replace(_path(run, name), content)
    return sha256(content).hexdigest()


def read_paper(disk: Disk, run: str, *, name: str, kind: type[Paper], digest: str) -> Paper:
    """Return a paper; JournalDamaged where it is missing, of another shape or not the one that `digest` names."""
    content = disk.read(_path(run, name))
    if content is None or sha256(content).hexdigest() != digest:
        raise JournalDamaged(say("cannot trust {name} of {run}: it is not what was written", name=name, run=run))
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.MsgspecError as error:
        raise JournalDamaged(say("cannot read {name} of {run}", name=name, run=run)) from error


def last_paper(disk: Disk, run: str, *, name: str, kind: type[Paper]) -> Paper | None:
    """Return the paper that a run kept last under a name, for people to read; it decides nothing, for nobody vouches for it."""
    content = disk.read(_path(run, name))
    if content is None:
        return None
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.MsgspecError:
        return None


def _path(run: str, name: str) -> str:
    return f"journal/{run}/{name}.json"
