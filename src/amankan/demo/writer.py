"""Somebody who buys without a pause, and remembers every purchase that the shop confirmed."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

# Above any number that the sample has.
FIRST_NUMBER: Final = 1_000_001
PAUSE_SECONDS: Final = 0.02
PATIENCE_SECONDS: Final = 10.0
CREATED: Final = 201


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchases:
    """What was confirmed until now, how often the shop did not answer, and the longest time between two confirmations."""

    confirmed: int
    refused: int
    longest_wait_seconds: float


class Writer:
    """
    Writes invoices with growing numbers, one after the other, until this context ends.

    A number is tried again until it is confirmed: whoever is not answered does not know whether it was written. The shop
    takes the same number twice as one invoice.
    """

    def __init__(self, port: int) -> None:
        """Buy from the shop at a port of the loopback address."""
        self._port = port
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._confirmed, self._refused, self._longest = 0, 0, 0.0
        self._last = time.monotonic()
        self._thread = threading.Thread(target=self._buy, daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._last = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Stop; what is under way is confirmed or given up."""
        self.stop()

    def stop(self) -> None:
        """Nobody buys any more; may be repeated."""
        self._over.set()
        self._thread.join(2 * PATIENCE_SECONDS)

    def purchases(self) -> Purchases:
        """Return what happened so far; the wait that lasts just now counts too."""
        with self._lock:
            longest = self._longest if self._over.is_set() else max(self._longest, time.monotonic() - self._last)
            return Purchases(confirmed=self._confirmed, refused=self._refused, longest_wait_seconds=longest)

    def begin_anew(self) -> None:
        """The longest wait is counted from now on."""
        with self._lock:
            self._longest = 0.0

    def await_more(self, count: int, *, limit_seconds: float) -> bool:
        """Tell whether so many more purchases are confirmed before the limit."""
        wanted, end = self.purchases().confirmed + count, time.monotonic() + limit_seconds
        while self.purchases().confirmed < wanted:
            if time.monotonic() > end or self._over.wait(PAUSE_SECONDS):
                return False
        return True

    def _buy(self) -> None:
        while not self._over.is_set():
            done = self._once(FIRST_NUMBER + self._confirmed)
            with self._lock:
                if done:
                    now = time.monotonic()
                    self._longest, self._last = max(self._longest, now - self._last), now
                    self._confirmed += 1
                else:
                    self._refused += 1
            self._over.wait(PAUSE_SECONDS)

    def _once(self, number: int) -> bool:
        """Tell whether the shop confirmed an invoice of this number."""
        wanted: Mapping[str, int] = {"number": number, "customer": number, "item": number, "quantity": 1 + number % 3}
        door = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_SECONDS)
        try:
            door.request("POST", "/invoices", body=json.dumps(wanted), headers={"Content-Type": "application/json"})
            answer = door.getresponse()
            return answer.status == CREATED and json.loads(answer.read()) == {"number": number}
        except (OSError, http.client.HTTPException, ValueError):
            return False
        finally:
            door.close()
