"""A release that runs as a process of this machine, as the probes see it."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from amankan.adapters.probes.asking import MOST_BYTES, REQUEST_SECONDS, ask, path_of, web
from amankan.errors import ProbeFailed
from amankan.model.release import Release
from amankan.model.runtime import RuntimeState
from amankan.model.secret import Secret
from amankan.model.sentence import say
from amankan.proc.redact import redact

MOST_LINES: Final = 5000
MOST_LOG_BYTES: Final = 4 << 20

# What the supervisor writes into the log before it starts a program again.
CAME_BACK: Final = "the program ended with status "


class Kept(Protocol):
    """What keeps the process."""

    def inventory(self) -> RuntimeState:
        """Return what is placed, and what is in the dark."""
        ...

    def address(self, run: str = "") -> str:
        """Return `HOST:PORT` of the app, or of what a run started in the dark."""
        ...

    def runs(self, run: str = "") -> bool:
        """Tell whether it is at work or about to come back."""
        ...

    def log(self, run: str = "") -> tuple[Path, int]:
        """Return the file of what it says, and where its newest start begins in it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """The process of one app, and what a run started of it in the dark; `hidden` is what its log may not show."""

    kept: Kept
    hidden: Callable[[], tuple[Secret, ...]] = tuple

    def ask_dark(self, url: str, *, run: str, release: Release) -> int:
        """Return the status that the new process itself answers with; ProbeFailed where another release is in the dark."""
        parts = web(url)
        digests = {image.digest for image in release.images}
        dark = next((each for each in self.kept.inventory().dark if each.run == run), None)
        if dark is None or not digests.issuperset(dark.digests) or not self.kept.runs(run):
            raise ProbeFailed(say("cannot ask the new release: no process of it runs in the dark"))
        host, _, port = self.kept.address(run).rpartition(":")
        headers = {"Host": parts.netloc, "X-Forwarded-Proto": parts.scheme, "User-Agent": "amankan", "Connection": "close"}
        link = http.client.HTTPConnection(host, int(port), timeout=REQUEST_SECONDS)
        try:
            link.request("GET", path_of(parts), headers=headers)
            answer = link.getresponse()
            answer.read(MOST_BYTES)
            return answer.status
        finally:
            link.close()

    def ask_live(self, url: str, *, release: Release) -> int:
        """Return the status that the world gets; ProbeFailed where another release is placed, or none runs."""
        parts = web(url)
        digests = {image.digest for image in release.images}
        for service in self.kept.inventory().services:
            if not service.running or service.digest not in digests:
                raise ProbeFailed(say("cannot trust {url}: another release is placed, or none runs", url=url))
        return ask(parts)

    def conditions(self, *, run: str = "") -> tuple[tuple[str, str], ...]:
        """Return the service and how it is, `ok` for well."""
        (service,) = self.kept.inventory().services
        if not self.kept.runs(run):
            return ((service.service, f"ended, see {self.kept.log(run)[0]}"),)
        times = sum(line.startswith(CAME_BACK) for line in self._written(run))
        return ((service.service, f"restarted {times} times" if times else "ok"),)

    def lines(self, *, run: str = "") -> tuple[str, ...]:
        """Return the newest lines that it wrote since it was started, of both streams, without what it is told in secret."""
        lines = self._written(run)
        hidden = [secret.reveal() for secret in self.hidden()]
        return tuple(redact("\n".join(lines), hidden).split("\n")) if lines else ()

    def _written(self, run: str) -> tuple[str, ...]:
        path, start_bytes = self.kept.log(run)
        try:
            with path.open("rb") as file:
                held_bytes = file.seek(0, 2)
                begin = start_bytes if start_bytes <= held_bytes else 0
                file.seek(max(begin, held_bytes - MOST_LOG_BYTES))
                text = file.read(MOST_LOG_BYTES).decode(errors="replace")
        except FileNotFoundError:
            return ()
        except OSError as fault:
            raise ProbeFailed(say("cannot read {path}: {reason}", path=str(path), reason=fault.strerror or "")) from fault
        return tuple(line for line in text.splitlines() if line.strip())[-MOST_LINES:]
