"""Who looks from outside: a recorder that writes through the app, and a prober that asks it what serves."""

from __future__ import annotations

import http.client
import json
import threading
import time
from dataclasses import dataclass, field

WRITE_SECONDS = 0.03
LOOK_SECONDS = 0.06
LIMIT_SECONDS = 5.0


@dataclass(slots=True, kw_only=True)
class Witness:
    """
    Two threads outside of the product and of the app.

    `acknowledged` are the numbers whose order the app said that it has taken; `served` the pairs of build and schema that
    it answered with.
    """

    port: int
    first: int = field(default_factory=lambda: time.time_ns() // 1_000_000)  # no witness before wrote these numbers
    acknowledged: set[int] = field(default_factory=set)
    served: set[tuple[str, str]] = field(default_factory=set)
    looks: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Write and look until `stop`."""
        self._threads = [threading.Thread(target=act, daemon=True) for act in (self._record, self._probe)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Nobody writes or looks any more."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def look(self) -> tuple[str, str]:
        """Return the pair of build and schema that serves now; raises OSError where nobody answers."""
        found = json.loads(ask(self.port, "GET", "/"))
        return found["build"], found["schema"]

    def write(self, number: int) -> bool:
        """Tell whether the app took the order of this number."""
        return json.loads(ask(self.port, "POST", f"/orders/{number}"))["taken"] is True

    def _record(self) -> None:
        number = self.first
        while not self._ended.wait(WRITE_SECONDS):
            try:
                if self.write(number):
                    self.acknowledged.add(number)
            except (OSError, http.client.HTTPException, ValueError):
                pass
            number += 1

    def _probe(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            try:
                self.served.add(self.look())
                self.looks += 1
            except (OSError, http.client.HTTPException, ValueError):
                continue


def ask(port: int, verb: str, path: str, body: object = None) -> bytes:
    """Return what the app answers; raises OSError where that is not what was asked for."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_SECONDS)
    try:
        connection.request(verb, path, body=None if body is None else json.dumps(body))
        answer = connection.getresponse()
        content = answer.read()
        if answer.status not in (200, 201):
            raise OSError(f"status {answer.status}")
        return content
    finally:
        connection.close()
