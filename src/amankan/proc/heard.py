"""Everything that a program said, on both of its streams."""

from __future__ import annotations

import subprocess

from amankan.proc.command import Command
from amankan.proc.redact import redact
from amankan.proc.run import check, out_of_time, tail
from amankan.proc.spawn import end, spawn


def heard(command: Command) -> str:
    """
    Return the whole output and then all messages of a program that ended with status 0, without secrets.

    For the logs of others, where an error stands on either stream. Raises CommandFailed, or TimedOut.
    """
    process = spawn(command, feeds=False)
    try:
        output, messages = process.communicate(timeout=command.limit_seconds)
    except subprocess.TimeoutExpired as late:
        raise out_of_time(command) from late
    finally:
        end(process)
    check(command, process.returncode, messages=tail(messages, command))
    return redact((output + b"\n" + messages).decode(errors="replace"), command.hidden())
