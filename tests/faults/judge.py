"""What must be true when all is over, looked at from outside: in the server, in the folders and among the processes."""

from __future__ import annotations

import fcntl
import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amankan.wiring import SANDBOXES
from tests.faults.born import Place
from tests.faults.scenarios import Scenario
from tests.faults.world import LIVE, World, processes_of

# Which schema belongs to which build; any other pair that serves is a mixed one.
PAIRS = {("1", "0001"), ("2", "0002"), ("3", "0003")}

# The roles of databases that are kept on purpose after an operation.
KEPT_ROLES = {"old", "undone", "bad"}

ANSWER_SECONDS = 20.0
SESSIONS = "select application_name, state from pg_stat_activity where application_name like 'amankan%'"
LOCKS = "select locktype from pg_locks where locktype = 'advisory'"
DATABASES = """
    select datname, datallowconn, datconnlimit, coalesce(shobj_description(oid, 'pg_database'), '')
    from pg_database where starts_with(datname, %s) order by 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """
    A world after its last recovery.

    `ending` is what the journal says of the run that the fault struck: `done`, `as-before`, `never-begun` or `open`; `state`
    is a short text that is equal for worlds that are equal in all that matters to the next operation.
    """

    ending: str
    state: str
    wrong: tuple[str, ...]


def judge(world: World, scenario: Scenario, *, runs_before: frozenset[str]) -> Seen:
    """Return how the world is, and everything that is not as it must be; `runs_before` are those before the fault."""
    stories = [read_lines(path) for path in journals(world) if path.parent.name not in runs_before]
    ending = ending_of(stories)
    serving, wrong = _serving(world)
    world.witness.stop()
    databases = _databases(world)
    wrong += [
        *_rows(world, databases, lays_by=scenario.lays_by and ending == "done"),
        *_pair(world, serving, scenario=scenario, wanted=scenario.builds[ending == "done"]),
        *_left(world, databases, ending=ending),
        *chains(stories),
        *by_the_rule(stories),
        *_vault(world),
        *_secrets(world),
    ]
    roles = sorted(_role(name) for name, *_ in databases)
    snapshots = sorted({len(list(path.iterdir())) for path in (world.folder / "backups").iterdir()})
    state = f"{ending} {serving} {roles} {snapshots} {sorted({story_state(story) for story in stories})}"
    return Seen(ending=ending, state=state, wrong=tuple(wrong))


def journals(world: Place) -> list[Path]:
    """Return the journals of all runs of a world."""
    return sorted((world.folder / ".amankan" / "journal").glob("*/lines.jsonl"))


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a journal, read by hand: a torn one is empty."""
    found = []
    for content in path.read_bytes().rstrip(b"\0").splitlines():
        try:
            found.append(json.loads(content))
        except ValueError:
            found.append({})
    return found


def story_state(story: list[dict[str, Any]]) -> str:
    """Return the end of a story."""
    return str(story[-1].get("phase")) if story else "empty"


def ending_of(stories: list[list[dict[str, Any]]]) -> str:
    """Return the ending of the last run that left a line: `done`, `as-before`, `never-begun` or `open`."""
    begun = [story for story in stories if story]
    if not begun:
        return "never-begun"
    last = begun[-1][-1]
    return str(last["evidence"]["ending"]) if last.get("phase") == "closed" else "open"


def _serving(world: World) -> tuple[tuple[str, str], list[str]]:
    limit = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < limit:
        try:
            found = world.witness.look()
            world.witness.served.add(found)
            return found, []
        except (OSError, http.client.HTTPException, ValueError):
            time.sleep(0.05)
    return ("", ""), ["I5: nobody serves"]


def _databases(world: World) -> list[tuple[Any, ...]]:
    with world.ground.server.connect() as session:
        return session.execute(DATABASES, [LIVE]).fetchall()


def _role(name: str) -> str:
    parts = name.removeprefix(LIVE).split("_")
    return parts[1] if len(parts) == 3 else "live" if name == LIVE else name


