"""What mutants do instead of what the product does; each line of it is wrong on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from amankan.errors import SyncFailed
from amankan.journal import log, replay
from amankan.journal.log import Log
from amankan.journal.replay import Replayed
from amankan.journal.story import Story
from amankan.model.entry import NOTHING, Evidence, Phase, leave
from amankan.model.plan import StepPlan
from amankan.model.snapshot import Proof
from amankan.operations import walk
from amankan.operations.scene import Scene
from amankan.operations.step import Look
from amankan.operations.steps import STEPS, fence, swap
from amankan.operations.walk import Ended
from amankan.testing.chaos import theatre
from amankan.testing.engine import SimEngine
from amankan.testing.store import SimVault


def nothing(*_: object, **__: object) -> None:
    """Do nothing where something should be done."""


def no_evidence(*_: object, **__: object) -> Evidence:
    """Spoil: no evidence."""
    return NOTHING


def is_done(*_: object) -> Look:
    """Spoil: is done."""
    return Look.DONE


def is_settled(*_: object, **__: object) -> bool:
    """Spoil: is settled."""
    return True


# --- the journal ---


def put_without_sync(self: Log, line: bytes) -> None:
    """Spoil: put without sync."""
    self._write(line)
    if b'"phase":"begun"' not in line:
        self._disk.sync(self._path)


def put_again_after_a_failed_sync(self: Log, line: bytes) -> None:
    """Spoil: put again after a failed sync."""
    self._write(line)
    try:
        self._disk.sync(self._path)
    except SyncFailed:
        self._disk.sync(self._path)


def follows_anything(*_: object, **__: object) -> bool:
    """Spoil: follows anything."""
    return True


def resume_without_replay(disk: Any, clock: Any, *, run: str, redact: Any = str) -> Log:
    """Spoil: resume without replay."""
    content = disk.read(log.lines_path(run)) or b""
    entries = replay.replay(content, run)
    used = content.rstrip(b"\0")
    disk.replace(log.lines_path(run), used, room_bytes=len(used) + log.ROOM_BYTES)
    blind = Replayed(entries=entries.entries, good_bytes=len(used), tail=b"", digest=entries.digest)
    resumed = Log(disk, clock, run=run, replayed=blind, redact=redact)
    resumed.epoch = resumed.story.epoch + 1
    return resumed


def without_ballast(disk: object, act: Callable[[], None]) -> None:
    """Spoil: without ballast."""
    act()


def write_without_ballast(self: Log, line: bytes) -> None:
    """Spoil: write without ballast."""
    self._disk.write(self._path, offset=self._offset, content=line)


# --- the walk ---

sound_record = Scene.record
sound_climb = walk._climb
sound_heads_forward = walk._heads_forward


def record_decision_with_the_opening(self: Scene, phase: Phase) -> None:
    """Spoil: record decision with the opening."""
    if phase is Phase.OPENED:
        sound_record(self, Phase.DECISION)
    if phase is not Phase.DECISION:
        sound_record(self, phase)


def record_no_decision(self: Scene, phase: Phase) -> None:
    """Spoil: record no decision."""
    if phase is not Phase.DECISION:
        sound_record(self, phase)


def climb_and_record_opened_late(scene: Scene, step: StepPlan, *, interrupted: Callable[[], bool]) -> None:
    """Spoil: climb and record opened late."""
    if step.name != scene.plan.opening or scene.story.opened:
        sound_climb(scene, step, interrupted=interrupted)
        return
    scene.plan, sound = replace(scene.plan, opening=""), scene.plan
    try:
        sound_climb(scene, step, interrupted=interrupted)
    finally:
        scene.plan = sound
    scene.record(Phase.OPENED)


def climb_without_a_look(scene: Scene, step: StepPlan, *, interrupted: Callable[[], bool]) -> None:
    """Spoil: climb without a look."""
    walk._refuse_to_go_on(scene, step, interrupted=interrupted)
    for phase, name, known in (
        (Phase.DECISION, scene.plan.decision, scene.story.decided),
        (Phase.OPENED, scene.plan.opening, scene.story.opened),
    ):
        if step.name == name and not known:
            scene.record(phase)
    scene.log.append(Phase.BEGUN, step.name)
    evidence = STEPS[step.kind].do(scene, step)
    scene.log.append(Phase.DONE, step.name, evidence=evidence)


def climb_without_an_intent(scene: Scene, step: StepPlan, *, interrupted: Callable[[], bool]) -> None:
    """Spoil: climb without an intent."""
    walk._refuse_to_go_on(scene, step, interrupted=interrupted)
    evidence = STEPS[step.kind].do(scene, step)
    scene.log.append(Phase.BEGUN, step.name)
    scene.log.append(Phase.DONE, step.name, evidence=evidence)


def give_up_after_the_opening_too(scene: Scene, failure: Any) -> Any:
    """Spoil: give up after the opening too."""
    scene.record(Phase.ABORT)
    return failure


def head_forward_without_a_decision(scene: Scene) -> bool:
    """Spoil: head forward without a decision."""
    return not scene.story.aborted


def back_from_the_first(scene: Scene) -> None:
    """Spoil: back from the first."""
    for name in scene.story.standing:
        step = scene.plan.steps[scene.plan.index(name)]
        walk._try(scene, name, act=partial(walk._undo, scene, step))


def standing_is_done(self: Story) -> tuple[str, ...]:
    """Spoil: standing is done."""
    return tuple(step for step in self.done if step not in self.undone)


def close_without_release(scene: Scene, ending: Any, *, failure: Any) -> Ended:
    """Spoil: close without release."""
    scene.log.append(Phase.CLOSED, evidence=leave(ending=ending.value))
    return Ended(run=scene.plan.run, ending=ending, failure=failure)


# --- the steps ---


def swap_back_blindly(scene: Scene, step: StepPlan) -> None:
    """Spoil: swap back blindly."""
    back = ((step.aside, step.database),) if step.aside else ()
    scene.stage.engine.rename(((step.database, step.source), *back), claim=scene.claim)


def swap_and_drop(scene: Scene, step: StepPlan) -> Evidence:
    """Spoil: swap and drop."""
    evidence = sound_swap(scene, step)
    if step.aside:
        scene.stage.engine.drop(step.aside, claim=scene.claim)
    return evidence


sound_swap = swap.do
sound_fence_undo = fence.undo


def fence_only_the_app(scene: Scene, step: StepPlan) -> Evidence:
    """Spoil: fence only the app."""
    scene.stage.runtime.halt(scene.claim)
    scene.stage.engine.shut(step.database, claim=scene.claim)
    scene.stage.engine.admit(step.database, claim=scene.claim)
    return NOTHING


def fence_undone_halfway(scene: Scene, step: StepPlan) -> None:
    """Spoil: fence undone halfway."""
    plan, runtime = scene.plan, scene.stage.runtime
    runtime.place(plan.before, services=plan.services, claim=scene.claim)
    runtime.open(plan.services, claim=scene.claim)


def open_without_restart_policy(scene: Scene, step: StepPlan) -> Evidence:
    """Spoil: open without restart policy."""
    scene.stage.engine.admit(step.database, claim=scene.claim)
    spoiled = tuple(replace(service, restart="no") for service in scene.plan.services)
    scene.stage.runtime.open(spoiled, claim=scene.claim)
    return NOTHING


def prove_without_restore(scene: Scene, step: StepPlan) -> Evidence:
    """Spoil: prove without restore."""
    scene.stage.vault.attest(step.source, Proof.PROVED)
    return NOTHING


def believe_the_ledger(scene: Scene, step: StepPlan) -> None:
    """Undo nothing in place, as if the tool had cleaned up after itself."""


def one_name_for_all(live: str, role: str, *, run: str) -> str:
    """Spoil: one name for all."""
    return f"{live}_{role}_clone"


# --- the adapters ---


def rename_one_by_one(self: SimEngine, names: tuple[tuple[str, str], ...], *, claim: Any) -> None:
    """Spoil: rename one by one."""
    for pair in names:
        sound_rename(self, (pair,), claim=claim)


sound_rename = SimEngine.rename


def put_without_reading_back(self: SimVault, name: str, content: bytes) -> None:
    """Spoil: put without reading back."""
    self._store.put(name, (content,))


def operator_without_redaction(process: Any) -> Any:
    """Spoil: operator without redaction."""
    return replace(sound_operator(process), redact=str)


sound_operator = theatre.operator_of
