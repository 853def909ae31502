"""How the acts of a demonstration act: by commands that are shown, and by expectations that may fail."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from amankan.demo.place import Place
from amankan.demo.writer import FIRST_NUMBER, Writer
from amankan.errors import EffectFailed
from amankan.journal.account import Account, account, entries_of
from amankan.journal.shelf import runs
from amankan.model.sentence import Sentence, say
from amankan.proc.run import attempt
from amankan.proc.shown import Shown
from amankan.wiring import disk, state_folder

LOOK_SECONDS: Final = 0.02


class Teller(Protocol):
    """Who tells the audience what happens."""

    def act(self, title: Sentence, why: Sentence) -> None:
        """An act begins."""
        ...

    def command(self, text: str) -> None:
        """A command is run, which will speak for itself."""
        ...

    def kept(self, what: Sentence) -> None:
        """What was expected came."""
        ...

    def broken(self, what: Sentence) -> None:
        """What was expected did not come."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """A place, somebody who buys there, and who is told; `faults` grows with every expectation that failed."""

    place: Place
    writer: Writer
    teller: Teller
    language: str
    beside: bool = False
    faults: list[str] = field(default_factory=list)

    def aman(self, *words: str, status: int = 0) -> None:
        """The command was run before everybody's eyes, and ended with the expected status."""
        with self.shown(*words) as running:
            found = running.status()
        if found != status:
            self.expect(False, say("aman {word} ended with {found}, not with {status}",
                                   word=words[0], found=found, status=status))  # fmt: skip

    @contextmanager
    def shown(self, *words: str) -> Iterator[Shown]:
        """Lend a command that runs before everybody's eyes."""
        self.teller.command(shlex.join(("aman", *words)))
        with Shown(self.place.aman(*words, "--lang", self.language), beside=self.beside) as running:
            yield running

    def script(self, name: str, *, release: str) -> int:
        """Return the exit status of a release's own script, run before everybody's eyes against the live database."""
        self.teller.command(f"DATABASE_URL=… python releases/{release}/{name}")
        with Shown(self.place.script(name, release=release), beside=self.beside) as running:
            return running.status()

    def asked(self, *words: str) -> Any:
        """Return what a command says to machines; nothing is shown."""
        return json.loads(attempt(self.place.aman(*words, "--json")).output)

    def expect(self, truth: bool, what: Sentence) -> None:
        """The audience is told whether it came as expected."""
        if truth:
            self.teller.kept(what)
        else:
            self.faults.append(str(what))
            self.teller.broken(what)

    def newest(self) -> Account:
        """Return the account of the newest operation."""
        shelf = disk(state_folder(self.place.settings))
        known = runs(shelf)
        return account(known[-1], entries_of(shelf, known[-1])) if known else Account(run="")

    def await_truth(self, truth: Callable[[], bool], *, limit_seconds: float) -> bool:
        """Tell whether something becomes true before the limit."""
        end = time.monotonic() + limit_seconds
        while not truth():
            if time.monotonic() > end:
                return False
            self.place.ground.server.clock.pause(LOOK_SECONDS)
        return True

    def release(self) -> str:
        """Return the release that is placed."""
        return (self.place.folder / "current").readlink().name

    def expect_no_loss(self) -> None:
        """Every confirmed purchase is in the database, once."""
        confirmed = self.writer.purchases().confirmed
        self.expect(self.missing(confirmed) == 0, say("all {count} confirmed purchases are there", count=confirmed))

    def missing(self, confirmed: int) -> int:
        """Return how many of the first purchases are not in the database."""
        try:
            [(there,)] = self.place.ground.ask(
                "select count(distinct number) from public.invoices where number >= %s and number < %s",
                FIRST_NUMBER,
                FIRST_NUMBER + confirmed,
            )
        except EffectFailed:
            return confirmed
        return confirmed - int(there)

    def rows(self) -> int:
        """Return how many invoices there are."""
        [(count,)] = self.place.ground.ask("select count(*) from public.invoices")
        return int(count)
