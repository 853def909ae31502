"""Which update a way back leads from."""

from __future__ import annotations

import pytest

from amankan.errors import ConfigurationFault
from amankan.journal.shelf import meant
from amankan.operations.return_way import return_way
from amankan.testing.chance import Process
from amankan.testing.disk import SimDisk
from amankan.testing.world import World

NAMES = ("20260105T101500Z-shop-0badcafe", "20260105T101500Z-shop-0badcafe2", "20260106T101500Z-shop-0badf00d")


def disk_with(*runs: str) -> SimDisk:
    """Return a disk on which these runs have a folder."""
    disk = SimDisk(World(), Process(number=1))
    for run in runs:
        disk.make(f"journal/{run}/lines", room_bytes=16)
    return disk


@pytest.mark.parametrize(
    ("id", "found"),
    [(NAMES[0], NAMES[:1]), ("0badf00d", NAMES[2:]), ("20260105", NAMES[:2]), ("", NAMES), ("nope", ())],
)
def test_a_whole_name_means_itself(id: str, found: tuple[str, ...]) -> None:
    """The name of a run is no other's beginning; a part of a name means all that begin or end so."""
    assert found == meant(disk_with(*NAMES), id)


@pytest.mark.parametrize(
    ("id", "cannot"),
    [
        ("", "cannot go back: no update was opened yet"),
        ("0badf00d", "cannot go back to before 0badf00d: it is no update that was opened"),
    ],
)
def test_without_an_update_there_is_no_way_back(id: str, cannot: str) -> None:
    """Where nothing was opened the sentence says so, and the next command shows what there was."""
    with pytest.raises(ConfigurationFault) as caught:
        return_way(disk_with(*NAMES), id)
    assert (cannot, "aman history") == (str(caught.value.cannot), str(caught.value.next))
