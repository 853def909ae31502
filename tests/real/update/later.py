"""`aman prune` some days from now: the same command, in a process whose clock goes ahead."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path

from amankan.adapters.clocks.system import SystemClock
from amankan.cli.desk import Desk
from amankan.cli.kept import as_document, prune_kept
from amankan.cli.wishes import Wishes


class LaterClock(SystemClock):
    """The clock of this machine, so many days ahead."""

    def __init__(self, days: int) -> None:
        """Go ahead by so many days."""
        self._ahead = timedelta(days=days)

    def now(self) -> datetime:
        """Return the wall time, ahead."""
        return super().now() + self._ahead


def main(folder: str, days: str) -> None:
    """What is due by then is dropped; tells each database with whether it is gone."""
    desk = Desk(Wishes(config=Path(folder) / "amankan.toml"))
    desk.__dict__["clock"] = LaterClock(int(days))
    for told in prune_kept(desk, dry_run=False, doubt=None):
        document = as_document(told)
        sys.stdout.write(f"{document['name']} {document['deleted']}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
