"""`aman config`: the annotated example configuration."""

from __future__ import annotations

from amankan.cli.desk import Desk
from amankan.config.read import example


def config(desk: Desk) -> None:
    """Print the annotated example configuration."""
    text = example()
    desk.printer.answer({"config": text}, lambda: desk.printer.raw(text))
