"""What signals mean: the first asks for an orderly way back, the second is told that it is under way."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

_ASKING = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """
    While this context lasts, SIGINT and SIGTERM only ask, and SIGHUP means nothing.

    `tell` is called for each signal that asks, with how many have come.
    """

    def __init__(self, tell: Callable[[int], None]) -> None:
        """Nobody has asked yet."""
        self._tell, self._count = tell, 0
        self._before: dict[signal.Signals, Any] = {}

    def asked(self) -> bool:
        """Tell whether somebody asked to stop."""
        return self._count > 0

    def __enter__(self) -> Self:
        """Take the signals."""
        self._before = {each: signal.signal(each, self._hear) for each in _ASKING}
        self._before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        """Give the signals back."""
        for each, handler in self._before.items():
            signal.signal(each, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        self._tell(self._count)


@contextmanager
def impatient() -> Iterator[None]:
    """While this lasts, SIGINT and SIGTERM raise KeyboardInterrupt, and SIGHUP means nothing."""
    before = {each: signal.signal(each, signal.default_int_handler) for each in _ASKING}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
