"""How far long work has come."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told by those who work, shown by those who print; it never decides anything and never raises."""

    def begin(self, title: str, *, total_bytes: int = 0, total_rows: int = 0) -> None:
        """A piece of work begins; 0 where the total is not known."""
        ...

    def advance(self, *, done_bytes: int = 0, done_rows: int = 0) -> None:
        """So much more is done."""
        ...

    def end(self) -> None:
        """The piece of work is over."""
        ...
