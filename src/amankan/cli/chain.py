"""The chain of snapshots compared with what the journal says of it."""

from __future__ import annotations

from amankan.cli.desk import Desk
from amankan.cli.history import accounts
from amankan.model.sentence import say
from amankan.vault.catalogue import Census
from amankan.vault.chain import Break, Head, breaks


def known_head(desk: Desk) -> Head | None:
    """Return the place in the chain that the last backup of the journal took, or None where there was none."""
    for told in accounts(desk):
        for step in reversed(told.steps):
            sequence, digest = step.evidence.get("sequence"), step.evidence.get("manifest")
            if isinstance(sequence, int) and isinstance(digest, str):
                return Head(sequence=sequence, digest=digest)
    return None


def chain_breaks(desk: Desk, census: Census) -> tuple[Break, ...]:
    """Return where the chain does not hold, the end of it as the journal knows it too."""
    return breaks(census.links, known_head(desk))


def tell_breaks(desk: Desk, census: Census) -> None:
    """Whoever reads the screen was warned of each place where the chain does not hold."""
    for gap in chain_breaks(desk, census):
        desk.printer.warn(say("the chain of snapshots does not hold: {why}", why=gap.sentence))
