"""Where there is no guard to pass."""

from __future__ import annotations

from amankan.model.claim import Claim


class NoGuard:
    """Keeps the promise of `ports.guard` where no database has a guard."""

    def permit(self, database: str, *, why: str, minutes: int, claim: Claim) -> None:
        """Nothing stands in the way."""

    def settle(self, database: str, *, claim: Claim) -> None:
        """Nothing was permitted."""

    def follow(self, database: str, *, source: str, claim: Claim) -> None:
        """There is nothing to be like."""

    def settled(self, database: str, *, run: str) -> bool:
        """Return True."""
        return True
