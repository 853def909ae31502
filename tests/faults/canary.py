"""Secrets that are new in each campaign, looked for in all that the product lets be seen."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Self

from tests.faults.trial import Told
from tests.faults.world import Ground

LOOK_SECONDS = 0.2


class Canary:
    """While this context lasts the words of all processes are gathered in which a secret stands."""

    def __init__(self, ground: Ground) -> None:
        """Look for the secrets of a ground."""
        self._ground, self._ended = ground, threading.Event()
        self._seen: set[str] = set()
        self._looks = 0
        self._thread = threading.Thread(target=self._look, daemon=True)

    def told(self) -> Told:
        """Return what was seen until now, among processes and in all that commands wrote."""
        wrong = [f"I8: a secret stood among the words of {words}" for words in sorted(self._seen)]
        texts = self._ground.nest.texts()
        wrong += ["I8: a command wrote a secret" for secret in self._ground.secrets() if secret in texts]
        if not self._looks or not texts:
            wrong.append("nothing was looked at")
        return Told(id="I8 canaries", ending="done", wrong=wrong)

    def _look(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self._looks += 1
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    words = path.read_bytes()
                except OSError:
                    continue
                if any(secret in words for secret in self._ground.secrets()):
                    self._seen.add(words.split(b"\0")[0].decode(errors="replace"))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
