"""A file that a user asked for: whole under its name, or not there at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from amankan.adapters.disks.descriptors import failed, sync_folder
from amankan.errors import Refused
from amankan.model.sentence import say

PART: Final = ".part"
"""How the name of a file ends that is not whole yet."""


def write_out(path: Path, content: Iterable[bytes]) -> int:
    """
    A new file of that name holds the content, for its owner alone; returns its bytes.

    Raises:
        Refused: there is a file of that name; nothing was touched.
        DiskFailed: the disk refused; there is no such file.
    """
    if path.exists() or path.is_symlink():
        raise Refused(say("cannot write {path}: there is one already", path=str(path)), next=say("choose another name"))
    begun = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        try:
            size_bytes = _write(begun, content)
            os.link(begun, path)
            sync_folder(path.absolute().parent)
        finally:
            with suppress(FileNotFoundError):
                begun.unlink()
    except OSError as fault:
        raise failed("write", str(path), fault=fault) from fault
    return size_bytes


def _write(path: Path, content: Iterable[bytes]) -> int:
    size_bytes = 0
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "wb") as opened:
        for piece in content:
            size_bytes += opened.write(piece)
        opened.flush()
        os.fsync(opened.fileno())
    return size_bytes


def write_anew(path: Path, content: Iterable[bytes]) -> int:
    """
    The file of that name holds the content, for its owner alone, instead of what it may have held; returns its bytes.

    Raises:
        DiskFailed: the disk refused; the file is as it was, or not there.
    """
    begun = path.with_name(f".{path.name}{PART}")
    try:
        try:
            begun.unlink(missing_ok=True)
            size_bytes = _write(begun, content)
            os.replace(begun, path)
            sync_folder(path.absolute().parent)
        finally:
            with suppress(FileNotFoundError):
                begun.unlink()
    except OSError as fault:
        raise failed("write", str(path), fault=fault) from fault
    return size_bytes


def take_away(path: Path) -> None:
    """There is no file of that name that `write_anew` wrote, and no part of one; may be repeated. Raises DiskFailed."""
    try:
        for each in (path.with_name(f".{path.name}{PART}"), path):
            each.unlink(missing_ok=True)
        if path.parent.is_dir():
            sync_folder(path.absolute().parent)
    except OSError as fault:
        raise failed("remove", str(path), fault=fault) from fault


def write_instead(path: Path, content: bytes) -> None:
    """
    The file of that name holds other content, for the same people as before.

    Raises:
        DiskFailed: the disk refused; the file is as it was.
    """
    place = path.resolve()
    begun = place.with_name(f".{secrets.token_hex(8)}.part")
    try:
        before = place.stat()
        try:
            _write(begun, (content,))
            with suppress(PermissionError):
                os.chown(begun, before.st_uid, before.st_gid)
            begun.chmod(stat.S_IMODE(before.st_mode))
            os.replace(begun, place)
            sync_folder(place.parent)
        finally:
            with suppress(FileNotFoundError):
                begun.unlink()
    except OSError as fault:
        raise failed("write", str(path), fault=fault) from fault
