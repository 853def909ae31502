"""Single behaviours of the walk, in the simulated world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from amankan.errors import (
    AmankanError,
    ConsentMissing,
    Interrupted,
    LossFound,
    ProbeFailed,
    RolledBack,
    RunUnfinished,
    Stopped,
    TimedOut,
    WrongTarget,
)
from amankan.journal.log import read_story
from amankan.journal.story import Story
from amankan.model.entry import Ending
from amankan.model.plan import Plan
from amankan.model.sentence import say
from amankan.operations.begin import Operator, recover, run
from amankan.operations.plans.update import plan_update
from amankan.operations.stage import Stage
from amankan.operations.walk import Ended, as_error
from amankan.testing.chance import Crash, Process, Trouble
from amankan.testing.chaos.theatre import operator_of, stage_of, survey_of
from amankan.testing.disk import SimDisk
from amankan.testing.runtime import release_of
from amankan.testing.world import LIVE, World

RUN = "20260105T101500Z-shop-0badcafe"


@dataclass(slots=True)
class Shop:
    """The simulated shop, the plan of its update, and operators who walk it."""

    world: World = field(default_factory=World)
    count: int = 0

    def plan(self, digest: str = "sha256:two", *, in_place: bool = False) -> Plan:
        """Return the plan of an update."""
        return plan_update(survey_of(self.world, RUN, in_place=in_place), release_of(self.world, digest))

    def walk(
        self, plan: Plan, *, interrupted: Callable[[], bool] | None = None, stage: Stage | None = None, **fault: object
    ) -> Ended:
        """Return how a walk of the plan ended, under some trouble."""
        process = self.process(**fault)
        operator = operator_of(process)
        if interrupted is not None:
            operator = Operator(holder=operator.holder, redact=operator.redact, interrupted=interrupted)
        try:
            return run(stage or stage_of(self.world, process), plan, operator=operator)
        finally:
            self.world.platter.end_process(process.number)

    def recover(self, **fault: object) -> tuple[Ended, ...]:
        """Return how the open runs ended."""
        process = self.process(**fault)
        try:
            return recover(stage_of(self.world, process), operator_of(process))
        finally:
            self.world.platter.end_process(process.number)

    def process(self, **fault: object) -> Process:
        """Return a new process."""
        self.count += 1
        return Process(number=self.count, **fault)  # type: ignore[arg-type]

    @property
    def story(self) -> Story:
        """What the journal of the run says."""
        return read_story(SimDisk(self.world, Process(number=0)), RUN)

    def look(self) -> tuple[object, ...]:
        """Return what users and operators see, but for the rows."""
        live = self.world.server.databases[LIVE]
        names = sorted(self.world.server.databases)
        return (
            self.world.services["app"],
            live.oid,
            live.admits,
            live.applied,
            names,
            self.world.dark,
            self.world.server.claim,
        )


@pytest.fixture
def shop() -> Shop:
    """Return a shop at release one."""
    return Shop()


def test_an_undisturbed_update_is_done(shop: Shop) -> None:
    """The new release serves on the migrated copy with every acknowledged row, and the old database is kept."""
    original = shop.world.server.databases[LIVE].oid
    ended = shop.walk(shop.plan())
    live = shop.world.server.databases[LIVE]
    assert (Ending.DONE, None, "sha256:two", ("m1", "m2")) == (
        *(ended.ending, as_error(ended)),
        *(shop.world.services["app"].digest, live.applied),
    )
    assert shop.world.acknowledged <= live.rows
    assert original == shop.world.server.databases["shop_old_0badcafe"].oid


@pytest.mark.parametrize("step", ["pull", "prove", "consent", "fence", "migrate", "verify", "swap"])
def test_an_interrupt_before_the_decision_undoes_all(shop: Shop, step: str) -> None:
    """Whoever asks to stop before the decision gets everything exactly as before, and status 130."""
    before, plan = shop.look(), shop.plan()
    ended = shop.walk(plan, interrupted=lambda: shop.story.done[-1:] == tuple(kinds_before(plan, step)))
    error = as_error(ended)
    assert isinstance(error, Interrupted)
    assert (130, Ending.AS_BEFORE, before) == (error.status, ended.ending, shop.look())


def kinds_before(plan: Plan, step: str) -> list[str]:
    """Return the name of the step before one, if there is any."""
    place = plan.index(step)
    return [plan.steps[place - 1].name] if place else []


@pytest.mark.parametrize("step", ["place", "open", "watch"])
def test_an_interrupt_behind_the_decision_is_too_late(shop: Shop, step: str) -> None:
    """Behind the decision an update goes on to its end, whoever asks to stop."""
    plan = shop.plan()
    ended = shop.walk(plan, interrupted=lambda: shop.story.decided and step in ("place", "open", "watch"))
    assert Ending.DONE is ended.ending


@pytest.mark.parametrize("in_place", [False, True], ids=["swap", "in-place"])
def test_waiting_too_long_leads_back(shop: Shop, in_place: bool) -> None:
    """Where users wait longer than the limit before the decision, everything is as before."""
    before = shop.look()
    ended = shop.walk(replace(shop.plan(in_place=in_place), downtime_seconds=0.05))
    assert isinstance(ended.failure, TimedOut)
    assert isinstance(as_error(ended), RolledBack)
    assert (Ending.AS_BEFORE, before) == (ended.ending, shop.look())


@pytest.mark.parametrize(("digest", "kind"), [("sha256:lossy", LossFound), ("sha256:sick", AmankanError)])
def test_a_bad_release_never_reaches_users(shop: Shop, digest: str, kind: type[AmankanError]) -> None:
    """A release that loses rows or does not answer is refused by the rehearsal, and nothing has changed."""
    before = shop.look()
    ended = shop.walk(shop.plan(digest))
    error = as_error(ended)
    assert isinstance(error, kind)
    assert (4, before) == (error.status, shop.look())
    assert "fence" not in shop.story.begun


def test_without_consent_nothing_happens(shop: Shop) -> None:
    """Where nobody said yes, the run ends as before, with status 3, and the fence was never closed."""

    def refuse(*_: object) -> str:
        raise ConsentMissing(say("cannot update: nobody said yes"))

    before = shop.look()
    ended = shop.walk(shop.plan(), stage=replace(stage_of(shop.world, shop.process()), consent=refuse))
    error = as_error(ended)
    assert isinstance(error, ConsentMissing)
    assert (3, before) == (error.status, shop.look())
    assert "fence" not in shop.story.begun


def test_a_late_failure_is_tried_again(shop: Shop) -> None:
    """Behind the decision one failure is tried again, and the update is done."""
    ended = shop.walk(shop.plan(), verb="engine.rename", call=1, trouble=Trouble.FAILS_BEFORE)
    assert (Ending.DONE, 0) == (ended.ending, shop.story.failures)


def test_three_late_failures_lead_back(shop: Shop) -> None:
    """Behind the decision and before the opening, three failures lead back, and nothing is lost."""
    before = shop.look()
    ended = shop.walk(shop.plan(), verb="engine.rename", call=1, trouble=Trouble.FAILS_BEFORE, always=True)
    assert (Ending.AS_BEFORE, True, True, before) == (ended.ending, shop.story.decided, shop.story.aborted, shop.look())
    assert isinstance(as_error(ended), RolledBack)


def test_behind_the_opening_there_is_no_way_back(shop: Shop) -> None:
    """Where traffic cannot be let in, the run stops with its journal open, and a later recovery lets it in."""
    with pytest.raises(Stopped) as stopped:
        shop.walk(shop.plan(), verb="runtime.open", call=1, trouble=Trouble.FAILS_BEFORE, always=True)
    assert (6, "aman recover") == (stopped.value.status, str(stopped.value.next))
    assert (True, False, None) == (shop.story.opened, shop.story.aborted, shop.story.ending)
    assert [Ending.DONE] == [ended.ending for ended in shop.recover()]
    assert (True, True) == (shop.world.services["app"].running, shop.world.services["app"].open)


def test_a_sick_watch_takes_nothing_back(shop: Shop) -> None:
    """A finding behind the opening is evidence for an offer; the update is done."""
    plan = shop.plan()
    two = shop.world.images["sha256:two"]

    def sicken() -> bool:
        if shop.story.decided:
            shop.world.images["sha256:two"] = replace(two, healthy=False)
        return False

    process = shop.process()
    stage = stage_of(shop.world, process)

    class Late:
        """A probe that finds the release sick once it is open."""

        def dark(self, *args: object, **words: object) -> object:
            """Pass on."""
            return stage.probes[0].dark(*args, **words)  # type: ignore[arg-type]

        def live(self, *args: object) -> object:
            """Sicken first."""
            sicken()
            return stage.probes[0].live(*args)  # type: ignore[arg-type]

    ended = shop.walk(plan, stage=replace(stage, probes=(Late(),)))  # type: ignore[arg-type]
    assert (Ending.DONE, "stop") == (ended.ending, shop.story.of("watch").get("health"))


def test_nothing_begins_while_a_run_is_open(shop: Shop) -> None:
    """After a crash every other operation is refused, with the way out, until the run was finished or undone."""
    before, plan = shop.look(), shop.plan()
    with pytest.raises(Crash):
        shop.walk(plan, kill=40)
    with pytest.raises(RunUnfinished) as refused:
        shop.walk(replace(plan, run="20260106T101500Z-shop-00000001"))
    assert (3, "aman recover") == (refused.value.status, str(refused.value.next))
    assert [Ending.AS_BEFORE] == [ended.ending for ended in shop.recover()]
    assert before == shop.look()
    assert () == shop.recover()


def test_the_wrong_server_is_refused_before_anything(shop: Shop) -> None:
    """Where another server answers than the plan was made for, nothing is touched."""
    plan = shop.plan()
    before = shop.look()
    ended = shop.walk(replace(plan, identity=replace(plan.identity, system="7999")))
    error = as_error(ended)
    assert isinstance(error, WrongTarget)
    assert (3, before, ()) == (error.status, shop.look(), shop.story.begun)


def test_a_server_that_is_exchanged_on_the_way_stops_the_run(shop: Shop) -> None:
    """Where another server answers behind the fence, nothing is written there, and the run says that hands are needed."""
    before = shop.look()
    with pytest.raises(Stopped) as stopped:
        shop.walk(shop.plan(), verb="engine.copy", call=1, trouble=Trouble.OTHER_SERVER)
    assert 6 == stopped.value.status
    assert not shop.world.server.databases[LIVE].admits
    assert [Ending.AS_BEFORE] == [ended.ending for ended in shop.recover()]
    assert (before, []) == (shop.look(), shop.world.violations)


def test_a_lie_is_found_out(shop: Shop) -> None:
    """An effect that is said to be done and is not leads back before the decision."""
    before = shop.look()
    ended = shop.walk(shop.plan(), verb="migrator.finish", call=1, trouble=Trouble.LIES)
    assert (Ending.AS_BEFORE, before) == (ended.ending, shop.look())
    assert isinstance(as_error(ended), RolledBack)


def test_a_restored_original_is_known_again(shop: Shop) -> None:
    """In place, what was loaded on the way back takes the live name only when it carries the run's mark."""
    shop.world.images["sha256:late"] = replace(shop.world.images["sha256:late"], drops_above=80)
    before = shop.world.services["app"]
    plan = shop.plan("sha256:late", in_place=True)
    shop.walk(plan, verb="vault.mark", call=1, trouble=Trouble.LIES)
    live = shop.world.server.databases[LIVE]
    assert (RUN, True, ("m1",), before) == (live.mark, live.admits, live.applied, shop.world.services["app"])
    assert shop.world.acknowledged <= live.rows


def test_no_probe_is_no_verification(shop: Shop) -> None:
    """Where nothing was probed, the release counts as sick, and everything is as before."""
    before = shop.look()
    ended = shop.walk(shop.plan(), stage=replace(stage_of(shop.world, shop.process()), probes=()))
    assert isinstance(ended.failure, ProbeFailed)
    assert before == shop.look()
