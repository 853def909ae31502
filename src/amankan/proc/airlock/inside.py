"""The inside of the airlock: namespaces, what is covered in them, and the program as the second process there."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any, Final, NoReturn

from amankan.proc.airlock import kernel

UNCLOSED: Final = 125
SAID_BY: Final = "airlock: "

# What two processes need to say to each other is one byte each time.
READY: Final = b"r"
SOCKET: Final = b"s"

RUN: Final = ("/run", "/var/run")
SHARED_MEMORY: Final = "/dev/shm"
KERNEL_SETTINGS: Final = "/proc/sys"
HOSTS: Final = "/etc/hosts"

# Deeper folders are made by their owners.
RUN_DEPTH: Final = 2


def enter(told: dict[str, Any], words: list[str], *, channel: socket.socket) -> NoReturn:
    """The program runs inside; this process ends with its status."""
    try:
        kernel.die_with_parent()
        sockets, uid, gid = sockets_of_machine(), os.geteuid(), os.getegid()
        kernel.leave_namespaces()
        if uid != 0:
            _map_user(uid, gid)
        channel.send(READY)
        if channel.recv(1) != READY:
            os._exit(UNCLOSED)
        init = os.fork()
        if init == 0:
            _begin(told, words, channel=channel, sockets=sockets)
        channel.close()
        os._exit(_status(os.waitpid(init, 0)[1]))
    except OSError as fault:
        refuse(fault)


def refuse(fault: OSError) -> NoReturn:
    """This process ends, and says why."""
    about = f"{os.fsdecode(fault.filename)}: " if fault.filename else ""
    sys.stderr.write(f"{SAID_BY}{about}{fault.strerror or fault}\n")
    sys.stderr.flush()
    os._exit(UNCLOSED)


def sockets_of_machine() -> tuple[str, ...]:
    """Return the paths of all unix sockets that are at work in the network of this process."""
    try:
        lines = Path("/proc/self/net/unix").read_text(errors="surrogateescape").split("\n")[1:]
    except OSError:
        return ()
    # Seven words, and then the path of a socket that has one.
    paths = {words[7] for words in (line.split(None, 7) for line in lines) if len(words) == 8}
    return tuple(sorted(path for path in paths if path.startswith("/")))


def _map_user(uid: int, gid: int) -> None:
    """This process stays who it was; a group can only be mapped by one who gave up to change them."""
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def _begin(told: dict[str, Any], words: list[str], *, channel: socket.socket, sockets: tuple[str, ...]) -> NoReturn:
    """The first process inside: everything here ends with it, and it ends with the program."""
    kernel.die_with_parent()
    try:
        _cover(told, sockets)
        kernel.raise_loopback()
        with socket.create_server(("127.0.0.1", told["port"]), backlog=128) as server:
            socket.send_fds(channel, [SOCKET], [server.fileno()])
        program = os.fork()
        if program == 0:
            channel.close()
            _become(told, words)
    except OSError as fault:
        refuse(fault)
    threading.Thread(target=_give_sockets, args=(channel,), daemon=True).start()
    while True:
        pid, status = os.wait()
        if pid == program:
            os._exit(_status(status))


def _give_sockets(channel: socket.socket) -> NoReturn:
    """Whoever is outside gets sockets of this network; when nobody is outside any more, everything ends."""
    with contextlib.suppress(OSError):
        while channel.recv(1):
            with socket.socket() as made:
                socket.send_fds(channel, [SOCKET], [made.fileno()])
    os._exit(UNCLOSED)


def _become(told: dict[str, Any], words: list[str]) -> NoReturn:
    try:
        for number in (signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        kernel.give_up_rights()
        if told["account"] is not None:
            uid, gid = told["account"]
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
        os.chdir(told["folder"])
        os.execvp(words[0], words)
    except OSError as fault:
        fault.filename = fault.filename or words[0]
        refuse(fault)


def _cover(told: dict[str, Any], sockets: tuple[str, ...]) -> None:
    """Nothing of this process's files leads to production, and none of that is seen outside."""
    kernel.mount("none", "/", flags=kernel.ALL_BELOW | kernel.PRIVATE)
    for path in sockets:
        _cover_file(path)
    for folder in told["unwritten"]:
        kernel.bind_read_only(folder)
    for folder in told["hidden"]:
        if os.path.isdir(folder) and not _holds(folder, told["folder"]):
            mode = os.stat(folder).st_mode & 0o7777
            kernel.mount("tmpfs", folder, kind="tmpfs", flags=kernel.QUIET, options=f"mode={mode:o}")
    for folder in RUN:
        if os.path.isdir(folder) and not os.path.islink(folder) and not _holds(folder, told["folder"]):
            _cover_run(folder)
    if os.path.isdir(SHARED_MEMORY):
        kernel.mount("tmpfs", SHARED_MEMORY, kind="tmpfs", flags=kernel.QUIET, options="mode=1777")
    _name_server(told["name"])
    with contextlib.suppress(OSError):
        # Where it is refused, the program sees other processes, and still cannot do anything to them.
        kernel.mount("proc", "/proc", kind="proc", flags=kernel.QUIET)
    kernel.bind_read_only(KERNEL_SETTINGS)


def _cover_file(path: str) -> None:
    try:
        os.stat(path)
    except OSError:
        return  # gone, in the files of another container, or where we may not enter and so neither may the program
    kernel.bind("/dev/null", path)


def _cover_run(folder: str) -> None:
    """The folder is empty but for the folders that a program may want to write to."""
    made = [(place, os.stat(place)) for place in _folders(folder, depth=RUN_DEPTH)]
    kernel.mount("tmpfs", folder, kind="tmpfs", flags=kernel.QUIET, options="mode=755")
    for place, found in made:
        os.mkdir(place)
        with contextlib.suppress(OSError):
            os.chown(place, found.st_uid, found.st_gid)
        os.chmod(place, found.st_mode & 0o7777)


def _folders(folder: str, *, depth: int) -> list[str]:
    found: list[str] = []
    with contextlib.suppress(OSError):
        for entry in sorted(os.scandir(folder), key=lambda each: each.name):
            if entry.is_dir(follow_symlinks=False):
                found += [entry.path, *(_folders(entry.path, depth=depth - 1) if depth > 1 else [])]
    return found


def _name_server(name: str) -> None:
    """The server's name is known, and no other."""
    if not os.path.exists(HOSTS):
        return
    hosts = f"{SHARED_MEMORY}/.hosts"
    names = " ".join(dict.fromkeys(("localhost", name)))
    Path(hosts).write_text(f"127.0.0.1 {names}\n")
    kernel.bind(hosts, HOSTS)
    os.unlink(hosts)


def _holds(folder: str, other: str) -> bool:
    return Path(other).resolve().is_relative_to(Path(folder).resolve())


def _status(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
