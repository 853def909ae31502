"""A release's programs, run in its own folder."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from amankan.adapters.migrators.site import Booted, Said, Variables
from amankan.errors import CommandFailed, MigrationFailed
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.proc.airlock.enclosed import Airlock, enclosed, refuse_open, unclosed
from amankan.proc.command import Command
from amankan.proc.redact import redact
from amankan.proc.run import TAIL_BYTES, attempt
from amankan.proc.stream import Stream

# Enough for every list of migrations; a talkative tool does not fill our memory with what nobody reads.
KEPT_BYTES: Final = 4_000_000


class FolderTool:
    """Keeps the promise of `Tool` with processes of this machine that reach one server and nothing else."""

    def __init__(
        self,
        folder: Callable[[Release], str],
        *,
        airlock: Airlock,
        surroundings: Variables = (),
        start: tuple[str, ...] = (),
        account: tuple[int, int] | None = None,
    ) -> None:
        """
        Run the programs of releases.

        Args:
            folder: where a release lies, unpacked.
            airlock: what the programs reach; what the tool is told of a database must be as the airlock has it inside.
            surroundings: what the app is told by its own configuration.
            start: the words that start the app, for `boot`.
            account: the user and group under which all of it runs, if not our own.
        """
        self._folder, self._airlock, self._surroundings = folder, airlock, surroundings
        self._start, self._account = start, account

    def run(self, release: Release, words: tuple[str, ...], *, environment: Variables, limit_seconds: float) -> Said:
        """Return what `words` left."""
        return said_by(self._command(release, words, environment=environment, limit_seconds=limit_seconds))

    @contextmanager
    def boot(self, release: Release, *, environment: Variables, limit_seconds: float) -> Iterator[Booted]:
        """The app runs until the context is left."""
        with booted(self._command(release, self._start, environment=environment, limit_seconds=limit_seconds)) as running:
            yield running

    def _command(self, release: Release, words: tuple[str, ...], *, environment: Variables, limit_seconds: float) -> Command:
        uid, gid = self._account or (None, None)
        try:
            refuse_open(self._airlock, account=self._account)
        except CommandFailed as fault:
            raise MigrationFailed(fault.cannot, next=fault.next) from fault
        command = Command(
            words=words,
            limit_seconds=limit_seconds,
            environment=(*self._surroundings, *environment),
            folder=self._folder(release),
            uid=uid,
            gid=gid,
        )
        return enclosed(command, self._airlock)


def said_by(command: Command) -> Said:
    """Return what a command left, whatever its exit status is."""
    try:
        outcome = attempt(command)
    except CommandFailed as fault:
        raise MigrationFailed(fault.cannot) from fault
    if reason := unclosed(outcome):
        raise MigrationFailed(say("cannot run {program}: {reason}", program=command.program, reason=reason))
    output = redact(outcome.output[-KEPT_BYTES:].decode(errors="replace"), command.hidden())
    return Said(status=outcome.status, output=output, messages=outcome.messages)


@contextmanager
def booted(command: Command) -> Iterator[Booted]:
    """The command runs until the context is left."""
    try:
        stream = Stream(command)
    except CommandFailed as fault:
        raise MigrationFailed(fault.cannot) from fault
    with stream:
        yield _Running(stream, command)


class _Running:
    """A stream whose output is read all the time, so that the program never stops for us."""

    def __init__(self, stream: Stream, command: Command) -> None:
        self._stream, self._command = stream, command
        self._output = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ended(self) -> bool:
        return self._stream.ended()

    def said(self) -> Said:
        # An end that is cut inside a secret cannot be masked: what is before the first line break is left out.
        _, _, output = bytes(self._output).decode(errors="replace").partition("\n")
        return Said(status=0, output=redact(output, self._command.hidden()), messages=self._stream.messages())

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for piece in self._stream.pieces():
                self._output += piece
                del self._output[:-TAIL_BYTES]
