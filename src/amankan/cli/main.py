"""The table of commands, and what happens to whatever one of them raises."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Final, TextIO

import typer
from typer.core import TyperGroup

from amankan import __version__
from amankan.cli import (
    adopt,
    backup,
    backups,
    config,
    demo,
    doctor,
    drill,
    export,
    guard,
    history,
    init,
    key,
    permit,
    plan,
    prune,
    recover,
    restore,
    rollback,
    seed,
    show,
    status,
    update,
)
from amankan.cli.completion import VARIABLE, complete
from amankan.cli.desk import Desk
from amankan.cli.ending import TOLD, tell_ending
from amankan.cli.explain import explained, unknown_fault, without_walk
from amankan.cli.language import Translate, translator
from amankan.cli.wishes import Wishes, guess, language_of, refuse_repeated, told
from amankan.errors import AmankanError, AnswerLost, EffectFailed, Interrupted
from amankan.model.sentence import Sentence, say
from amankan.proc.standard import open_missing

# Whatever is made, a backup or a log, is for its owner alone.
UMASK: Final = 0o077

# What the library of the command line returns for Ctrl-C.
INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One command: its words on the command line, and what carries it out."""

    words: tuple[str, ...]
    act: Callable[..., None]


COMMANDS: Final = (
    Row(words=("init",), act=init.init),
    Row(words=("doctor",), act=doctor.doctor),
    Row(words=("status",), act=status.status),
    Row(words=("plan",), act=plan.plan),
    Row(words=("update",), act=update.update),
    Row(words=("rollback",), act=rollback.rollback),
    Row(words=("backup",), act=backup.backup),
    Row(words=("backups",), act=backups.backups),
    Row(words=("restore",), act=restore.restore),
    Row(words=("drill",), act=drill.drill),
    Row(words=("adopt",), act=adopt.adopt),
    Row(words=("export",), act=export.export),
    Row(words=("prune",), act=prune.prune),
    Row(words=("history",), act=history.history),
    Row(words=("show",), act=show.show),
    Row(words=("recover",), act=recover.recover),
    Row(words=("seed",), act=seed.seed),
    Row(words=("run",), act=seed.run),
    Row(words=("guard", "install"), act=guard.install),
    Row(words=("guard", "remove"), act=guard.remove),
    Row(words=("guard", "status"), act=guard.status),
    Row(words=("guard", "test"), act=guard.test),
    Row(words=("permit",), act=permit.permit),
    Row(words=("key", "new"), act=key.new),
    Row(words=("key", "show"), act=key.show),
    Row(words=("key", "check"), act=key.check),
    Row(words=("config",), act=config.config),
    Row(words=("demo",), act=demo.demo),
)

HELP: Final[dict[str, Any]] = {"help_option_names": ["--help", "-h"]}
GROUPS: Final = {
    "guard": "The guard inside the database: destructive commands fail there.",
    "key": "Age keys: who can read the backups.",
}


def main() -> None:
    """Do what the words of the command line say, and end with the status of the contract."""
    open_missing()
    os.umask(UMASK)
    status = run(sys.argv[1:])
    if not all([_flushed(sys.stdout), _flushed(sys.stderr)]):
        os._exit(status)  # or the interpreter would try again, and complain
    sys.exit(status)


def run(words: Sequence[str]) -> int:
    """Return the exit status of a command line; nothing is raised, whatever it does."""
    desk = Desk(guess(words), words=words)
    error = _error_of(desk, words)
    if error is not None:
        _tell(desk, error)
    tell_ending(desk, error)
    return 0 if error is None else error.status


def command(translate: Translate = str) -> TyperGroup:
    """Return the whole command line, with its help in the language of `translate`."""
    app = typer.Typer(
        name="aman",
        help="An update of your app cannot lose your data.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings=HELP,
    )
    app.callback(invoke_without_command=False)(told(_options, _first))
    groups = {name: typer.Typer(help=text, no_args_is_help=True, rich_markup_mode=None) for name, text in GROUPS.items()}
    for inner in groups.values():
        inner.callback(invoke_without_command=False)(told(_shared, _then))
    for row in COMMANDS:
        *group, name = row.words
        (groups[group[0]] if group else app).command(name)(told(row.act, _then))
    for name, inner in groups.items():
        app.add_typer(inner, name=name)
    whole = typer.main.get_command(app)
    assert isinstance(whole, TyperGroup)
    typer.core._ = translate  # type: ignore[assignment, attr-defined]  # the headings of a help page
    _translate_help(whole, translate)
    return whole


