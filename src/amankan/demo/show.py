"""The demonstration from its first line to its last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from amankan.demo.acts import ACTS, Act
from amankan.demo.place import Place, built
from amankan.demo.play import Play, Teller
from amankan.demo.writer import Purchases, Writer
from amankan.errors import AmankanError


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was counted at the end: purchases that were confirmed, how many of them are missing, and all invoices."""

    purchases: Purchases
    missing: int
    rows: int
    faults: tuple[str, ...]
    folder: str

    @property
    def passed(self) -> bool:
        """Whether everything was as expected, and something was bought at all."""
        return not self.faults and self.missing == 0 and self.purchases.confirmed > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """To whom it is shown, in which language, and what is done at the end, while everything still runs."""

    teller: Teller
    language: str
    beside: bool
    afterwards: Callable[[Place, Tally], None]


def show(audience: Audience) -> Tally:
    """
    Everything was shown and counted, and nothing of it is left.

    Raises:
        Refused: the embedded PostgreSQL is not installed, or there is no account as which a server may run.
    """
    with built() as place, Writer(place.port) as writer:
        play = Play(place=place, writer=writer, teller=audience.teller, language=audience.language, beside=audience.beside)
        for each in ACTS:
            audience.teller.act(each.title, each.why)
            _play(each, play)
        tally = _counted(play)
        audience.afterwards(place, tally)
        return tally


def _play(act: Act, play: Play) -> None:
    """The act was played; one that could not be played to its end is a failed expectation, and the next one comes."""
    try:
        act.act(play)
    except AmankanError as fault:
        play.expect(False, fault.cannot)


def _counted(play: Play) -> Tally:
    """Count while nobody writes; the customer goes on afterwards only where the place is kept."""
    purchases = play.writer.purchases()
    return Tally(
        purchases=purchases,
        missing=play.missing(purchases.confirmed),
        rows=play.rows(),
        faults=tuple(play.faults),
        folder=str(play.place.folder),
    )
