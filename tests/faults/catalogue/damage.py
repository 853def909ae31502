"""Ten thousand damages to what the product stored: snapshots in the vault, and journals."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

from amankan.config.read import read
from amankan.errors import AmankanError
from amankan.journal.replay import replay
from amankan.testing.stores import MemoryStore
from amankan.vault.catalogue import Catalogue
from amankan.vault.reading import examine
from amankan.vault.signature import Keyring
from amankan.wiring import keychain
from tests.faults.catalogue.play import AS_BEFORE, DONE, Fault, Play
from tests.faults.judge import journals

SNAPSHOT_DAMAGES = 8000
JOURNAL_DAMAGES = 2000

Objects = dict[str, bytes]


def damaged_snapshots(play: Play, *, count: int) -> None:
    """F043: so many cuts, flips and swaps of stored snapshots; each is noticed."""
    assert 0 == play.aman("backup").status
    whole = objects_in(play.world.folder / "backups")
    keyring = keychain(read(play.world.folder / "amankan.toml")).keyring()
    good = believed(whole, keyring)
    assert 2 == len(good)
    unseen = [what for what, objects in _damages(whole, play.chance, count=count) if believed(objects, keyring) == good]
    assert [] == unseen


def damaged_journals(play: Play, *, count: int) -> None:
    """F170: so many cuts, flips and swaps of journals; each is refused, or stands behind the good lines as a tail."""
    unseen = []
    paths = journals(play.world)
    for _ in range(count):
        path = play.chance.choice(paths)
        what, content = _spoiled_lines(path.read_bytes().rstrip(b"\0"), play.chance)
        try:
            noticed = replay(content, path.parent.name).tail != b""
        except AmankanError:
            noticed = True
        if not noticed:
            unseen.append(what)
    assert [] == unseen


def objects_in(folder: Path) -> Objects:
    """Return every file below a folder by its name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def believed(objects: Objects, keyring: Keyring) -> list[tuple[str, str, str]]:
    """Return the snapshots that are believed and whole, each with its digest and how it was proved."""
    store = MemoryStore()
    store.objects.update(objects)
    found = []
    for entry in Catalogue(store, app="shop", keyring=keyring).census().entries:
        try:
            examine(store, entry.manifest)
        except AmankanError:
            continue
        found.append((entry.manifest.snapshot, entry.digest, entry.proof.value))
    return found


def _damages(whole: Objects, chance: random.Random, *, count: int) -> list[tuple[str, Objects]]:
    """Return objects of which one or two are not what they were, and what was done to them."""
    names = [name for name, content in whole.items() if content]
    found = list[tuple[str, Objects]]()
    while len(found) < count:
        name = chance.choice(names)
        content, what = whole[name], chance.choice(("cut", "flip", "swap", "blocks"))
        if what == "swap":
            other = chance.choice(names)
            changed = {name: whole[other], other: content}
        else:
            changed = {name: _spoiled(content, what, chance)}
        if any(whole[each] != changed[each] for each in changed):
            found.append((f"{what} {' '.join(changed)}", whole | changed))
    return found


def _spoiled(content: bytes, what: str, chance: random.Random) -> bytes:
    place = chance.randrange(len(content))
    if what == "cut":
        return content[:place]
    if what == "flip":
        flipped = bytearray(content)
        flipped[place] ^= 1 << chance.randrange(8)
        return bytes(flipped)
    size, other = chance.randint(1, max(1, len(content) // 4)), chance.randrange(len(content))
    first, second = sorted((place, other))
    size = min(size, second - first, len(content) - second)
    return b"".join(
        (content[:first], content[second : second + size], content[first + size : second], content[first : first + size],
         content[second + size :])
    )  # fmt: skip


def _spoiled_lines(content: bytes, chance: random.Random) -> tuple[str, bytes]:
    """Return a damaged journal; a cut leaves a part of a line, for only the server notices whole lines that are gone."""
    what = chance.choice(("cut", "flip", "swap"))
    lines = content.splitlines(keepends=True)
    while True:
        if what == "swap":
            spoiled = list(lines)
            first, second = chance.sample(range(len(lines)), 2)
            spoiled[first], spoiled[second] = spoiled[second], spoiled[first]
            changed = b"".join(spoiled)
        else:
            changed = _spoiled(content, what, chance)
        if changed != content and (what != "cut" or not changed.endswith(b"\n")) and changed:
            return what, changed


FAULTS = (
    Fault(id="F043", endings=DONE, act=partial(damaged_snapshots, count=SNAPSHOT_DAMAGES)),
    Fault(id="F170 damages", endings=AS_BEFORE, act=partial(damaged_journals, count=JOURNAL_DAMAGES)),
)
