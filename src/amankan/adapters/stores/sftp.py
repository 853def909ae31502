"""A folder of another machine, reached by SFTP."""

from __future__ import annotations

import posixpath
import secrets
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, cast

import asyncssh
from asyncssh import SFTPAttrs, SFTPClientFile, SFTPError

from amankan.adapters.stores.asking import BEGUN, begin, collect, open_file, prune, publish, remove, size_of, walk
from amankan.adapters.stores.line import Address, Line
from amankan.adapters.stores.names import words_of
from amankan.errors import StoreFailed
from amankan.model.sentence import Sentence, say

PIECE_BYTES: Final = 1 << 20
# What is sent in one go: many requests on their way at once, so that a far machine is not waited for at each.
SENT_BYTES: Final = 4 << 20


class SftpStore:
    """
    Keeps the promise of `ports.store` below one folder of a machine: folders 0700, files 0600, no link is ever followed.

    A file is written under a hidden name, synced where the server can, and renamed: SFTP's own rename never replaces.
    Source: draft-ietf-secsh-filexfer-02, 6.5 and 6.8; OpenSSH's PROTOCOL, `fsync@openssh.com`.
    """

    def __init__(self, address: Address, root: str) -> None:
        """Touch nothing; a root without `/` in front is relative to the home folder there."""
        self._address, self._root, self._line = address, root or ".", Line(address)

    def put(self, name: str, content: Iterable[bytes]) -> int:
        """A new file of that name holds the content; returns its bytes."""
        path = self._path(name)
        folder = posixpath.dirname(path)
        begun = posixpath.join(folder, f".{secrets.token_hex(8)}{BEGUN}")
        with self._failing(name):
            self._line.ask(lambda client: client.makedirs(folder, SFTPAttrs(permissions=0o700), exist_ok=True))
            if self.size(name) is not None:
                raise StoreFailed(say("cannot put {name}: there is one already", name=name))
            file = self._line.ask(lambda client: begin(client, begun))
        try:
            size_bytes = self._send(name, content, file=file)
            with self._failing(name):
                self._line.ask(lambda client: publish(client, file, begun=begun, path=path))
        except BaseException:
            self._abandon(file, begun)
            raise
        there = self.size(name)
        if there != size_bytes:
            raise StoreFailed(
                say("cannot put {name}: {there} of {bytes} bytes arrived", name=name, there=there or 0, bytes=size_bytes)
            )
        return size_bytes

    def get(self, name: str) -> Generator[bytes, None, None]:
        """Return the content in pieces of at most 1 MiB."""
        path = self._path(name)
        with self._failing(name):
            file = self._line.ask(lambda client: open_file(client, path))
        return self._pieces(name, file)

    def names(self, folder: str = "") -> tuple[str, ...]:
        """Return the names of all files below a folder, sorted; hidden ones and links are not among them."""
        with self._failing(folder):
            found = self._line.ask(lambda client: walk(client, self._path(folder), within=folder))
        return tuple(sorted(name for name in found if not posixpath.basename(name).startswith(".")))

    def size(self, name: str) -> int | None:
        """Return the bytes of a file, or None where there is none."""
        path = self._path(name)
        with self._failing(name):
            return self._line.ask(lambda client: size_of(client, path))

    def delete(self, name: str) -> None:
        """There is no file of that name, and no empty folder where it was; may be repeated."""
        path = self._path(name)
        if self.size(name) is None:
            return
        with self._failing(name):
            self._line.ask(lambda client: remove(client, path))
            self._line.ask(lambda client: prune(client, posixpath.dirname(path), root=self._root))

    def collect(self, folder: str, *, older_than_seconds: float) -> int:
        """Files that a crash left unfinished are gone where they are old by the clock of the other machine."""
        with self._failing(folder):
            return self._line.ask(
                lambda client: collect(client, self._path(folder), root=self._root, older_than_seconds=older_than_seconds)
            )

    def _path(self, name: str) -> str:
        return posixpath.join(self._root, *(words_of(name) if name else ()))

    def _send(self, name: str, content: Iterable[bytes], *, file: SFTPClientFile) -> int:
        size_bytes = 0
        for block in _blocks(content):
            with self._failing(name):
                size_bytes += self._line.ask(lambda _, block=block: file.write(block))  # type: ignore[misc]
        return size_bytes

    def _abandon(self, file: SFTPClientFile, begun: str) -> None:
        """What was begun is gone as far as the other machine can be reached; what is left is for `collect`."""
        with suppress(asyncssh.Error, OSError):
            self._line.ask(lambda _: file.close())
        with suppress(asyncssh.Error, OSError):
            self._line.ask(lambda client: remove(client, begun))

    def _pieces(self, name: str, file: SFTPClientFile) -> Generator[bytes, None, None]:
        try:
            with self._failing(name):
                while piece := self._line.ask(lambda _: file.read(PIECE_BYTES)):
                    yield cast("bytes", piece)
        finally:
            with suppress(asyncssh.Error, OSError):
                self._line.ask(lambda _: file.close())

    @contextmanager
    def _failing(self, name: str) -> Iterator[None]:
        try:
            yield
        except (asyncssh.Error, OSError, ValueError) as error:
            fault = say("cannot use {name} on {host}: {why}", name=name or "/", host=self._address.host, why=_why(error))
            raise StoreFailed(fault, next=self._remedy(error)) from error

    def _remedy(self, error: Exception) -> Sentence | None:
        if isinstance(error, SFTPError):
            return None
        return say("see that this works without a question: sftp {address}", address=self._address.words())


def _blocks(content: Iterable[bytes]) -> Iterator[bytes]:
    gathered, size_bytes = [], 0
    for piece in content:
        gathered.append(piece)
        size_bytes += len(piece)
        if size_bytes >= SENT_BYTES:
            yield b"".join(gathered)
            gathered, size_bytes = [], 0
    if gathered:
        yield b"".join(gathered)


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(getattr(error, "reason", "") or getattr(error, "strerror", "") or error) or type(error).__name__
