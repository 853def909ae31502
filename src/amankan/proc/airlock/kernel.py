"""The system calls of the airlock, as far as Python has none of them."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import struct
from typing import Final

_LIBC: Final = ctypes.CDLL(None, use_errno=True)

# Source: linux/sched.h. Files, users, networks, processes and shared memory of their own.
_NAMESPACES: Final = 0x00020000 | 0x10000000 | 0x40000000 | 0x20000000 | 0x08000000

# Source: linux/mount.h
READ_ONLY: Final = 1
REMOUNT: Final = 32
BIND: Final = 4096
ALL_BELOW: Final = 16384
PRIVATE: Final = 1 << 18
QUIET: Final = 2 | 4 | 8
_RELATIVE_TIMES: Final = 1 << 21

# Source: linux/prctl.h
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_CAPBSET_DROP: Final = 24
_PR_SET_NO_NEW_PRIVS: Final = 38

# Source: linux/capability.h. Owners and modes of files, signals, accounts, low ports: without mounts, networks or tracing.
_KEPT_RIGHTS: Final = frozenset({0, 1, 2, 3, 4, 5, 6, 7, 10})

# Source: linux/sockios.h and linux/if.h
_SIOCSIFFLAGS: Final = 0x8914
_IFF_UP_RUNNING: Final = 0x1 | 0x40


def leave_namespaces() -> None:
    """This process is in namespaces of its own, and its next child in a namespace of processes."""
    _call("unshare", _NAMESPACES)
    # Or else whoever looks for what is left of us could not read to whom it belongs.
    _call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)


def die_with_parent() -> None:
    """This process is killed when its parent ends."""
    _call("prctl", _PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def give_up_rights() -> None:
    """No program that this process becomes has a right that goes beyond files and accounts, not even as root."""
    for right in range(_last_right() + 1):
        if right not in _KEPT_RIGHTS:
            _call("prctl", _PR_CAPBSET_DROP, right, 0, 0, 0)
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _last_right() -> int:
    with open("/proc/sys/kernel/cap_last_cap") as file:
        return int(file.read())


def mount(source: str, target: str, *, kind: str = "", flags: int = 0, options: str = "") -> None:
    """The target shows the source."""
    words = (source.encode(), os.fsencode(target), kind.encode() or None)
    _call("mount", *words, ctypes.c_ulong(flags), options.encode() or None, about=target)


def bind(source: str, target: str) -> None:
    """The target shows what the source shows, and all that is mounted below it."""
    mount(source, target, flags=BIND | ALL_BELOW)


def bind_read_only(folder: str) -> None:
    """Nothing can be written in the folder."""
    bind(folder, folder)
    kept = os.statvfs(folder).f_flag
    times = (kept & (1024 | 2048)) | (_RELATIVE_TIMES if kept & 4096 else 0)
    mount("none", folder, flags=REMOUNT | BIND | READ_ONLY | (kept & QUIET) | times)


def raise_loopback() -> None:
    """The loopback device of this namespace works."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        fcntl.ioctl(asked, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP_RUNNING))


def _call(name: str, *words: object, about: str = "") -> None:
    if getattr(_LIBC, name)(*words) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}", about or None)
