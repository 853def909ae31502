"""Rows as lines: in columns where they fit, as blocks where they do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len

_GAP: Final = "  "


def lay_out(headings: Sequence[str], rows: Sequence[Sequence[str]], *, width: int | None) -> Iterator[tuple[str, bool]]:
    """
    Yield lines, each with whether it is a heading.

    Args:
        width: of the terminal, in cells; None where nothing limits it. Nothing is ever cut off.
    """
    columns = [[heading, *(row[place] for row in rows)] for place, heading in enumerate(headings)]
    widths = [max(map(cell_len, column)) for column in columns]
    if width is not None and sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        yield from _blocks(headings, rows)
        return
    yield _row(headings, widths), True
    for row in rows:
        yield _row(row, widths), False


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True))
    return _GAP.join(padded).rstrip()


def _blocks(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[tuple[str, bool]]:
    for number, row in enumerate(rows):
        if number:
            yield "", False
        for place, (heading, cell) in enumerate(zip(headings, row, strict=True)):
            yield f"{heading}: {cell}", place == 0
