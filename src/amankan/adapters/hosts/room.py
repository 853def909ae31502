"""Room on this machine's disks."""

from __future__ import annotations

import os
from pathlib import Path


def free_bytes(folder: Path) -> tuple[int, int] | None:
    """Return the number of the disk that a folder is, or would be, on, and its free bytes; None where that cannot be seen."""
    for place in (folder, *folder.parents):
        try:
            room = os.statvfs(place)
            return place.stat().st_dev, room.f_bavail * room.f_frsize
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None
