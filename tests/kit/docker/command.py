"""Run one outside program and read its exit status."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class CommandFailed(Exception):
    """A program of the kit ended with a status other than 0, or not at all."""

    def __init__(self, words: Sequence[str], status: int | None, output: str) -> None:
        ending = "did not end in time" if status is None else f"exited with status {status}"
        super().__init__(f"{' '.join(words)} {ending}\n{output}")
        self.words = tuple(words)
        self.status = status
        self.output = output


def run(
    words: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    limit_seconds: float = 60,
    typed: str = "",
) -> str:
    """
    Return what the program wrote to standard output, once it has ended with status 0.

    Args:
        typed: what it reads from standard input.
    Raises:
        CommandFailed: another status, or still running after limit_seconds (it was killed).
    """
    try:
        ended = subprocess.run(
            words,
            env=None if environment is None else dict(environment),
            cwd=folder,
            input=typed,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise CommandFailed(words, None, f"{late.stdout!r}\n{late.stderr!r}") from late
    if ended.returncode != 0:
        raise CommandFailed(words, ended.returncode, ended.stdout + ended.stderr)
    return ended.stdout
