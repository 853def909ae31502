"""Foreign failures told as the runtime's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from amankan.errors import CommandFailed, RuntimeFailed
from amankan.model.sentence import say


@contextmanager
def told(what: str) -> Iterator[None]:
    """A command that failed inside is a RuntimeFailed that says what could not be done; a limit that passed stays one."""
    try:
        yield
    except CommandFailed as fault:
        raise RuntimeFailed(say("cannot {what}: {why}", what=what, why=str(fault.cannot))) from fault
