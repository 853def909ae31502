"""As whom a throwaway server runs, and what it cannot reach."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from amankan.errors import CommandFailed, Refused, TimedOut
from amankan.model.sentence import say
from amankan.proc.command import Command
from amankan.proc.run import run

# Ordinary accounts, best first; a server refuses to run as root.
ACCOUNTS: Final = ("amankan-sandbox", "amankan", "postgres", "nobody")

TRY_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account that is not root; `prefix` are the words before a command that make it run as that account."""

    uid: int
    gid: int
    prefix: tuple[str, ...]

    def own(self, path: Path) -> None:
        """The file or folder belongs to the account."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)


def account() -> Account:
    """Return our own account, or an ordinary one where we are root; raises Refused where there is none."""
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid(), prefix=())
    for name in ACCOUNTS:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        words = ("setpriv", f"--reuid={found.pw_uid}", f"--regid={found.pw_gid}", "--clear-groups", "--pdeathsig=KILL")
        return Account(uid=found.pw_uid, gid=found.pw_gid, prefix=(*words, "--"))
    raise Refused(
        say("cannot start a server for a trial: it may not run as root, and there is no other account"),
        next=say("useradd --system --no-create-home amankan-sandbox"),
    )


def isolation() -> tuple[str, ...]:
    """
    Return the words before a command that take every network from it; none where this machine does not allow it.

    A unix socket is a file and is reached all the same.
    """
    mapped = () if os.geteuid() == 0 else ("--user", "--map-current-user")
    words = ("unshare", "--net", *mapped, "--")
    try:
        run(Command(words=(*words, "true"), limit_seconds=TRY_SECONDS))
    except (CommandFailed, TimedOut):
        return ()
    return words
