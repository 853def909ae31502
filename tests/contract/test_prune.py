"""Retention on a real vault: what is decided is done, once, and the chain holds."""

from datetime import timedelta

from tests.kit.vaults import SealedWorld

from amankan.model.snapshot import Proof
from amankan.testing.stores import MemoryStore
from amankan.vault.chain import breaks
from amankan.vault.prune import collect_orphans, decide_census, prune
from amankan.vault.retain import Keep

NOTHING = Keep(days=0, weekly=0, monthly=0)


def fill(world: SealedWorld, count: int) -> list[str]:
    """Take and prove a snapshot on each of so many days; return their ids."""
    ids = []
    for number in range(count):
        world.clock.time += timedelta(days=1)
        ids.append(world.take(f"{world.clock.time:%Y%m%dT%H%M%SZ}-shop-{number:08x}", rows=number))
        world.vault.attest(ids[-1], Proof.PROVED)
    return ids


def prune_once(world: SealedWorld, before_update: str = "") -> tuple[str, ...]:
    """Prune as the command does; return what went."""
    catalogue, now = world.vault.catalogue, world.clock.time
    return prune(catalogue, decide_census(catalogue.census(), keep=NOTHING, now=now, before_update=before_update), now=now)


def test_a_tenth_goes_in_one_day_and_the_chain_holds() -> None:
    """Pruning twice in one day deletes a tenth in all, on the next day again, and the chain has no break."""
    world = SealedWorld()
    ids = fill(world, 30)
    assert tuple(ids[1:4]) == prune_once(world, before_update=ids[0])
    assert () == prune_once(world, before_update=ids[0])
    world.clock.time += timedelta(days=1)
    assert tuple(ids[4:6]) == prune_once(world, before_update=ids[0])
    census = world.vault.catalogue.census()
    assert [ids[0], *ids[6:]] == [entry.manifest.snapshot for entry in census.entries]
    assert () == breaks(census.links)


def test_what_was_pinned_meanwhile_stays() -> None:
    """A snapshot that was pinned after the decision is not deleted."""
    world = SealedWorld()
    ids = fill(world, 12)
    catalogue, now = world.vault.catalogue, world.clock.time
    decisions = decide_census(catalogue.census(), keep=NOTHING, now=now)
    entry = catalogue.find(ids[0])
    assert entry is not None
    catalogue.pin(entry, why="the audit", time=now)
    assert () == prune(catalogue, decisions, now=now)


def test_a_clock_that_jumped_prunes_nothing() -> None:
    """A year later by a clock that jumped nothing goes, also after a backup by the wrong clock."""
    world = SealedWorld()
    fill(world, 12)
    world.clock.time += timedelta(days=365)
    assert () == prune_once(world)
    fill(world, 1)
    assert () == prune_once(world)


def test_orphans_go_when_they_are_old() -> None:
    """What a crash left goes after two days; what is young, of another app, or without a time in its name stays."""
    store = MemoryStore()
    world = SealedWorld(store=store)
    for folder in ("20260101T000000Z-shop-1", "20260105T000000Z-shop-2", "20260101T000000Z-bank-3", "odd-shop-4"):
        store.objects[f"{folder}/dump.pgc.zst.age"] = b"half"
    assert ("20260101T000000Z-shop-1",) == collect_orphans(world.vault.catalogue, now=world.clock.time)
    assert 3 == len(store.objects)


class Vanishing(MemoryStore):
    """A store in which another machine deletes a snapshot just after its names were listed."""

    gone = ""

    def names(self, folder: str = "") -> tuple[str, ...]:
        """Return what was there a moment ago."""
        found = super().names(folder)
        if self.gone:
            for name in [each for each in self.objects if each.startswith(self.gone)]:
                del self.objects[name]
        return found


def test_what_vanishes_between_listing_and_reading_is_not_there() -> None:
    """A snapshot that another machine deleted meanwhile is left out; the others are listed and can be pruned."""
    store = Vanishing()
    world = SealedWorld(store=store)
    ids = fill(world, 12)
    store.gone = ids[5]
    census = world.vault.catalogue.census()
    assert ids[:5] + ids[6:] == [entry.manifest.snapshot for entry in census.entries]
    assert () == census.faults
    assert None is world.vault.catalogue.find(ids[5])