def _flushed(stream: TextIO) -> bool:
    """Tell whether all that was written went out; it did not where whoever read it has gone."""
    try:
        stream.flush()
    except (OSError, ValueError):
        return False
    return True


def _act(desk: Desk, words: Sequence[str]) -> None:
    refuse_repeated(words)
    if complete(words):
        return
    whole = command(translator(language_of(desk.wishes, os.environ)))
    try:
        left = whole.main(args=list(words), prog_name="aman", standalone_mode=False, obj=desk, complete_var=VARIABLE)
    except typer.Exit:
        return
    except typer.Abort as abort:
        raise _interrupted(desk) from abort
    except typer.TyperException as fault:
        raise explained(fault) from fault
    if left == INTERRUPTED:
        raise _interrupted(desk)


def _error_of(desk: Desk, words: Sequence[str]) -> AmankanError | None:
    """A command line was done and answered; or the error is returned with which it ended."""
    try:
        _act(desk, words)
        desk.printer.finish()
    except BrokenPipeError:
        return None
    except AnswerLost as lost:
        return _answer_lost(desk, lost.cannot)
    except EffectFailed as failure:  # outside of a walk, so nothing was begun
        return without_walk(failure)
    except AmankanError as error:
        return error
    except KeyboardInterrupt:
        return _interrupted(desk)
    except Exception as fault:  # noqa: BLE001 - the last place where it can be told
        if isinstance(fault, OSError) and not _flushed(sys.stdout):  # a help page, which the library writes
            return _answer_lost(desk, say("cannot write the answer: {why}", why=str(fault.strerror or fault)))
        return unknown_fault(desk, "".join(traceback.format_exception(fault)))
    return None


def _interrupted(desk: Desk) -> AmankanError:
    """Return the error for a signal that came when no operation could go back; one that had ended stays as it ended."""
    if desk.news is not None:
        return _answer_lost(desk, say("cannot write the answer: interrupted"))
    return Interrupted(say("cannot go on: interrupted"), production=say("unchanged"))


def _answer_lost(desk: Desk, cannot: Sentence) -> AnswerLost:
    """Return the error of a command that was carried out, and whose answer nobody can read."""
    if not desk.operation:
        return AnswerLost(cannot)
    done = say("as asked: {operation} was carried out, and only its answer is missing", operation=desk.operation)
    return AnswerLost(cannot, production=done, next=say("aman show") if desk.operation in TOLD else None)


def _tell(desk: Desk, error: AmankanError) -> None:
    with suppress(OSError, ValueError, AnswerLost):
        desk.printer.fail(error)
        desk.printer.finish()


def _show_version(context: typer.Context, wanted: bool) -> None:
    if wanted:
        printer = context.obj.printer
        printer.answer({"amankan": __version__}, lambda: printer.line(f"aman {__version__}"))
        raise typer.Exit


def _options(
    desk: Desk,
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and end.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """An update of your app cannot lose your data."""


def _shared(desk: Desk) -> None:
    """Read nothing but the options that all commands share."""


def _first(context: Any, wishes: Wishes) -> Desk:
    return _then(context, wishes)


def _then(context: typer.Context, wishes: Wishes) -> Desk:
    desk = context.obj
    assert isinstance(desk, Desk)
    return desk.told(wishes)


def _translate_help(command: Any, translate: Translate) -> None:
    """Every help text of a command and of those below it is in the language of `translate`."""
    command.help = translate(command.help) if command.help else command.help
    asking = command.get_help_option(command.make_context("aman", [], resilient_parsing=True, **HELP))
    for parameter in (*command.params, *([asking] if asking is not None else [])):
        parameter.help = translate(parameter.help) if getattr(parameter, "help", None) else None
    for inner in getattr(command, "commands", {}).values():
        _translate_help(inner, translate)
