"""
The process that carries a message out, and the only one that knows Apprise.

It reads what to do as JSON from its input and writes one answer for each address as JSON on the last line of its output.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from apprise import Apprise, AppriseAsset

# How the messengers of Apprise tell of the status that a service answered with.
STATUS: Final = re.compile(r"\berror=([1-9]\d\d)\b")


class Answer(Enum):
    """What became of a message at one address."""

    TAKEN = "taken"
    REFUSED = "refused"
    SILENT = "silent"
    STRANGE = "strange"


Given = tuple[Answer, int]
"""An answer, and the status of HTTP that came with it, or 0."""


def deliver(asked: dict[str, Any], *, until: float) -> list[Given]:
    """Return the answer of each address; without a message nobody is told, and TAKEN says that the address is understood."""
    messengers = [_messenger(url) for url in asked["urls"]]
    answers: dict[int, Given] = {}
    if asked["message"] is None:
        answers = {place: (Answer.TAKEN, 0) for place, messenger in enumerate(messengers) if messenger is not None}
        return [answers.get(place, (Answer.STRANGE, 0)) for place in range(len(messengers))]

    def tell(place: int, messenger: Apprise) -> None:
        answers[place] = _tell(messenger, asked["message"])

    threads = {
        place: threading.Thread(target=tell, args=(place, messenger), daemon=True)
        for place, messenger in enumerate(messengers)
        if messenger is not None
    }
    for thread in threads.values():
        thread.start()
    for thread in threads.values():
        thread.join(max(until - time.monotonic(), 0.0))
    left: dict[int, Given] = {
        place: (Answer.SILENT if thread.is_alive() else Answer.REFUSED, 0) for place, thread in threads.items()
    }
    return [(left | answers).get(place, (Answer.STRANGE, 0)) for place in range(len(messengers))]


def _messenger(url: str) -> Apprise | None:
    """Return what sends to an address (or to several, that stand in one text), or None where it is not understood."""
    from apprise import Apprise

    found = Apprise(asset=_asset())
    return found if found.add(url) and len(found) > 0 else None


def _asset() -> AppriseAsset:
    """Return how we are called, and that nothing is written to a disk."""
    from apprise import AppriseAsset, PersistentStoreMode

    return AppriseAsset(app_id="Amankan", app_desc="Amankan", app_url="", storage_mode=PersistentStoreMode.MEMORY)


def _tell(messenger: Apprise, message: dict[str, str]) -> Given:
    result = messenger.notify(title=message["title"], body=message["text"], notify_type=message["tone"], body_format="text")
    if result:
        return Answer.TAKEN, 0
    found = [int(match[1]) for entry in result.logs() if (match := STATUS.search(entry.message))]
    return Answer.REFUSED, found[-1] if found else 0


def main() -> None:
    """Answer once, and end without waiting for a messenger that is still at it."""
    begun = time.monotonic()
    asked = json.load(sys.stdin)
    answers = deliver(asked, until=begun + float(asked["limit_seconds"]))
    sys.stdout.write("\n" + json.dumps([(answer.value, status) for answer, status in answers]) + "\n")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
