"""`aman seed` and `aman run`: commands of the app, refused in production where they are known to destroy."""

from __future__ import annotations

import shlex
from typing import Annotated, Protocol

import typer

from amankan.cli.desk import Desk
from amankan.cli.operate import at_work
from amankan.errors import ConfigurationFault, Stopped
from amankan.model.app import App
from amankan.model.sentence import say
from amankan.operations.interlock.refuse import refuse_command, refuse_seed
from amankan.operations.interlock.scripts import scripts_in


class Spoken(Protocol):
    """What a program left."""

    @property
    def status(self) -> int:
        """Its exit status."""
        ...

    @property
    def output(self) -> str:
        """Its output."""
        ...

    @property
    def messages(self) -> str:
        """Its messages."""
        ...


Words = Annotated[list[str], typer.Argument(metavar="-- CMD ...", help="The command, behind two dashes.")]


def seed(desk: Desk, *, yes: Annotated[bool, typer.Option("--yes", help="Changes nothing in production.")] = False) -> None:
    """Run the configured seed command; in production it is refused, whatever flags are given."""
    refuse_seed(_app(desk))
    if not desk.settings.database.seed:
        raise ConfigurationFault(say("cannot seed {app}: database.seed names no command", app=desk.settings.app.name))
    with at_work(desk, why="seed") as work:
        work.house.refuse_mismarked()
        words = tuple(shlex.split(desk.settings.database.seed))
        _tell(desk, "seed", said=work.house.premises.carry(words))


def run(desk: Desk, words: Words) -> None:
    """Run a command of the app against the live database; what is known to seed, reset or drop is refused in production."""
    with at_work(desk, why="run") as work:
        premises = work.house.premises
        work.house.refuse_mismarked()
        refuse_command(_app(desk), tuple(words), scripts=scripts_in(premises.texts()))
        _tell(desk, "run", said=premises.carry(tuple(words)))


def _tell(desk: Desk, name: str, *, said: Spoken) -> None:
    status, output = said.status, desk.redact(said.output)

    def people() -> None:
        desk.printer.raw(output)
        for line in desk.redact(said.messages).splitlines():
            desk.printer.remark(line)

    desk.printer.answer({name: {"status": status, "output": output, "messages": desk.redact(said.messages)}}, people)
    if status:
        raise Stopped(
            say("cannot call it done: the command exited with status {status}", status=status),
            production=say("as the command left it"),
            next=say("aman status"),
        )


def _app(desk: Desk) -> App:
    settings = desk.settings
    return App(name=settings.app.name, environment=settings.app.environment, database="", limits=settings.limits)
