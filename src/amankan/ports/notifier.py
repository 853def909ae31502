"""Messages to people."""

from __future__ import annotations

from typing import Protocol

from amankan.model.message import Message
from amankan.model.sentence import Sentence


class Notifier(Protocol):
    """A way to reach people at one or several addresses. That a message is not delivered changes nothing of an operation."""

    def tell(self, message: Message) -> tuple[Sentence, ...]:
        """
        Everybody was told, or it is returned who was not and why; no address and no other secret is in it.

        Nothing is raised, however an address behaves; the time that it takes is limited for all addresses together.
        """
        ...

    def strange(self) -> tuple[str, ...]:
        """
        Return the names of the addresses that cannot be understood; nobody is told anything.

        Raises Refused where messages cannot be sent from here at all.
        """
        ...
