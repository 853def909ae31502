"""What must be true when all is over: the invariants, looked at in the world itself."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from amankan.journal.log import lines_path, read_story
from amankan.journal.replay import replay
from amankan.journal.shelf import open_runs
from amankan.model.entry import Ending, Phase
from amankan.model.plan import Operation
from amankan.operations.plans.names import token_of
from amankan.testing.chance import Process
from amankan.testing.chaos.scenario import Scenario
from amankan.testing.disk import SimDisk
from amankan.testing.world import CANARY, LIVE, World

KEPT_ROLES = ("old", "undone", "bad")
"""The roles of databases that are kept on purpose after an operation."""


def judge(world: World, scenario: Scenario) -> tuple[str, ...]:
    """Return everything that is not as it must be after the last recovery; empty when the fault was survived."""
    return (
        *world.violations,
        *_rows(world, scenario),
        *_pair(world, scenario),
        *_left(world, scenario),
        *_kept(world),
        *_guard(world, scenario),
        *_chain(world),
        *_records_in_time(world, scenario),
        *_by_the_rule(world, scenario),
    )


def outcome(world: World, scenario: Scenario) -> str:
    """Return whether the world is as before, updated, or neither."""
    digest = world.services["app"].digest
    live = world.server.databases.get(LIVE)
    exchanged = live is not None and live.oid != scenario.plan.identity.oid
    if digest == scenario.after and (scenario.before != scenario.after or exchanged):
        return "updated"
    return "as before" if digest == scenario.before else "neither"


def _rows(world: World, scenario: Scenario) -> Iterator[str]:
    live = world.server.databases.get(LIVE)
    if live is None:
        yield "I1: there is no live database"
        return
    rows = set(live.rows)
    if scenario.lays_by and outcome(world, scenario) == "updated":
        kept = [found for name, found in world.server.databases.items() if _role(name) in KEPT_ROLES]
        rows = rows.union(*(found.rows for found in kept))
    missing = world.acknowledged - rows
    if missing:
        yield f"I1: {len(missing)} acknowledged rows are lost"
    if not live.admits:
        yield "I5: the live database is still closed"


def _pair(world: World, scenario: Scenario) -> Iterator[str]:
    live = world.server.databases.get(LIVE)
    state = outcome(world, scenario)
    if live is None or state == "neither":
        yield f"I5: neither as before nor updated: {world.services['app'].digest}"
        return
    image = world.images[world.services["app"].digest]
    if live.failed or (live.applied != image.migrations and live.applied not in image.tolerates):
        yield f"I2: {world.services['app'].digest} with the schema {'+'.join(live.applied + live.failed)}"
    before = {service.service: service for service in scenario.plan.services}
    for name, service in world.services.items():
        was = before[name]
        if (service.running, service.open, service.restart) != (was.running, was.open, was.restart):
            yield f"I5: {name} is not as it was: {service}"


def _left(world: World, scenario: Scenario) -> Iterator[str]:
    if world.dark:
        yield f"I5: something is left in the dark: {sorted(world.dark)}"
    if world.places:
        yield f"I5: a sandbox is left: {sorted(world.places)}"
    if world.server.claim is not None:
        yield f"I5: a claim is left: {world.server.claim.run}"
    if world.platter.locks:
        yield "I5: a lock is left"
    if open_runs(SimDisk(world, Process(number=0))):
        yield "I5: a journal is still open"
    yield from _beside(world)
    if outcome(world, scenario) == "as before" and scenario.before != scenario.after:
        ours = [name for name in world.server.databases if name.endswith(token_of(scenario.plan.run)) and _role(name) != "bad"]
        if ours:
            yield f"I5: databases of an undone run are left: {ours}"
        if any(scenario.plan.run in runs for runs in world.kept.values()):
            yield "I5: images are still kept for an undone run"
    if world.platter.holds(CANARY.encode()):
        yield "I8: a secret is on the disk"


def _beside(world: World) -> Iterator[str]:
    """Yield what stands beside the live database and should not, or not so."""
    beside = {name: found for name, found in world.server.databases.items() if name != LIVE}
    strays = [name for name in beside if _role(name) not in KEPT_ROLES]
    if strays:
        yield f"I5: databases are left: {strays}"
    opened = [name for name, found in beside.items() if _role(name) in KEPT_ROLES and found.admits]
    if opened:
        yield f"I5: kept databases are open: {opened}"


def _kept(world: World) -> Iterator[str]:
    for snapshot in sorted(world.proved):
        if f"{snapshot}/manifest" not in world.objects:
            yield f"I9: the proved snapshot {snapshot} is gone"
    folders = {name.split("/", 1)[0] for name in world.objects}
    for snapshot in sorted(folders):
        if f"{snapshot}/dump" not in world.objects:
            yield f"I12: the snapshot {snapshot} holds nothing"
        if f"{snapshot}/manifest" not in world.objects:
            yield f"I5: a part of the snapshot {snapshot} is left"


def _guard(world: World, scenario: Scenario) -> Iterator[str]:
    """Yield where something would pass the guard, or where the guard of the live database is not at home."""
    live = world.server.databases.get(LIVE)
    if world.server.windows or (live is not None and live.permits):
        yield "I16: the guard still lets a migration pass"
    if live is not None and live.home != live.oid and scenario.plan.operation is Operation.UPDATE:
        updated = scenario.before != scenario.after and world.services["app"].digest == scenario.after
        if scenario.at_home or updated:
            yield "I17: the guard of the live database is not at home"


def _chain(world: World) -> Iterator[str]:
    """Yield where a line does not follow the one before; read here by hand, for the product's own reader may be spoiled."""
    for path, inode in world.platter.files.items():
        if not path.endswith("lines.jsonl"):
            continue
        previous, lines = "0" * 64, bytes(inode.seen).rstrip(b"\0").splitlines()
        if len(lines) == 1 and not _is_whole(lines[0], path.split("/")[1]):
            continue  # the run was never begun: its first line was not synced
        for number, content in enumerate(lines, start=1):
            try:
                line = msgspec.json.decode(content)
            except msgspec.MsgspecError:
                line = {}
            if (line.get("previous"), line.get("number"), line.get("run")) != (previous, number, path.split("/")[1]):
                yield f"I13: line {number} of {path} does not follow the one before"
                return
            previous = line["digest"]


