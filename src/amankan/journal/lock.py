"""One process at a time."""

from __future__ import annotations

from typing import Final

import msgspec

from amankan.errors import Locked
from amankan.model.sentence import say
from amankan.ports.disk import Disk, Hold

LOCK: Final = "lock"


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds the lock: a user on a host, with the process number, since when (RFC 3339 UTC) and why."""

    who: str
    pid: int
    since: str
    why: str


def hold(disk: Disk, holder: Holder) -> Hold:
    """
    This process alone works on the app until it lets go or dies.

    Raises:
        Locked: another living process holds it; the error names who, since when and why.
    """
    return disk.hold(LOCK, msgspec.json.encode(holder).decode())


def held(disk: Disk) -> bool:
    """Tell whether a living process works on the app now; what the note of a dead one says does not count."""
    return disk.held(LOCK)


def locked(note: str) -> Locked:
    """Return the error that tells what the note of the holder says."""
    try:
        holder = msgspec.json.decode(note, type=Holder)
    except msgspec.MsgspecError:
        holder = Holder(who="another process", pid=0, since="an unknown time", why="an unknown reason")
    return Locked(
        say(
            "cannot begin: {who} (process {pid}) holds the lock since {since}: {why}",
            who=holder.who,
            pid=holder.pid,
            since=holder.since,
            why=holder.why,
        ),
        production=say("unchanged by this command; the other operation goes on"),
        next=say("aman status"),
    )
