"""Completion of words for a shell, which may be named; without a name it is the one that asks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

import typer
from typer._completion_shared import _get_shell_name, get_completion_script, install

from amankan.errors import ConfigurationFault
from amankan.model.sentence import say

SHOW: Final = "--show-completion"
INSTALL: Final = "--install-completion"
SHELLS: Final = ("bash", "zsh", "fish")
VARIABLE: Final = "_AMAN_COMPLETE"


def complete(words: Sequence[str]) -> bool:
    """
    Tell whether the words begin with asking for completion, which then was shown or installed.

    The library that reads command lines passes over the name of a shell, and says nothing where it finds out none.

    Raises ConfigurationFault for a shell that is not known.
    """
    wanted, *after = words or ("",)
    if wanted not in (SHOW, INSTALL):
        return False
    named = after[0] if after and not after[0].startswith("-") else ""
    name = named or _get_shell_name() or PurePath(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        raise ConfigurationFault(
            say("cannot complete words for the shell {name}: only bash, zsh and fish are known", name=name or "?"),
            next=say("aman --show-completion bash"),
        )
    whose = {"shell": name, "prog_name": "aman", "complete_var": VARIABLE}
    typer.echo(get_completion_script(**whose) if wanted == SHOW else str(install(**whose)[1]))
    return True
