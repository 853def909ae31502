"""The runs that have a journal."""

from __future__ import annotations

from amankan.journal.line import read_line
from amankan.journal.log import lines_path, read_story
from amankan.journal.story import Story
from amankan.model.entry import Phase
from amankan.ports.disk import Disk


def runs(disk: Disk) -> tuple[str, ...]:
    """Return the names of all runs that have a folder, oldest first; they begin with their time."""
    return disk.names("journal")


def meant(disk: Disk, id: str) -> tuple[str, ...]:
    """
    Return the runs that a user may mean by an id, oldest first: the one of that name, or all whose name begins or ends so.

    Without an id all of them.
    """
    known = runs(disk)
    return (id,) if id in known else tuple(run for run in known if run.startswith(id) or run.endswith(id))


def open_runs(disk: Disk) -> tuple[Story, ...]:
    """
    Return the runs that were begun and never closed.

    A folder without a first line is not among them: that line is synced before the first effect, so nothing happened.
    """
    unclosed = (run for run in runs(disk) if not _is_closed(disk.read(lines_path(run)) or b"", run))
    stories = (read_story(disk, run) for run in unclosed)
    return tuple(story for story in stories if story.run and story.ending is None)


def _is_closed(content: bytes, run: str) -> bool:
    """Tell by the last line alone, which saves reading the history of an app each time."""
    end = content.find(b"\0")
    used = content if end < 0 else content[:end]
    start = used.rfind(b"\n", 0, -1) + 1
    sealed = read_line(used[start:-1])
    return sealed is not None and sealed.entry.run == run and sealed.entry.phase is Phase.CLOSED
