"""How hard a backup may press on the server."""

from __future__ import annotations

from enum import Enum


class Pace(Enum):
    """`QUIET` leaves the app its speed and takes longer; `FAST` takes what the machine has; `STEADY` is between."""

    QUIET = "quiet"
    STEADY = "steady"
    FAST = "fast"