def _records_in_time(world: World, scenario: Scenario) -> Iterator[str]:
    """Yield where a step began before the record that it needs: the decision, the opening, or either after a crash."""
    inode = world.platter.files.get(lines_path(scenario.plan.run))
    names = [step.name for step in scenario.plan.steps]
    known = set[Phase]()
    for entry in replay(bytes(inode.seen), scenario.plan.run).entries if inode is not None else ():
        known.add(entry.phase)
        if entry.phase is Phase.BEGUN and Phase.RESUMED in known and Phase.DECISION not in known:
            yield f"F138: {entry.step} began after a crash without a decision"
        for record, first in ((Phase.DECISION, scenario.plan.decision), (Phase.OPENED, scenario.plan.opening)):
            behind = names[names.index(first) :] if first else []
            if entry.phase is Phase.BEGUN and entry.step in behind and record not in known:
                yield f"I4: {entry.step} began before {record.value} was recorded"


def _is_whole(line: bytes, run: str) -> bool:
    return line.endswith(b"}") and run.encode() in line


def _by_the_rule(world: World, scenario: Scenario) -> Iterator[str]:
    """Yield where the journal and the world tell different endings, or the ending is not the one that the records demand."""
    story = read_story(SimDisk(world, Process(number=0)), scenario.plan.run)
    state = outcome(world, scenario)
    changes = scenario.before != scenario.after or scenario.lays_by
    if not story.run or not changes:
        return
    if state == "updated" and (not story.decided or story.ending is not Ending.DONE):
        yield "the world is updated, the journal knows no decision or another ending"
    if state == "as before" and (story.opened or story.ending is Ending.DONE):
        yield "the world is as before, the journal says that it was opened"


def replaced_is_kept(world: World, scenario: Scenario) -> Iterator[str]:
    """Yield where a restore or rollback destroyed what it replaced."""
    exchanged = scenario.plan.operation in (Operation.RESTORE, Operation.ROLLBACK) and scenario.lays_by
    if (
        exchanged
        and outcome(world, scenario) == "updated"
        and not any(_ours_aside(name, scenario) for name in world.server.databases)
    ):
        yield "I10: what was replaced is gone"
    if exchanged and scenario.plan.operation is Operation.ROLLBACK and outcome(world, scenario) == "updated":
        missing = (
            world.acknowledged
            - world.server.databases[LIVE].rows
            - world.salvaged.get((scenario.plan.run, "last-salvage"), frozenset())
        )
        if missing:
            yield f"I18: {len(missing)} rows went on the way back and are in no file"


def _ours_aside(name: str, scenario: Scenario) -> bool:
    return name.endswith(token_of(scenario.plan.run)) and _role(name) in KEPT_ROLES


def _role(name: str) -> str:
    return name.split("_")[1] if name.count("_") == 2 else ""
