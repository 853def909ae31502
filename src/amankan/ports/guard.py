"""The guard inside a database."""

from __future__ import annotations

from typing import Protocol

from amankan.model.claim import Claim


class Guard(Protocol):
    """
    Leave for the migration of a run to pass the guard, and its end; where a database has no guard, no verb does anything.

    EngineFailed means that nothing was changed. The claim is compared by whoever lends the guard to a step.
    """

    def permit(self, database: str, *, why: str, minutes: int, claim: Claim) -> None:
        """Statements in `database` pass its guard, for so long by the server's clock; may be repeated."""
        ...

    def settle(self, database: str, *, claim: Claim) -> None:
        """
        Nothing passes by a permit of this run any more, and the guard is at home in `database`; may be repeated.

        At home means: a guard that came along in a copy covers what its level promises there, and permits can hold.
        """
        ...

    def follow(self, database: str, *, source: str, claim: Claim) -> None:
        """
        The guard of `database`, filled from a copy, is at home and like that of `source`; may be repeated.

        Level, limits and the record of refusals are those of `source`. Where that has no guard, one that came along in the
        copy is at home, and none is made. Refused, like EngineFailed, means that nothing was changed.
        """
        ...

    def settled(self, database: str, *, run: str) -> bool:
        """Tell whether what `settle` promises is so; reads only."""
        ...
