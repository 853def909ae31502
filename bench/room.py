"""A file system that copies on write, in a file of this one, for as long as a measurement lasts."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.kit.postgres.place import account

GIBI = 1 << 30


@contextmanager
def reflinked(size_bytes: int) -> Iterator[tuple[Path | None, str]]:
    """
    Yield a folder that the servers' account may write, on XFS with reflinks, and what it is; None and why where it cannot be.

    The file is sparse: it takes what is written.
    """
    place = Path(tempfile.mkdtemp(prefix="aman-bench-room-", dir="/var/tmp"))
    place.chmod(0o755)
    image, mount = place / "image", place / "mount"
    mount.mkdir()
    mounted = False
    try:
        why = _made(image, mount, size_bytes=size_bytes)
        mounted = not why
        if why:
            yield None, why
            return
        folder = mount / "tables"
        folder.mkdir(mode=0o700)
        holder = account()
        shutil.chown(folder, holder.pw_uid, holder.pw_gid)
        yield folder, "XFS with reflinks"
    finally:
        if mounted:
            subprocess.run(["umount", str(mount)], check=True)
        shutil.rmtree(place)


def _made(image: Path, mount: Path, *, size_bytes: int) -> str:
    """Return why the file system could not be made and mounted; nothing where it was."""
    if shutil.which("mkfs.xfs") is None:
        return "mkfs.xfs is not installed (Debian package xfsprogs)"
    with image.open("wb") as file:
        file.truncate(size_bytes)
    for words in (["mkfs.xfs", "-q", "-m", "reflink=1", str(image)], ["mount", "-o", "loop", str(image), str(mount)]):
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            return (done.stderr or done.stdout).strip().splitlines()[-1]
    return ""
