"""A line to another machine by SSH, for a program that knows nothing of event loops."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

import asyncssh
from asyncssh import SFTPClient, SSHClientConnection

CONNECT_SECONDS: Final = 30.0
# How long one request may take, of which the largest moves a few MiB; a line that is silent for longer is cut.
ANSWER_SECONDS: Final = 180.0
ALIVE_SECONDS: Final = 15.0

Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A machine and who one is there; empty and 0 for what OpenSSH's own configuration says."""

    host: str
    user: str = ""
    port: int = 0

    def words(self) -> str:
        """Return how a user types it for `sftp`."""
        port = f"-P {self.port} " if self.port else ""
        return f"{port}{self.user}@{self.host}" if self.user else f"{port}{self.host}"


class _Held:
    """The connection of now, apart from the line, so that the line's end can end it."""

    connection: SSHClientConnection | None = None
    client: SFTPClient | None = None


class Line:
    """
    One connection for all threads, made by the first request and made again by the first one after it was lost.

    Keys, agents, known hosts and names of machines are those of OpenSSH's configuration; nobody is ever asked.
    """

    def __init__(self, address: Address) -> None:
        """Touch nothing."""
        self._address = address
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connecting = asyncio.Lock()
        self._held = _Held()

    def ask(self, act: Callable[[SFTPClient], Awaitable[Kept]]) -> Kept:
        """
        Return what `act` returns.

        Raises:
            asyncssh.Error, OSError: the machine cannot be reached, refuses us, or refuses the request.
        """
        asked = asyncio.run_coroutine_threadsafe(self._asked(act), self._running())
        return asked.result()

    async def _asked(self, act: Callable[[SFTPClient], Awaitable[Kept]]) -> Kept:
        client = await self._connected()
        try:
            return await asyncio.wait_for(act(client), ANSWER_SECONDS)
        except TimeoutError:
            if self._held.connection is not None:
                self._held.connection.abort()
            raise

    async def _connected(self) -> SFTPClient:
        async with self._connecting:
            held = self._held
            if held.client is None or held.connection is None or held.connection.is_closed():
                held.client = None
                held.connection = await asyncio.wait_for(self._connect(), CONNECT_SECONDS)
                held.client = await asyncio.wait_for(held.connection.start_sftp_client(), CONNECT_SECONDS)
            return held.client

    async def _connect(self) -> SSHClientConnection:
        address = self._address
        return await asyncssh.connect(
            address.host,
            address.port or (),
            username=address.user or (),
            password_auth=False,
            kbdint_auth=False,
            keepalive_interval=ALIVE_SECONDS,
        )

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                thread = threading.Thread(target=self._loop.run_forever, name="sftp", daemon=True)
                thread.start()
                weakref.finalize(self, _end, self._held, self._loop, thread=thread)
            return self._loop


def _end(held: _Held, loop: asyncio.AbstractEventLoop, *, thread: threading.Thread) -> None:
    """The connection, the loop and what runs in it are gone; the other side sees its line end."""
    with suppress(RuntimeError, TimeoutError):
        asyncio.run_coroutine_threadsafe(_cut(held), loop).result(1.0)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(1.0)
    if not thread.is_alive():
        loop.close()


async def _cut(held: _Held) -> None:
    if held.connection is not None:
        held.connection.abort()
        await held.connection.wait_closed()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
