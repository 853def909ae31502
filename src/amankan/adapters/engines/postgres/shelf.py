"""Where PostgreSQL's programs are found for the work on one app."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from amankan.adapters.engines.postgres.tools import Tools, ask, find_tools, folders_of
from amankan.errors import AmankanError, Refused
from amankan.model.sentence import Sentence, say

# Returns the programs of a version out of the image of the database's own container; None where it is in none that we know.
# Raises AmankanError where they cannot be taken.
FromImage = Callable[[int], Tools | None]


def no_image(_: int) -> Tools | None:
    """Return nothing: the database is in no container that we know."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """
    The machine's programs, and those of the database's own image.

    The client programs are the machine's where it has any of the version. A server is made of the image's where there is
    one: it has production's extensions and sorts text as production does.
    """

    image: FromImage = no_image

    def client(self, major: int) -> Tools:
        """Return client programs of this version; raises Refused where there are none, with what to install."""
        try:
            return find_tools(major)
        except Refused as refused:
            inside, why = self._inside(major)
            if inside is not None:
                return inside
            if why is None:
                raise
            raise _neither(refused, why) from refused

    def server(self, major: int) -> Tools:
        """Return programs of this version that can run a server too; raises Refused where there are none."""
        inside, why = self._inside(major)
        if inside is None:
            try:
                return server_tools(major)
            except Refused as refused:
                if why is None:
                    raise
                raise _neither(refused, why) from refused
        try:
            here = find_tools(major)
        except Refused:
            return inside
        return replace(here, server_folder=inside.folder)

    def _inside(self, major: int) -> tuple[Tools | None, Sentence | None]:
        """Return the image's programs, or why they cannot be had: then the machine's own serve, where it has any."""
        try:
            return self.image(major), None
        except AmankanError as fault:
            return None, fault.cannot


def _neither(refused: Refused, why: Sentence) -> Refused:
    return Refused(
        say("{refused}; nor can the database's image give them: {why}", refused=refused.cannot, why=why), next=refused.next
    )


# The programs of this machine alone.
MACHINE: Final = Shelf()


def server_tools(major: int) -> Tools:
    """
    Return programs of a version that can run a server too: the client programs' own folder, or another of this machine.

    Raises:
        Refused: there are none; where only the client programs are here, the package of the server is named.
    """
    found = find_tools(major)
    if _runs_servers(found.folder):
        return found
    for folder in folders_of(major):
        if _runs_servers(folder) and (other := ask(folder)) is not None and other.major == major:
            return replace(found, server_folder=folder)
    raise Refused(
        say("cannot find initdb and postgres of PostgreSQL {major} on this machine, to prove a backup in", major=major),
        next=say("apt install postgresql-{major}", major=major),
    )


def _runs_servers(folder: str) -> bool:
    return all(os.access(f"{folder}/{name}", os.X_OK) for name in ("initdb", "postgres"))
