"""What kind of file system a folder is on: one that stays, or one that goes with a reboot or with a container."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from amankan.model.keeping import Keeping

IN_MEMORY: Final = frozenset({"tmpfs", "ramfs", "devtmpfs", "rootfs"})
LAYERS: Final = frozenset({"overlay", "aufs", "fuse.fuse-overlayfs"})

# What engines put into each container; a container of a whole system (LXC) has none of them, and its root stays.
SIGNS: Final = ("/.dockerenv", "/run/.containerenv", "/var/run/secrets/kubernetes.io")

# Where engines keep a container's root if the file system itself makes the layers, or where each is a plain copy.
ENGINES: Final = re.compile(r"/(docker|containers/storage|containerd)/")
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One line of the kernel's table: its number, the folder of the file system that is seen, where, and of what kind."""

    number: int
    root: str
    place: str
    kind: str


def keeping_of(folder: Path) -> Keeping:
    """
    Return on what a folder lies, or would lie; ON_DISK where that cannot be seen.

    Source: proc(5), mountinfo and fdinfo: the number of a mount is exact, whatever is mounted over what.
    """
    try:
        number = _number(folder)
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return Keeping.ON_DISK
    found = next((mount for mount in map(mount_of, lines) if mount.number == number), None)
    contained = any(os.path.lexists(sign) for sign in SIGNS)
    return Keeping.ON_DISK if found is None else judge(found, contained=contained)


def judge(mount: Mount, *, contained: bool) -> Keeping:
    """Return what a mount is; `contained` tells that this is a container of one app."""
    if mount.kind in IN_MEMORY:
        return Keeping.IN_MEMORY
    layered = mount.kind in LAYERS or ENGINES.search(mount.root)
    return Keeping.IN_LAYER if contained and mount.place == "/" and layered else Keeping.ON_DISK


def mount_of(line: str) -> Mount:
    """Return what a line of mountinfo says."""
    words, _, behind = line.partition(" - ")
    number, _, _, root, place, *_ = words.split(" ")
    return Mount(number=int(number), root=_plain(root), place=_plain(place), kind=behind.partition(" ")[0])


def _number(folder: Path) -> int:
    """Return the number of the mount that a folder, or the nearest above it that is there, is on."""
    for place in (folder, *folder.parents):
        try:
            descriptor = os.open(place, os.O_PATH)
        except (FileNotFoundError, NotADirectoryError):
            continue
        try:
            said = Path(f"/proc/self/fdinfo/{descriptor}").read_text(encoding="ascii")
        finally:
            os.close(descriptor)
        return int(next(line.split()[1] for line in said.splitlines() if line.startswith("mnt_id:")))
    raise FileNotFoundError(folder)


def _plain(text: str) -> str:
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), text)
