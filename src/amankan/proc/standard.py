"""Standard input, output and error of this process, where whoever started it closed them."""

from __future__ import annotations

import os
import sys
from typing import Final

STREAMS: Final = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def open_missing() -> None:
    """
    The descriptors 0 to 2 are open, here and in every child; what was closed leads nowhere.

    A file that is opened later would otherwise get such a number, and a child would take it for its own stream.
    """
    for number, (name, mode) in enumerate(STREAMS):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number that is free is this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - it lasts as long as the process
