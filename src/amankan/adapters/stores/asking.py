"""What is asked of another machine by SFTP."""

from __future__ import annotations

import asyncio
import posixpath
import secrets
import stat
from contextlib import suppress
from typing import Final

from asyncssh import SFTPAttrs, SFTPClient, SFTPClientFile, SFTPError, SFTPNoSuchFile, SFTPOpUnsupported
from asyncssh.constants import FXF_CREAT, FXF_EXCL, FXF_WRITE

BEGUN: Final = ".part"
"""How the names of files end that were begun and never finished; they are hidden, so that no list shows one."""

# How many folders are asked for at once.
MOST_ASKED: Final = 16


async def begin(client: SFTPClient, path: str) -> SFTPClientFile:
    """Return a new file, open for writing and for its owner's eyes only; SFTPError where there is one."""
    attributes = SFTPAttrs(permissions=0o600)
    return await client.open(path, FXF_WRITE | FXF_CREAT | FXF_EXCL, attributes, encoding=None)


async def open_file(client: SFTPClient, path: str) -> SFTPClientFile:
    """Return a file that is there, open for reading; what is a link or a folder is no file."""
    if await size_of(client, path) is None:
        raise SFTPNoSuchFile("there is no such file")
    return await client.open(path, "rb")


async def publish(client: SFTPClient, file: SFTPClientFile, *, begun: str, path: str) -> None:
    """The file outlives the power where the server can sync it, and has its name, unless another one has it."""
    with suppress(SFTPOpUnsupported):
        await file.fsync()
    await file.close()
    await client.rename(begun, path)


async def size_of(client: SFTPClient, path: str) -> int | None:
    """Return the bytes of a file, or None where there is none."""
    try:
        state = await client.lstat(path)
    except SFTPNoSuchFile:
        return None
    return state.size if stat.S_ISREG(state.permissions or 0) else None


async def remove(client: SFTPClient, path: str) -> None:
    """There is no such file; may be repeated."""
    with suppress(SFTPNoSuchFile):
        await client.remove(path)


async def prune(client: SFTPClient, folder: str, *, root: str) -> None:
    """The folder and those above it are gone, up to the root, as far as they are empty."""
    while folder != root:
        try:
            await client.rmdir(folder)
        except SFTPError:  # one that is not empty stays
            return
        folder = posixpath.dirname(folder)


async def walk(client: SFTPClient, folder: str, *, within: str) -> list[str]:
    """Return the names of all files below a folder, those of hidden ones too."""
    found: list[str] = []
    left = [within]
    while left:
        asked, left = left[:MOST_ASKED], left[MOST_ASKED:]
        paths = {name: posixpath.join(folder, name.removeprefix(within).lstrip("/")) for name in asked}
        for listed in await asyncio.gather(*(_entries(client, path, within=name) for name, path in paths.items())):
            found += [name for name, mode in listed if stat.S_ISREG(mode)]
            left += [name for name, mode in listed if stat.S_ISDIR(mode) and not posixpath.basename(name).startswith(".")]
    return found


async def _entries(client: SFTPClient, path: str, *, within: str) -> list[tuple[str, int]]:
    """Return the names in a folder, below `within`, with their modes; none where there is no such folder."""
    try:
        listed = await client.readdir(path)
    except SFTPNoSuchFile:
        return []
    entries = [(str(entry.filename), entry.attrs.permissions or 0) for entry in listed]
    return [(posixpath.join(within, entry), mode) for entry, mode in entries if entry not in (".", "..")]


async def collect(client: SFTPClient, folder: str, *, root: str, older_than_seconds: float) -> int:
    """Files that a crash left unfinished are gone where they are old; returns how many."""
    begun = [posixpath.join(folder, name) for name in await walk(client, folder, within="") if name.endswith(BEGUN)]
    now = await _now(client, root) if begun and older_than_seconds > 0 else None
    gone = 0
    for path in begun:
        with suppress(SFTPNoSuchFile):
            if now is None or now - ((await client.lstat(path)).mtime or now) >= older_than_seconds:
                await client.remove(path)
                gone += 1
    return gone


async def _now(client: SFTPClient, root: str) -> float:
    """Return the time by the clock of the other machine."""
    path = posixpath.join(root, f".{secrets.token_hex(8)}{BEGUN}")
    file = await begin(client, path)
    try:
        await file.write(b"\n")
        await file.close()
        return float((await client.lstat(path)).mtime or 0)
    finally:
        await remove(client, path)
