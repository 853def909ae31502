"""Words for people that several commands use."""

from __future__ import annotations

from typing import Final

from amankan.journal.account import Account, Standing
from amankan.model.sentence import Sentence, say

OUTCOMES: Final = {
    "done": say("done"),
    "as-before": say("exactly as before"),
    "stopped": say("stopped; hands are needed"),
    "unfinished": say("unfinished"),
}

STANDINGS: Final = {
    Standing.BEGUN: say("under way"),
    Standing.DONE: say("done"),
    Standing.FAILED: say("failed"),
    Standing.UNDONE: say("undone"),
}


def outcome_text(told: Account) -> Sentence:
    """Return how an operation ended."""
    return OUTCOMES[told.outcome]
