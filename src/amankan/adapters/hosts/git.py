"""Which files of a folder git has, or had; nothing of a repository is trusted to run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from amankan.adapters.hosts.secrets import is_secret
from amankan.errors import CommandFailed
from amankan.model.sentence import say
from amankan.proc.command import Command
from amankan.proc.run import attempt

ASK_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class InGit:
    """Files with secrets or rows that git has now, and those that it had once; None where there is no repository."""

    tracked: tuple[str, ...]
    historic: tuple[str, ...]


def secrets_in_git(folder: Path) -> InGit | None:
    """Return what git holds of a folder; raises CommandFailed where git is not here or does not answer."""
    status, output, messages = _git(folder, "ls-files", "-z", "--", ".")
    if status != 0 and "not a git repository" in messages:
        return None
    if status != 0:
        raise CommandFailed(say("cannot ask git: {said}", said=messages.strip()))
    tracked = {name for name in output.split("\0") if is_secret(name)}
    words = ("log", "--all", "--no-renames", "--diff-filter=A", "--format=", "--name-only", "-z", "--relative", "--", ".")
    status, output, messages = _git(folder, *words)
    if status != 0 and "does not have any commits" not in messages:
        raise CommandFailed(say("cannot ask git: {said}", said=messages.strip()))
    ever = {name.strip() for name in output.split("\0") if is_secret(name.strip())}
    return InGit(tracked=tuple(sorted(tracked)), historic=tuple(sorted(ever - tracked)))


def _git(folder: Path, *words: str) -> tuple[int, str, str]:
    """Return status, output and messages; a repository's own settings may not name a program to run."""
    safe = ("-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
    environment = (("GIT_OPTIONAL_LOCKS", "0"), ("GIT_CONFIG_NOSYSTEM", "1"))
    found = attempt(
        Command(words=("git", *safe, "-C", str(folder), *words), limit_seconds=ASK_SECONDS, environment=environment)
    )
    return found.status, found.output.decode(errors="surrogateescape"), found.messages
