"""Why a text is no address, before it is known which setting it came from."""

from __future__ import annotations

from amankan.errors import ConfigurationFault
from amankan.model.sentence import Fact, Sentence, phrase, say

ENCODE_HINT = phrase(
    "percent-encode special characters in the user, password and database: @ %40, : %3A, / %2F, ? %3F, # %23, % %25"
)

# Names that may be told although they stand in a text that also holds a password.
_TOLD = frozenset({"host", "port", "user", "password", "dbname", "sslmode", "schema", "options", "connect_timeout"})


class Unreadable(Exception):
    """
    A text is no address; says why and what to do, without a word of what it holds where a password may stand.

    Args:
        reason: completes "cannot read PLACE: ".
        fix: what to do next.
        facts: fill both.
    """

    def __init__(self, reason: str, fix: str = ENCODE_HINT, **facts: Fact) -> None:
        """Keep both templates and the facts."""
        super().__init__(reason)
        self.reason = reason
        self.fix = fix
        self.facts = facts

    def fault(self, place: str) -> ConfigurationFault:
        """Return the error for the user, naming the setting that the text came from."""
        facts = tuple(sorted(self.facts.items()))
        cannot = say("cannot read {place}: {why}", place=place, why=Sentence(template=self.reason, facts=facts))
        return ConfigurationFault(cannot, next=Sentence(template=self.fix, facts=facts))


def said_twice(name: str) -> Unreadable:
    """Return the refusal of what stands there twice; its name is told where it is no piece of a password."""
    shown = name if name in _TOLD else "something"
    return Unreadable("it says {name} twice", "say it once", name=shown)


def several_hosts() -> Unreadable:
    """Return the refusal of more than one host."""
    reason = phrase("it names several hosts, and which of them holds the data could change between two steps")
    return Unreadable(reason, "name the one host that is the primary")
