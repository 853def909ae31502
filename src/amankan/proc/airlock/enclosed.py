"""A command as it is run in the airlock, and whether this machine allows that."""

from __future__ import annotations

import ipaddress
import json
import sys
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from amankan.errors import CommandFailed
from amankan.model.sentence import say
from amankan.proc.command import Command
from amankan.proc.run import Outcome, attempt

LOOPBACK: Final = "127.0.0.1"

# The exit status, and the first word of the last message, of a program that the airlock could not be closed around.
UNCLOSED: Final = 125
SAID_BY: Final = "airlock: "

TRY_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Airlock:
    """
    The one server that a program reaches: at `host`, a name, an address, or the folder of a unix socket.

    `name` is what the server is called inside, where that is not its host. `hidden` are folders that are empty inside,
    `unwritten` those that cannot be written to. The sockets of this machine are hidden anyway, and so are `/run` and the
    memory that processes share.
    """

    host: str
    port: int
    name: str = ""
    hidden: tuple[str, ...] = ()
    unwritten: tuple[str, ...] = ()

    @property
    def host_inside(self) -> str:
        """The host by which the program finds the server: a name stays as it is, so that certificates go on fitting."""
        called = self.name or self.host
        if called.startswith(("/", "@")):
            return LOOPBACK
        try:
            ipaddress.ip_address(called.partition("%")[0])
        except ValueError:
            return called
        return LOOPBACK


def enclosed(command: Command, airlock: Airlock, *, door: int = 0) -> Command:
    """
    Return the command that runs `command` in the airlock.

    Inside, the server listens at the loopback address, at its own port. Nothing of the program outlives the command.

    Args:
        command: its account and folder hold inside.
        airlock: what it may reach.
        door: a port of this machine's loopback address that leads to the same port inside once something listens
            there; 0 for none.
    """
    told = {
        "host": airlock.host,
        "name": airlock.host_inside,
        "port": airlock.port,
        "door": door,
        "folder": command.folder,
        "account": None if command.uid is None else (command.uid, command.gid),
        "hidden": airlock.hidden,
        "unwritten": airlock.unwritten,
    }
    words = (sys.executable, "-I", "-m", "amankan.proc.airlock.outside", json.dumps(told), *command.words)
    return replace(command, words=words, folder="/", uid=None, gid=None, name=command.program)


def refuse_open(airlock: Airlock, *, account: tuple[int, int] | None = None) -> None:
    """Raise CommandFailed, with what to do, where this machine does not let an airlock be closed."""
    _refuse_open(airlock, account)


@cache
def _refuse_open(airlock: Airlock, account: tuple[int, int] | None) -> None:
    uid, gid = account or (None, None)
    trial = Command(words=("true",), limit_seconds=TRY_SECONDS, uid=uid, gid=gid)
    outcome = attempt(enclosed(trial, airlock))
    if outcome.status != 0:
        raise CommandFailed(
            say("cannot keep a program away from production: {reason}", reason=unclosed(outcome) or outcome.messages.strip()),
            next=say("let this account make namespaces: sysctl user.max_user_namespaces, and "
                     "kernel.apparmor_restrict_unprivileged_userns=0 where there is AppArmor"),
        )  # fmt: skip


def unclosed(outcome: Outcome) -> str:
    """Return why the program was never begun, or nothing where it was."""
    last = outcome.messages.strip().rpartition("\n")[2]
    return last.removeprefix(SAID_BY) if outcome.status == UNCLOSED and last.startswith(SAID_BY) else ""
