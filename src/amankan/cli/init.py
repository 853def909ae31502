"""`aman init`: a configuration, guessed from what is here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from amankan import wiring
from amankan.cli.desk import Desk
from amankan.config.read import FILE_NAME, read
from amankan.errors import Refused
from amankan.model.sentence import say
from amankan.operations.guess.proposal import text_of
from amankan.wiring.start import proposal


def init(
    desk: Desk,
    *,
    compose: Annotated[Path | None, typer.Option("--compose", metavar="FILE", help="The Compose file of the app.")] = None,
) -> None:
    """Look at the app in this folder and write amankan.toml, with what each line was guessed from; nothing else is changed."""
    path = desk.wishes.config.absolute() if desk.wishes.config is not None else Path.cwd() / FILE_NAME
    if path.exists() or path.is_symlink():
        raise Refused(
            say("cannot write {path}: there is one already", path=str(path)),
            next=say("aman doctor; or move the file away and run aman init again"),
        )
    found = proposal(path.parent, compose)
    title = say("What Amankan guessed of this app. Read it once; aman config explains every key.")
    text = text_of(found, title, tell=desk.printer.text)
    wiring.write_out(path, (text.encode(),))
    settings = read(path)
    next_commands = ("aman key new", "aman doctor")

    def people() -> None:
        desk.printer.line(say("written: {path}", path=str(path)))
        for each in found.told:
            desk.printer.line(say("  {guess}", guess=each))
        desk.printer.line(say("next: {command}", command=" && ".join(next_commands)), style="bold")

    document = {
        "file": str(path),
        "app": settings.app.name,
        "guesses": [desk.printer.text(each) for each in found.told],
        "next": list(next_commands),
    }
    desk.printer.answer({"init": document}, people)
