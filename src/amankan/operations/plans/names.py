"""What a run calls the databases that it makes: never twice the same, and at most 63 bytes long."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

LIMIT_BYTES: Final = 63
"""PostgreSQL cuts longer names off without a word; source: PostgreSQL manual, "Identifiers and Key Words"."""


def run_name(app: str, time: datetime, *, token: str) -> str:
    """Return the name of a run: its time in UTC, the app, and eight hex digits that no other run has."""
    return f"{time.astimezone(UTC):%Y%m%dT%H%M%SZ}-{app}-{token}"


def database_name(live: str, role: str, *, run: str) -> str:
    """Return the name of the database that plays `role` for a run: the live name, cut between characters, role and token."""
    ending = f"_{role}_{token_of(run)}"
    kept = live.encode()[: LIMIT_BYTES - len(ending.encode())].decode(errors="ignore")
    return kept + ending


def snapshot_name(run: str, letter: str = "") -> str:
    """Return the id of a snapshot that a run takes: time, app and the run's token, with a letter for a second one."""
    return run + letter


def token_of(run: str) -> str:
    """Return the part of a run's name that is its own."""
    return run.rsplit("-", 1)[-1]
