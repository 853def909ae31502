"""What the kernel's table of mounts says of a folder."""

from __future__ import annotations

import pytest

from amankan.adapters.hosts.mounts import judge, mount_of
from amankan.model.keeping import Keeping

DISK, MEMORY, LAYER = Keeping.ON_DISK, Keeping.IN_MEMORY, Keeping.IN_LAYER
CASES = [
    ("27 1 254:0 / / rw,relatime - ext4 /dev/vda rw", False, DISK),
    ("27 1 254:0 / / rw,relatime - ext4 /dev/vda rw", True, DISK),
    ("30 27 0:25 / /tmp rw,nosuid shared:12 master:3 - tmpfs tmpfs rw,size=4k", False, MEMORY),
    ("30 27 0:25 / /srv/a\\040b rw - ramfs none rw", False, MEMORY),
    ("1 1 0:2 / / rw - rootfs rootfs rw", False, MEMORY),
    ("600 500 0:60 / / rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w", True, LAYER),
    ("600 500 0:60 / / rw,relatime - overlay composefs ro,lowerdir=/l", False, DISK),
    ("601 600 254:1 /srv/app /app rw,relatime - ext4 /dev/sda1 rw", True, DISK),
    ("601 600 254:1 /var/lib/docker/volumes/app/_data /app rw - ext4 /dev/sda1 rw", True, DISK),
    ("602 600 0:61 / /app rw - overlay overlay rw", True, DISK),
    ("603 600 0:44 /@/docker/btrfs/subvolumes/0badcafe / rw - btrfs /dev/sda1 rw", True, LAYER),
    ("604 600 254:1 /var/lib/docker/vfs/dir/0badcafe / rw - ext4 /dev/sda1 rw", True, LAYER),
    ("605 600 0:44 /lxc/web/rootfs / rw - btrfs /dev/sda1 rw", True, DISK),
]


@pytest.mark.parametrize(("line", "contained", "expected"), CASES, ids=range(len(CASES)))
def test_a_mount_is_judged(line: str, contained: bool, expected: Keeping) -> None:
    """Memory goes with the machine, a container's own root with the container; volumes and disks stay."""
    assert expected is judge(mount_of(line), contained=contained)


def test_a_place_is_read_as_it_is_called() -> None:
    """Blanks, line breaks and backslashes in the name of a place are what they were."""
    mount = mount_of("30 27 0:25 /a\\134b /srv/a\\040b\\012c rw - tmpfs tmpfs rw")
    assert (30, "/a\\b", "/srv/a b\nc", "tmpfs") == (mount.number, mount.root, mount.place, mount.kind)
