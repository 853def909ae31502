"""Who may write, told to the server itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """
    The fencing token of one process at work on one run.

    `epoch` grows by one each time a process takes the run up again, so that a holder that slept through a recovery is
    told apart from the one that recovered.
    """

    run: str
    epoch: int

    def supersedes(self, other: Claim) -> bool:
        """Tell whether this claim may take the place of `other`: the same run, not older."""
        return self.run == other.run and self.epoch >= other.epoch
