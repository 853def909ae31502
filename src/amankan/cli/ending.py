"""The ending of an operation, told to people who are not at the terminal, when nothing of it can change any more."""

from __future__ import annotations

import contextlib
import traceback
from typing import Final

from amankan.cli.desk import Desk
from amankan.cli.explain import unknown_fault
from amankan.cli.interruption import impatient
from amankan.cli.news import News, bad_news
from amankan.errors import AmankanError, AnswerLost
from amankan.model.message import Message
from amankan.model.sentence import Sentence, say

# The operations whose trouble is told. Of those that ended as asked the commands say themselves what is told, if anything.
TOLD: Final = frozenset({"backup", "drill", "plan", "prune", "recover", "restore", "rollback", "update"})

# Some services refuse a message that is longer than a page.
MOST_CHARACTERS: Final = 500


def begin(desk: Desk, operation: str) -> None:
    """The desk knows what is under way and who will be told of its ending; nothing is raised because nobody can be told."""
    desk.operation = operation
    if operation in TOLD:
        with contextlib.suppress(AmankanError):
            _ = desk.messengers


def tell_ending(desk: Desk, error: AmankanError | None) -> None:
    """
    Everybody of the configuration was told how the operation ended, or the user is warned of who was not.

    Nothing is raised, whatever happens, and nothing of the ending changes: the answer was given, and the lock is free.
    A signal ends it at once.
    """
    if desk.operation not in TOLD:
        return
    news = desk.news if error is None or isinstance(error, AnswerLost) else bad_news(desk.operation, error)
    if news is None:
        return
    try:
        with impatient():
            for sentence in _tell(desk, news):
                desk.printer.warn(sentence)
    except KeyboardInterrupt:
        desk.printer.warn(say("interrupted: perhaps nobody was told how it ended"))
    except AmankanError:  # the configuration cannot be read, which the user was told
        return
    except Exception as fault:  # noqa: BLE001 - a message changes nothing, not even where it cannot be made
        failure = unknown_fault(desk, "".join(traceback.format_exception(fault)))
        desk.printer.warn(say("nobody was told how it ended: {why}", why=failure.cannot))


def _tell(desk: Desk, news: News) -> tuple[Sentence, ...]:
    notifier = desk.messengers.notifier
    return () if notifier is None else notifier.tell(_message(desk, news))


def _message(desk: Desk, news: News) -> Message:
    app = desk.settings.app
    place = app.name if app.environment == "production" else f"{app.name} ({app.environment})"
    title = say("{app}: {what}", app=place, what=news.what)
    lines = tuple(_line(desk, sentence) for sentence in news.more)
    return Message(title=_line(desk, title), text="\n".join(lines), tone=news.tone)


def _line(desk: Desk, sentence: Sentence) -> str:
    text = desk.redact(desk.printer.text(sentence))
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
