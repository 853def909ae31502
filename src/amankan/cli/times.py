"""Times as scripts read them."""

from __future__ import annotations

from datetime import UTC, datetime


def time_text(time: datetime) -> str:
    """Return a time by RFC 3339 in UTC."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
