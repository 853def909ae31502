"""`docs/reference/failures.md`: which fault is held by what, and what became of it the last time."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.faults.born import ROOT
from tests.faults.catalogue import FAULTS

ROWS: Final = Path(__file__).parent / "catalogue" / "rows.toml"
PAGE: Final = ROOT / "docs" / "reference" / "failures.md"

HEAD: Final = """# The failures that an update must survive

This page is written by `make faults`; nobody edits it.
What is played, how it is judged and what the words mean stands in [faults.md](../design/faults.md).

{summary}

| Id | Weight | Fault | Ending | Held by | Last result |
| --- | --- | --- | --- | --- | --- |
"""

ENDINGS: Final = "`UPD` is updated, `BEF` exactly as before, `STOP` stopped safely with one next command."


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the catalogue: its number, weight, fault and ending, and what holds it, or why nothing does."""

    id: str
    weight: str
    fault: str
    ending: str
    tests: tuple[str, ...] = ()
    deaths: str = ""
    missing: str = ""


def rows() -> tuple[Row, ...]:
    """Return the catalogue, by number."""
    found = tomllib.loads(ROWS.read_text())["row"]
    return tuple(Row(**each | {"tests": tuple(each.get("tests", ()))}) for each in found)


def holders(row: Row) -> tuple[str, ...]:
    """Return the names of all that holds a row: faults played here, deaths of a scenario, tests."""
    played = tuple(id for id, fault in FAULTS.items() if fault.row == row.id)
    deaths = (f"deaths in {row.deaths}",) if row.deaths else ()
    return (*played, *deaths, *row.tests)


def write_page(document: Mapping[str, Any]) -> None:
    """The page says what the document of a campaign says."""
    told = {each["id"]: bool(each["survived"]) for each in document["faults"]}
    found = rows()
    held = [row for row in found if holders(row)]
    first = [row for row in held if row.weight == "P0"]
    summary = (
        f"{len(held)} of {len(found)} faults are held by something that brings them about, "
        f"{len(first)} of {sum(row.weight == 'P0' for row in found)} of those that weigh most.\n"
        f"Last campaign: {document['survived']} of {len(document['faults'])} survived, "
        f"deaths in {document['died']} of {document['moments']} moments of {document['points']} points, "
        f"seed {document['seed']}, version {document['version']}, {document['time'][:10]}.\n{ENDINGS}"
    )
    PAGE.write_text(HEAD.format(summary=summary) + "".join(_line(row, told) for row in found))


def merged(documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return one document for several campaigns; of a fault that was played in more than one the later result counts."""
    faults = {each["id"]: each for document in documents for each in document["faults"]}
    most = {name: max(document[name] for document in documents) for name in ("points", "moments")}
    died = len({each["moment"] for each in faults.values() if each["moment"]})
    survived = sum(each["survived"] for each in faults.values())
    return {**documents[-1], "faults": list(faults.values()), "died": died, "survived": survived} | most


def _line(row: Row, told: Mapping[str, bool]) -> str:
    shown = "<br>".join(f"`{name}`" for name in holders(row)) or f"not held: {row.missing}"
    cells = (row.id, row.weight, row.fault, row.ending, shown, _result(row, told))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _result(row: Row, told: Mapping[str, bool]) -> str:
    results = list(_results(row, told))
    if not results:
        return "" if row.missing else "not played"
    lost = results.count(False)
    return f"survived ({len(results)})" if not lost else f"**lost {lost} of {len(results)}**"


def _results(row: Row, told: Mapping[str, bool]) -> Iterator[bool]:
    names = set(holders(row))
    for id, survived in told.items():
        scenario, _, point = id.partition(" | ")
        died = bool(point) and (row.deaths == "every operation" or (row.deaths and scenario.startswith(row.deaths)))
        if id in names or died:
            yield survived


def read_document(path: Path) -> Any:
    """Return what a signed document says, without a look at its signature."""
    return json.loads(path.read_bytes())["body"]
