"""Messages by Apprise, in a process of its own: what its messengers do there can be neither late nor loud here."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from dataclasses import dataclass
from typing import Any, Final

from amankan.adapters.notifiers.delivery import Answer
from amankan.errors import CommandFailed, Refused, TimedOut
from amankan.model.message import Message
from amankan.model.secret import Secret
from amankan.model.sentence import Sentence, say
from amankan.proc.command import Command
from amankan.proc.run import attempt

# People wait at the terminal for the end of a command, and services of the kind answer within a second.
LIMIT_SECONDS: Final = 10.0

# What the process needs of that to begin and to end, so that whoever was told in time is known.
MARGIN_SECONDS: Final = 1.5

# How a house without a free way out says where its proxy is and whom it trusts; a proxy's address may hold a password.
PASSED_ON: Final = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where somebody is told, as Apprise writes it, and how people know it: its place in the configuration."""

    name: str
    url: Secret


class AppriseNotifier:
    """Keeps the promise of `ports.notifier` with a process that lives for one message."""

    def __init__(self, addresses: tuple[Address, ...], *, limit_seconds: float = LIMIT_SECONDS) -> None:
        """Ask nobody yet."""
        self._addresses, self._limit_seconds = addresses, limit_seconds

    def tell(self, message: Message) -> tuple[Sentence, ...]:
        """Keep the promise of the port: the addresses are told at the same time."""
        try:
            answers = self._ask({"title": message.title, "text": message.text, "tone": message.tone.value})
        except Refused as failure:
            why = say("{why}; next: {command}", why=failure.cannot, command=failure.next)
            return tuple(_not_told(each, why) for each in self._addresses)
        pairs = zip(self._addresses, answers, strict=True)
        return tuple(_not_told(each, self._why(*answer)) for each, answer in pairs if answer[0] is not Answer.TAKEN)

    def strange(self) -> tuple[str, ...]:
        """Keep the promise of the port."""
        pairs = zip(self._addresses, self._ask(None), strict=True)
        return tuple(each.name for each, (answer, _) in pairs if answer is Answer.STRANGE)

    def _ask(self, message: dict[str, str] | None) -> tuple[tuple[Answer, int], ...]:
        """Return what the process says of each address; an address goes to it by its input alone. Raises Refused."""
        if importlib.util.find_spec("apprise") is None:
            raise Refused(say("Apprise is not installed"), next=say("pip install 'amankan[notify]'"))
        asked = {
            "urls": [each.url.reveal() for each in self._addresses],
            "message": message,
            "limit_seconds": max(self._limit_seconds - MARGIN_SECONDS, 0.0),
        }
        command = Command(
            words=(sys.executable, "-P", "-m", "amankan.adapters.notifiers.delivery"),
            limit_seconds=self._limit_seconds,
            environment=tuple((name, Secret(os.environ[name])) for name in PASSED_ON if name in os.environ),
            secrets=tuple(each.url for each in self._addresses),
            name="Apprise",
        )
        try:
            outcome = attempt(command, given=json.dumps(asked).encode())
        except TimedOut:
            return tuple((Answer.SILENT, 0) for _ in self._addresses)
        except CommandFailed as failure:
            raise Refused(failure.cannot) from failure
        return _answers(outcome.output, len(self._addresses))

    def _why(self, answer: Answer, status: int) -> Sentence:
        match answer:
            case Answer.STRANGE:
                return say("Apprise does not understand the address")
            case Answer.SILENT:
                return say("no answer came within {limit:.0f} s", limit=self._limit_seconds)
            case _ if status:
                return say("it answered with status {status}", status=status)
        return say("it could not be reached, or did not take the message")


def _not_told(address: Address, why: Sentence) -> Sentence:
    return say("{name} was not told how it ended: {why}", name=address.name, why=why)


def _answers(output: bytes, count: int) -> tuple[tuple[Answer, int], ...]:
    """Return the answers on the last line of an output; Refused where there are other than `count` of them."""
    try:
        said: Any = json.loads(output.strip().rpartition(b"\n")[2])
        found = tuple((Answer(word), int(status)) for word, status in said)
    except (ValueError, TypeError):
        found = ()
    if len(found) != count:
        raise Refused(say("Apprise failed, and gave no answer"))
    return found
