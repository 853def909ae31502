"""Every kind of step does, undoes and does again, from every state that a death can leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from amankan.errors import Stopped
from amankan.journal.log import begin_log
from amankan.model.entry import Phase, leave
from amankan.model.plan import Plan, StepKind, StepPlan
from amankan.operations.scene import Scene
from amankan.operations.step import Look
from amankan.operations.steps import STEPS
from amankan.testing.chance import Crash, Process
from amankan.testing.chaos.scenario import Scenario, scenarios
from amankan.testing.chaos.theatre import stage_of
from amankan.testing.world import World

SCENARIOS: Final = {scenario.name: scenario for scenario in scenarios()}
PLACES: Final = [
    (name, step.name)
    for name in ("update-swap", "update-in-place", "restore", "rollback-database", "rollback-image", "prune", "drill")
    for step in SCENARIOS[name].plan.steps
]
NOT_UNDONE: Final = {StepKind.OPEN}
"""Kinds of which undoing is refused."""
KEPT: Final = {StepKind.BACKUP, StepKind.ADVANCE, StepKind.CLOSE, StepKind.MIGRATE, StepKind.DISCARD}
"""Kinds after whose undoing a look may still find something: a snapshot, a gap in numbers, a clone that is dropped whole."""

USES_UP: Final = {
    StepKind.MIGRATE,
    StepKind.REHEARSE,
    StepKind.BOOT,
    StepKind.VERIFY,
    StepKind.PROVE,
    StepKind.CLOSE,
    StepKind.DISCARD,
}
"""Kinds that use something up: a migrated clone, a place in the sandbox, what ran in the dark."""


def reach(plan: Plan, step: str, *, world: World, process: Process) -> Scene:
    """Return the scene of a plan with all steps before one done by `process`."""
    stage = stage_of(world, process)
    log = begin_log(stage.disk, stage.clock, run=plan.run)
    log.epoch = 1
    log.append(Phase.BEGIN, evidence=leave(plan=""))
    scene = Scene(stage, plan, log=log)
    scene.stage.engine.claim(scene.claim, identity=plan.identity)
    for before in plan.steps[: plan.index(step)]:
        log.append(Phase.BEGUN, before.name)
        log.append(Phase.DONE, before.name, evidence=STEPS[before.kind].do(scene, before))
    log.append(Phase.BEGUN, step)
    return scene


def step_of(scenario: Scenario, step: str) -> StepPlan:
    """Return a step of a scenario's plan."""
    return scenario.plan.steps[scenario.plan.index(step)]


def seen(scene: Scene, world: World) -> tuple[object, ...]:
    """Return what a step could change for good: databases by name, images and traffic, the dark, places."""
    databases = tuple((one.name, one.oid, one.mark) for one in scene.stage.engine.databases())
    state = scene.stage.runtime.inventory()
    services = tuple((one.service, one.digest, one.running, one.open) for one in state.services)
    return (databases, services, state.dark, sorted(world.places))


def perform(scene: Scene, plan: StepPlan) -> None:
    """The step is done as the walk does it: what a look finds done is left alone."""
    act = STEPS[plan.kind]
    if not act.changes or act.look(scene, plan) is not Look.DONE:
        act.do(scene, plan)
    assert not act.changes or act.look(scene, plan) is Look.DONE


def is_undone(scene: Scene, plan: StepPlan) -> bool:
    """Tell whether a look finds nothing of a step any more; one release cannot be told from itself."""
    same = plan.kind is StepKind.PLACE and scene.plan.before.runs_the_images_of(scene.plan.after)
    act = STEPS[plan.kind]
    return same or not act.changes or plan.kind in KEPT or act.look(scene, plan) is Look.ABSENT


@pytest.mark.parametrize(("name", "step"), PLACES)
def test_a_step_does_undoes_and_does_again(name: str, step: str) -> None:
    """Doing and undoing may each be repeated, a look tells the truth after each, and undoing leaves what was before."""
    scenario = SCENARIOS[name]
    world, plan = scenario.world(), step_of(scenario, step)
    scene = reach(scenario.plan, step, world=world, process=Process(number=1))
    act = STEPS[plan.kind]
    before = seen(scene, world)
    for _ in range(2 if act.changes else 1):
        perform(scene, plan)
    if plan.kind in NOT_UNDONE:
        with pytest.raises(Stopped):
            act.undo(scene, plan)
        return
    scene.log.append(Phase.UNDOING, step)
    for _ in range(2):
        act.undo(scene, plan)
        assert is_undone(scene, plan)
    if plan.kind not in USES_UP:
        assert before == seen(scene, world)
        perform(scene, plan)
    assert [] == world.violations


@pytest.mark.parametrize(("name", "step"), PLACES)
def test_a_step_goes_on_from_every_death(name: str, step: str) -> None:
    """Wherever a step dies, the next process can undo it, and can do it unless it is one that only judges."""
    scenario, plan = SCENARIOS[name], step_of(SCENARIOS[name], step)
    act = STEPS[plan.kind]
    for verb in (act.do, act.undo) if act.changes else (act.undo,):
        kill = 0
        while True:
            kill += 1
            world = scenario.world()
            process = Process(number=1)
            scene = reach(scenario.plan, step, world=world, process=process)
            process.kill = process.points + kill
            if not dies(lambda scene=scene: act.do(scene, plan)):  # type: ignore[misc]
                break
            process.kill, process.dead = 0, False
            again(verb, scene, plan)


def dies(act: Callable[[], object]) -> bool:
    """Tell whether the process died in an act."""
    try:
        act()
    except Crash:
        return True
    return False


def again(verb: Callable[[Scene, StepPlan], object], scene: Scene, plan: StepPlan) -> None:
    """The verb came to its end after a death in the middle of `do`, and a look tells the truth."""
    act = STEPS[plan.kind]
    if verb == act.undo and plan.kind in NOT_UNDONE:
        return
    if verb == act.do:
        perform(scene, plan)
        return
    act.undo(scene, plan)
    assert is_undone(scene, plan)
