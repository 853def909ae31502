"""`aman demo`: everything at work, on a machine that needs nothing but Python."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Annotated, Any, Final, Self

import typer

from amankan.cli.desk import Desk
from amankan.cli.wishes import language_of
from amankan.demo.acts import ACTS
from amankan.demo.place import Place
from amankan.demo.show import Audience, Tally, show
from amankan.errors import OwnFault
from amankan.model.sentence import Sentence, say

ASKING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Told:
    """Tells each act with its number, and what came of it."""

    def __init__(self, desk: Desk, ending: _Ending) -> None:
        self._printer, self._ending, self._number = desk.printer, ending, 0

    def act(self, title: Sentence, why: Sentence) -> None:
        self._ending.refuse_to_go_on()
        self._number += 1
        self._printer.remark("", style="")
        place = say("{number}/{count}  {title}", number=self._number, count=len(ACTS), title=title)
        self._printer.remark(place, style="bold cyan")
        self._printer.remark(say("     {why}", why=why))

    def command(self, text: str) -> None:
        self._ending.refuse_to_go_on()
        self._printer.remark(f"$ {text}", style="bold")

    def kept(self, what: Sentence) -> None:
        self._printer.remark(say("ok: {what}", what=what), style="green")

    def broken(self, what: Sentence) -> None:
        self._printer.warn(say("NOT AS EXPECTED: {what}", what=what))


def demo(
    desk: Desk,
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave it running to play with, until Ctrl-C.")] = False,
) -> None:
    """Show everything on a small shop with a PostgreSQL of its own; nothing is left of it afterwards."""

    def afterwards(place: Place, tally: Tally) -> None:
        _sum_up(desk, tally, keep=keep)
        if keep:
            _wait(desk, place)

    with _Ending() as ending:
        audience = Audience(
            teller=_Told(desk, ending),
            language=language_of(desk.wishes, os.environ).value,
            beside=desk.wishes.json,
            afterwards=afterwards,
        )
        tally = show(audience)
    if not tally.passed:
        raise OwnFault(
            say("cannot call the demonstration a success: {count} expectations failed", count=max(len(tally.faults), 1)),
            production=say("there is none; the shop is gone"),
            next=say("aman demo --keep"),
        )


def _sum_up(desk: Desk, tally: Tally, *, keep: bool) -> None:
    """The audience is told what was counted, and where the files are."""
    bought = tally.purchases
    document = {
        "passed": tally.passed,
        "confirmed": bought.confirmed,
        "missing": tally.missing,
        "unanswered": bought.refused,
        "rows": tally.rows,
        "faults": list(tally.faults),
        "folder": tally.folder,
    }
    counted = say(
        "{confirmed} purchases were confirmed, {missing} of them are missing; {rows} invoices are in the database",
        confirmed=f"{bought.confirmed:,}",
        missing=tally.missing,
        rows=f"{tally.rows:,}",
    )

    def people() -> None:
        desk.printer.line("")
        desk.printer.line(counted, style="bold green" if tally.passed else "bold red")
        if keep:
            desk.printer.line(say("everything is in {folder}", folder=tally.folder))
        else:
            desk.printer.line(
                say("everything was in {folder}, and is removed now; aman demo --keep leaves it", folder=tally.folder)
            )

    desk.printer.answer({"demo": document}, people)


def _wait(desk: Desk, place: Place) -> None:
    """Whoever plays with it has all the time they want; a signal ends it."""
    desk.printer.remark("")
    desk.printer.remark(say("the shop stays open at {address} until Ctrl-C; in another terminal:", address=place.address))
    tries = ("aman status", "aman history", "aman plan --tag v5", "aman update --tag v5", "aman rollback", "aman drill")
    for text in (f"cd {place.folder}", *tries):
        desk.printer.remark(f"  {text}", style="bold")
    with suppress(KeyboardInterrupt):
        signal.pause()


class _Ending:
    """While this lasts, the first signal that asks us to end raises KeyboardInterrupt, and later ones do nothing."""

    def __init__(self) -> None:
        self._asked = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._before = {each: signal.signal(each, self._hear) for each in ASKING}
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)

    def refuse_to_go_on(self) -> None:
        """Raise KeyboardInterrupt where somebody asked: the first one may have been raised where nobody could hear it."""
        if self._asked:
            raise KeyboardInterrupt

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if not self._asked:
            self._asked = True
            raise KeyboardInterrupt