def _rows(world: World, databases: list[tuple[Any, ...]], *, lays_by: bool) -> Iterator[str]:
    names = [name for name, *_ in databases if name == LIVE or (lays_by and _role(name) in KEPT_ROLES)]
    if LIVE not in names:
        yield "I1: there is no live database"
        return
    there = set[int]()
    for name in names:
        with world.ground.server.connect() as session:
            session.execute(f'alter database "{name}" allow_connections true')
        with world.ground.server.connect(name) as session:
            there.update(number for (number,) in session.execute("select number from orders"))
    missing = world.witness.acknowledged - there
    if missing:
        yield f"I1: {len(missing)} of {len(world.witness.acknowledged)} acknowledged rows are lost: {sorted(missing)[:5]}"


def _pair(world: World, serving: tuple[str, str], *, scenario: Scenario, wanted: str) -> Iterator[str]:
    mixed = world.witness.served - PAIRS - scenario.also
    if mixed:
        yield f"I2: a mixed pair served: {sorted(mixed)}"
    if serving[0] and serving[0] != wanted:
        yield f"I5: build {serving[0]} serves, and not {wanted}"


def _left(world: World, databases: list[tuple[Any, ...]], *, ending: str) -> Iterator[str]:
    if ending == "open":
        yield "I5: a journal is still open"
    for found in databases:
        yield from _database_left(*found)
    with world.ground.server.connect() as session:
        for name, state in session.execute(SESSIONS):
            yield f"I5: a session is left: {name} ({state})"
        if session.execute(LOCKS).fetchall():
            yield "I5: an advisory lock is left"
    runs = [path.parent.name for path in journals(world)]
    for path in Path(SANDBOXES.format(uid=0)).parent.glob("amankan-*/run-*"):
        if any(run in path.name for run in runs):
            yield f"I5: a sandbox is left: {path}"
    strangers = [words for _, words in processes_of(world.folder) if "app.py" not in words]
    if strangers:
        yield f"I5: processes are left: {strangers}"
    yield from _files_left(world)


def _database_left(name: str, admits: bool, limit: int, comment: str) -> Iterator[str]:
    role = _role(name)
    if role != "live" and role not in KEPT_ROLES:
        yield f"I5: a database is left: {name}"
    if role == "live" and (not admits or limit != -1):
        yield "I5: the live database is closed"
    if role in KEPT_ROLES and admits:
        yield f"I5: a kept database is open: {name}"
    if '"run"' in comment:
        yield f"I5: a claim is left: {comment}"


def _files_left(world: World) -> Iterator[str]:
    lock = world.folder / ".amankan" / "lock"
    if lock.exists():
        with lock.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield "I5: the lock is held"
    if len(list((world.folder / ".amankan" / "process").glob("*.json"))) > 1:
        yield "I5: something is left in the dark"


def chains(stories: list[list[dict[str, Any]]]) -> Iterator[str]:
    """Yield where a line does not follow the one before."""
    for story in stories:
        previous = "0" * 64
        for number, line in enumerate(story, start=1):
            if (line.get("previous"), line.get("number")) != (previous, number):
                yield f"I13: line {number} does not follow the one before"
                break
            previous = line["digest"]


def by_the_rule(stories: list[list[dict[str, Any]]]) -> Iterator[str]:
    """Yield where a run was called done without a decision, or went back behind its opening."""
    for story in stories:
        phases = [line.get("phase") for line in story]
        ending = story[-1].get("evidence", {}).get("ending") if phases and phases[-1] == "closed" else None
        begun = {line.get("step") for line in story if line.get("phase") == "begun"}
        if ending == "done" and "swap" in begun and "decision" not in phases:
            yield "F138: done without a decision"
        if ending == "as-before" and "opened" in phases:
            yield "F139: back behind the opening"


def _vault(world: World) -> Iterator[str]:
    for folder in (world.folder / "backups").iterdir():
        names = {path.name for path in folder.iterdir()}
        if names and not any(name.startswith("manifest") for name in names):
            yield f"I12: a part of the snapshot {folder.name} is left: {sorted(names)}"


def _secrets(world: World) -> Iterator[str]:
    for path in (world.folder / ".amankan").rglob("*"):
        if path.is_file() and any(secret in path.read_bytes() for secret in world.ground.secrets()):
            yield f"I8: a secret stands in {path.relative_to(world.folder)}"
