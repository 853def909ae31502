"""What Amankan writes about a database into the database's comment, and how a user's own comment is kept beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from amankan.model.claim import Claim
from amankan.model.marker import Marker

_BEGIN: Final = "[amankan "
_END: Final = "]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """
    The comment of one database, taken apart.

    `text` is the user's own part. `mark` is the run that made the database; `claim` stands for the app whose live
    database is called `live`; `marker` says which app the database belongs to, for good.
    """

    text: str = ""
    mark: str = ""
    claim: Claim | None = None
    live: str = ""
    marker: Marker | None = None


def read_note(comment: str | None, *, place: str) -> Note:
    """
    Return what a comment says of the database at `place`.

    A note that was written for another place came by a dump or a copy: it says nothing here, and is not the user's.
    """
    text, found = _split(comment or "")
    if not found or found.get("at") != place:
        return Note(text=text)
    run, epoch = found.get("run", ""), found.get("epoch", 0)
    claim = Claim(run=str(run), epoch=epoch) if run and isinstance(epoch, int) else None
    marker = Marker(app=str(found.get("app", "")), environment=str(found.get("environment", "")))
    return Note(
        text=text,
        mark=str(found.get("mark", "")),
        claim=claim,
        live=str(found.get("live", "")),
        marker=marker if marker.valid else None,
    )


def write_note(note: Note, *, place: str) -> str:
    """Return the comment that says all of `note` for the database at `place`; the user's text alone where nothing is noted."""
    words: dict[str, str | int] = {"mark": note.mark} if note.mark else {}
    if note.claim is not None:
        words |= {"run": note.claim.run, "epoch": note.claim.epoch, "live": note.live}
    if note.marker is not None:
        words |= {"app": note.marker.app, "environment": note.marker.environment}
    if not words:
        return note.text
    line = _BEGIN + json.dumps({"at": place} | words) + _END
    return f"{note.text}\n{line}" if note.text else line


def _split(comment: str) -> tuple[str, dict[str, object]]:
    text, _, line = comment.rpartition("\n")
    if not (line.startswith(_BEGIN) and line.endswith(_END)):
        return comment, {}
    try:
        found = json.loads(line[len(_BEGIN) : -len(_END)])
    except ValueError:
        return comment, {}
    return (text, found) if isinstance(found, dict) else (comment, {})
