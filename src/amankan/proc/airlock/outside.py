"""The outside of the airlock: passes bytes between the program and its one server, and ends with the program."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any, Final

from amankan.proc.airlock import kernel
from amankan.proc.airlock.inside import READY, SOCKET, UNCLOSED, enter, refuse

PIECE_BYTES: Final = 1 << 16
LOOK_SECONDS: Final = 0.05

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Outside:
    """What stands outside: a relay to the server, and one to the program's own port."""

    def __init__(self, told: dict[str, Any], channel: socket.socket) -> None:
        """Speak over `channel` with the first process inside."""
        self._told, self._channel = told, channel

    async def serve(self, listener: socket.socket, *, inside: int) -> None:
        """Pass bytes until the process `inside` has ended."""
        ended = asyncio.Event()
        handle = os.pidfd_open(inside)
        asyncio.get_running_loop().add_reader(handle, ended.set)
        server = await asyncio.start_server(self._to_server, sock=listener)
        door = asyncio.create_task(self._open_door()) if self._told["door"] else None
        await ended.wait()
        server.close()
        if door is not None:
            door.cancel()

    async def _open_door(self) -> None:
        """The port outside is open as soon as something listens at the one inside, and not before."""
        port = self._told["door"]
        while True:
            with contextlib.suppress(OSError):
                (await self._inside())[1].close()
                break
            await asyncio.sleep(LOOK_SECONDS)
        try:
            door = await asyncio.start_server(self._to_program, "127.0.0.1", port)
        except OSError as fault:
            refuse(fault)
        await door.serve_forever()

    async def _to_server(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _meet((reader, writer), self._server)

    async def _to_program(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _meet((reader, writer), self._inside)

    async def _inside(self) -> Ends:
        """Return both ends of a connection to the program's port, made by a socket of its own network."""
        self._channel.send(SOCKET)
        made = _received(self._channel)
        made.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", self._told["door"]))
        except BaseException:
            made.close()
            raise
        return await asyncio.open_connection(sock=made)

    async def _server(self) -> Ends:
        host, port = self._told["host"], self._told["port"]
        if not host.startswith(("/", "@")):
            return await asyncio.open_connection(host, port)
        path = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else f"\0{host[1:]}/.s.PGSQL.{port}"
        made = socket.socket(socket.AF_UNIX)
        try:
            self._connect(made, path)
        except BaseException:
            made.close()
            raise
        return await asyncio.open_connection(sock=made)

    def _connect(self, made: socket.socket, path: str) -> None:
        """Connect as the program's account, which the server may ask for; as ourselves where that account may not."""
        if self._told["account"] is None:
            made.connect(path)
            return
        uid, gid = self._told["account"]
        kept = os.getegid()
        try:
            os.setegid(gid)
            os.seteuid(uid)
            with contextlib.suppress(PermissionError):
                made.connect(path)
                return
        finally:
            os.seteuid(os.getuid())
            os.setegid(kept)
            kernel.die_with_parent()  # the change of account took it away
        made.connect(path)


async def _meet(near: Ends, connect: Any) -> None:
    reader, writer = near
    try:
        far_reader, far_writer = await connect()
    except OSError as fault:
        sys.stderr.write(f"the airlock reaches nobody: {fault}\n")
        writer.close()
        return
    try:
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
    except OSError:
        pass  # one end went away: so does the other
    finally:
        writer.close()
        far_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(PIECE_BYTES):
        writer.write(piece)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


def _received(channel: socket.socket) -> socket.socket:
    """Return the socket that the other side sent; ConnectionError where there is no other side any more."""
    said, handles, _, _ = socket.recv_fds(channel, 1, 1)
    if not said or not handles:
        raise ConnectionError("nobody is inside")
    return socket.socket(fileno=handles[0])


def _map_users(inside: int) -> None:
    """For root, every account is inside who it is outside; what may be done to this machine is not among the rights there."""
    for kind in ("uid_map", "gid_map"):
        known = [line.split() for line in Path(f"/proc/self/{kind}").read_text().splitlines()]
        same = "".join(f"{first} {first} {count}\n" for first, _, count in known)
        Path(f"/proc/{inside}/{kind}").write_text(same)


def main() -> int:
    """Run what the command line says, and return its exit status."""
    told, words = json.loads(sys.argv[1]), sys.argv[2:]
    # The whole group is asked to end: the program hears it too, and we end when it does.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ours, theirs = socket.socketpair()
    inside = os.fork()
    if inside == 0:
        ours.close()
        enter(told, words, channel=theirs)
    theirs.close()
    try:
        if ours.recv(1) == READY:
            if os.geteuid() == 0:
                _map_users(inside)
            ours.send(READY)
            listener = _received(ours)
            asyncio.run(Outside(told, ours).serve(listener, inside=inside))
    except ConnectionError:
        pass  # whoever is inside has said why it ended
    except OSError as fault:
        refuse(fault)
    code = os.waitstatus_to_exitcode(os.waitpid(inside, 0)[1])
    return code if code >= 0 else UNCLOSED


if __name__ == "__main__":
    sys.exit(main())
