"""Which release is wished for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """By a tag (or the name of a folder), by a whole reference, or built here; with none of them, what is usual."""

    tag: str = ""
    image: str = ""
    build: bool = False
