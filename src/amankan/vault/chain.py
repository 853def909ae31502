"""The chain of manifests: each names the digest of the one before, so that none can be taken out or put in unseen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from amankan.model.sentence import Sentence, say
from amankan.vault.manifest import FIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One manifest's place in the chain, of a snapshot that is there or of one that was retired."""

    snapshot: str
    sequence: int
    previous: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest link that was ever seen; kept elsewhere, it tells when the newest snapshots were taken away."""

    sequence: int = 0
    digest: str = FIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A place where the chain does not hold: `what` is missing, forked, relinked or behind."""

    sequence: int
    what: str
    sentence: Sentence


def head(links: Iterable[Link]) -> Head:
    """Return the newest link's place; that of an empty chain where there is none."""
    newest = max(links, key=lambda link: (link.sequence, link.digest), default=None)
    return Head() if newest is None else Head(sequence=newest.sequence, digest=newest.digest)


def breaks(links: Iterable[Link], known: Head | None = None) -> tuple[Break, ...]:
    """Return every place where the chain does not hold, oldest first; `known` is a head that was seen before."""
    places: dict[int, dict[str, Link]] = {}
    for link in links:
        places.setdefault(link.sequence, {})[link.digest] = link
    newest = max(places, default=0)
    found = [fault for sequence in range(1, newest + 1) for fault in _look(sequence, places)]
    if known is not None and known.digest not in places.get(known.sequence, {}) and known.sequence:
        sentence = say("snapshot number {sequence}, seen before, is not in the vault", sequence=known.sequence)
        found.append(Break(sequence=known.sequence, what="behind", sentence=sentence))
    return tuple(found)


def _look(sequence: int, places: dict[int, dict[str, Link]]) -> list[Break]:
    here, before = places.get(sequence, {}), places.get(sequence - 1, {})
    if not here:
        return [Break(sequence=sequence, what="missing", sentence=say("snapshot number {n} is missing", n=sequence))]
    found = []
    if len(here) > 1:
        names = ", ".join(sorted(link.snapshot for link in here.values()))
        sentence = say("{names} all say that they are snapshot number {n}", names=names, n=sequence)
        found.append(Break(sequence=sequence, what="forked", sentence=sentence))
    for link in here.values():
        fits = link.previous in before if before else sequence > 1 or link.previous == FIRST
        if not fits:
            sentence = say("{id} does not follow the snapshot before it", id=link.snapshot)
            found.append(Break(sequence=sequence, what="relinked", sentence=sentence))
    return found
