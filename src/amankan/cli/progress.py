"""How far long work has come, on a terminal as bars, elsewhere not at all."""

from __future__ import annotations

from contextlib import suppress

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from amankan.cli.language import Translate
from amankan.model.units import size_text


class Silent:
    """Keeps the promise of `ports.progress` by showing nothing."""

    def begin(self, title: str, *, total_bytes: int = 0, total_rows: int = 0) -> None:
        """Show nothing."""

    def advance(self, *, done_bytes: int = 0, done_rows: int = 0) -> None:
        """Show nothing."""

    def end(self) -> None:
        """Show nothing."""


class Bars:
    """
    Keeps the promise of `ports.progress` with one bar for each piece of work that is under way.

    The bar goes by bytes where their total is known, else by rows; without a total only what was done is counted.
    """

    def __init__(self, console: Console, translate: Translate) -> None:
        """Show nothing yet."""
        self._translate = translate
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            _Done(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
            transient=True,
        )
        self._tasks: list[TaskID] = []

    def begin(self, title: str, *, total_bytes: int = 0, total_rows: int = 0) -> None:
        """Add a bar."""
        total = total_bytes or total_rows or None
        shown = self._translate(title)
        with suppress(OSError, ValueError):
            self._tasks.append(self._progress.add_task(shown, total=total, size_bytes=0, rows=0, by_bytes=bool(total_bytes)))
            self._progress.start()

    def advance(self, *, done_bytes: int = 0, done_rows: int = 0) -> None:
        """Move the newest bar."""
        if not self._tasks:
            return
        with suppress(OSError, ValueError, KeyError):
            task = self._progress.tasks[self._progress.task_ids.index(self._tasks[-1])]
            size_bytes, rows = task.fields["size_bytes"] + done_bytes, task.fields["rows"] + done_rows
            completed = size_bytes if task.fields["by_bytes"] or not task.total else rows
            if task.total is not None:  # a total is an estimate of the server's
                completed = min(completed, task.total)
            self._progress.update(task.id, completed=completed, size_bytes=size_bytes, rows=rows)

    def end(self) -> None:
        """Take the newest bar away."""
        if not self._tasks:
            return
        with suppress(OSError, ValueError, KeyError):
            self._progress.remove_task(self._tasks.pop())
            if not self._tasks:
                self._progress.stop()


class _Done(ProgressColumn):
    """The bytes and rows that are done."""

    def render(self, task: Task) -> Text:
        """Return them as text; rows only where some were counted."""
        parts = [size_text(task.fields["size_bytes"])] if task.fields["size_bytes"] else []
        if task.fields["rows"]:
            parts.append(f"{task.fields['rows']:,}")
        return Text(" · ".join(parts))
