"""A program run to its end."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from amankan.errors import CommandFailed, TimedOut
from amankan.model.sentence import say
from amankan.proc.command import Command
from amankan.proc.redact import redact
from amankan.proc.spawn import end, spawn

# What of a program's messages is kept: enough for a reason, too little for a leak of rows.
TAIL_BYTES = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a program left: its exit status, its whole output, and the end of its messages without secrets."""

    status: int
    output: bytes
    messages: str


def attempt(command: Command, *, given: bytes | None = None, handles: tuple[int, ...] = ()) -> Outcome:
    """
    Return what the program left, whatever its exit status is.

    Args:
        command: what to run.
        given: its whole input; nothing by default.
        handles: open files that it keeps under the same numbers.
    Raises:
        CommandFailed: it could not be started.
        TimedOut: its limit passed; it and its group were ended.
    """
    process = spawn(command, feeds=given is not None, handles=handles)
    try:
        output, messages = process.communicate(given, timeout=command.limit_seconds)
    except subprocess.TimeoutExpired as late:
        raise out_of_time(command) from late
    finally:
        end(process)
    return Outcome(status=process.returncode, output=output, messages=tail(messages, command))


def run(command: Command, *, given: bytes | None = None, handles: tuple[int, ...] = ()) -> Outcome:
    """Return what the program left after exit status 0; raises CommandFailed for any other."""
    outcome = attempt(command, given=given, handles=handles)
    check(command, outcome.status, messages=outcome.messages)
    return outcome


def check(command: Command, status: int, *, messages: str) -> None:
    """Raise CommandFailed for a status other than 0, with the last thing that the program said."""
    if status != 0:
        said = messages.strip() or "it said nothing"
        how = f"was ended by signal {-status}" if status < 0 else f"exited with status {status}"
        raise CommandFailed(say("cannot go on: {program} {how}: {said}", program=command.program, how=how, said=said))


def out_of_time(command: Command) -> TimedOut:
    """Return the error for a program whose limit passed."""
    return TimedOut(say("cannot wait for {program}: {limit} s passed", program=command.program, limit=command.limit_seconds))


def tail(messages: bytes, command: Command) -> str:
    """Return the end of a program's messages, with every secret masked before anything is cut away."""
    text = redact(messages.decode(errors="replace"), command.hidden())
    return text if len(text) <= TAIL_BYTES else "…" + text[-TAIL_BYTES:]
