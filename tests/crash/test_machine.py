"""Several operations in one world, in any order, with deaths, orphans, operators, clocks and full disks between them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from amankan.errors import AmankanError, Locked, NewerFormat
from amankan.journal import line
from amankan.journal.shelf import open_runs
from amankan.model.entry import Ending
from amankan.model.plan import Plan, RollbackClass
from amankan.model.snapshot import Proof
from amankan.operations.begin import recover, run
from amankan.operations.plans.backup import plan_backup, plan_drill
from amankan.operations.plans.restore import plan_restore
from amankan.operations.plans.rollback import plan_rollback
from amankan.operations.plans.update import plan_update
from amankan.testing.chance import Crash, Loss, Outcome, Process, Trouble
from amankan.testing.chaos.judge import judge
from amankan.testing.chaos.scenario import Scenario
from amankan.testing.chaos.theatre import operator_of, stage_of, survey_of
from amankan.testing.disk import SimDisk
from amankan.testing.engine import SimEngine
from amankan.testing.runtime import release_of
from amankan.testing.store import SimVault
from amankan.testing.world import LIVE, SimImage, World

LOSSES = st.sampled_from(list(Loss))
KILLS = st.one_of(st.none(), st.integers(1, 260))
VERBS = ("engine.copy", "engine.rename", "engine.shut", "engine.admit", "runtime.halt", "runtime.open", "runtime.start")
TROUBLES = st.one_of(
    st.none(),
    st.tuples(
        st.sampled_from((*VERBS, "migrator.finish", "store.put", "sandbox.fill", "registry.pull")),
        st.sampled_from([trouble for trouble in Trouble if trouble is not Trouble.OTHER_SERVER]),
    ),
)


class Life(RuleBasedStateMachine):
    """One shop for many days: whatever happens, no acknowledged row is lost and every operation has one of three ends."""

    @initialize()
    def begin(self) -> None:
        """A new shop; nothing is under way."""
        self.world = World()
        self.days, self.processes = count(1), count(100)
        self.dirty: Scenario | None = None
        self.snapshots: list[str] = []
        self.laid_by: set[int] = set()

    # --- what an operator does ---

    @precondition(lambda self: self.dirty is None)
    @rule(kill=KILLS, loss=LOSSES, trouble=TROUBLES, orphan=st.booleans(), in_place=st.booleans(), good=st.booleans())
    def update(  # noqa: PLR0913 - one argument for each thing that can happen
        self,
        *,
        kill: int | None,
        loss: Loss,
        trouble: tuple[str, Trouble] | None,
        orphan: bool,
        in_place: bool,
        good: bool,
    ) -> None:
        """The next release is wanted; it may be sick."""
        applied = self.world.server.databases[LIVE].applied
        target = f"sha256:next{len(applied)}{'' if good else 'sick'}"
        self.world.images[target] = SimImage(migrations=(*applied, f"m{len(applied) + 1}"), healthy=good)
        self.world.registry.add(target)
        facts = survey_of(self.world, self._run(), in_place=in_place)
        self.world.untouchable = set() if in_place else {facts.identity.oid}
        process = self._process(kill=kill, orphan=orphan, trouble=trouble)
        self._operate(plan_update(facts, release_of(self.world, target)), process, loss=loss)

    @precondition(lambda self: self.dirty is None)
    @rule(kill=KILLS, loss=LOSSES)
    def back_up(self, kill: int | None, loss: Loss) -> None:
        """A backup is taken and proved."""
        plan = plan_backup(survey_of(self.world, self._run()))
        self._operate(plan, self._process(kill=kill), loss=loss)

    @precondition(lambda self: self.dirty is None and bool(self._proved()))
    @rule(kill=KILLS, loss=LOSSES, restores=st.booleans())
    def use_a_backup(self, kill: int | None, loss: Loss, *, restores: bool) -> None:
        """A proved backup of the present schema is drilled, or restored."""
        snapshot = self._proved()[-1]
        facts = survey_of(self.world, self._run())
        plan = plan_restore(facts, snapshot=snapshot) if restores else plan_drill(facts, snapshot=snapshot)
        self._operate(plan, self._process(kill=kill), loss=loss, lays_by=restores)

    @precondition(lambda self: self.dirty is None and bool(self._kept()))
    @rule(kill=KILLS, loss=LOSSES)
    def roll_back(self, kill: int | None, loss: Loss) -> None:
        """The last update is taken back, with its database."""
        name, digest = self._kept()[-1]
        facts = survey_of(self.world, self._run())
        plan = plan_rollback(
            facts,
            target=release_of(self.world, digest),
            rollback_class=RollbackClass.DATABASE,
            kept=name,
            kept_oid=self.world.server.databases[name].oid,
        )
        self._operate(plan, self._process(kill=kill), loss=loss, lays_by=True)

    @precondition(lambda self: self.dirty is not None)
    @rule(kill=KILLS, loss=LOSSES)
    def recover(self, kill: int | None, loss: Loss) -> None:
        """The crash is cleared away, unless that crashes too."""
        process = self._process(kill=kill)
        self._let(process, lambda: recover(stage_of(self.world, process), operator_of(process)), loss=loss)

    # --- what others do ---

    @rule()
    def orphans_finish(self) -> None:
        """Statements whose client died come to their end."""
        self.world.let_orphans_finish()

    @rule(seconds=st.integers(-100_000_000, 100_000_000))
    def clock_jumps(self, seconds: int) -> None:
        """The wall clock is somewhere else."""
        self.world.jump_seconds = seconds

    @rule(full=st.booleans())
    def disk_fills(self, *, full: bool) -> None:
        """Something else takes all the room, or gives it back."""
        self.world.platter.free_bytes = 0 if full else 1 << 40

    @precondition(lambda self: self.dirty is not None)
    @rule()
    def old_tool_looks(self) -> None:
        """An older Amankan refuses a journal that it does not know, and touches nothing."""
        known, process = line.FORMAT, self._process()
        line.FORMAT = 0  # type: ignore[misc]
        try:
            recover(stage_of(self.world, process), operator_of(process))
        except NewerFormat:
            assert 0 == process.points
        finally:
            line.FORMAT = known  # type: ignore[misc]
            self.world.platter.end_process(process.number)

    @rule()
    def second_operator_comes(self) -> None:
        """While the lock is held nobody else begins."""
        held = SimDisk(self.world, Process(number=1)).hold("lock", "{}")
        process = self._process()
        try:
            recover(stage_of(self.world, process), operator_of(process))
        except Locked:
            assert 0 == process.points
        else:
            raise AssertionError("a second operator was let in")
        finally:
            held.release()

    @precondition(lambda self: self.dirty is not None)
    @rule()
    def somebody_starts_the_app(self) -> None:
        """A person, or a daemon, starts what a dead run had stopped."""
        scenario = self.dirty
        assert scenario is not None
        for name, service in self.world.services.items():
            before = next(was for was in scenario.plan.services if was.service == name)
            self.world.services[name] = type(service)(
                service=name, digest=service.digest, running=before.running, open=before.open, restart=before.restart
            )

    # --- what must be true ---

    @invariant()
    def no_acknowledged_row_is_lost(self) -> None:
        """Every acknowledged row is in the live database, or in one that is kept, or in one that a dead run works on."""
        if not hasattr(self, "world"):
            return
        held = set().union(*(found.rows for found in self.world.server.databases.values()))
        assert set() == self.world.acknowledged - held - self.laid_by
        assert [] == self.world.violations

    @invariant()
    def all_is_tidy_between_operations(self) -> None:
        """When nothing is under way, nothing is left lying about."""
        if hasattr(self, "world") and self.dirty is None:
            assert () == open_runs(SimDisk(self.world, Process(number=0)))
            assert None is SimEngine(self.world, Process(number=0)).claimed()

    # --- how it is carried out ---

    def _operate(self, plan: Plan, process: Process, *, loss: Loss, lays_by: bool = False) -> None:
        before, after = (release.images[0].digest for release in (plan.before, plan.after))
        live = self.world.server.databases[LIVE]
        self.dirty = Scenario(
            name="life",
            prepared=b"",
            plan=plan,
            ending=Ending.DONE,
            before=before,
            after=after,
            lays_by=lays_by,
            at_home=live.home == live.oid,
        )
        self._let(process, lambda: run(stage_of(self.world, process), plan, operator=operator_of(process)), loss=loss)

    def _let(self, process: Process, act: Callable[[], object], *, loss: Loss) -> None:
        try:
            act()
        except Crash:
            self.world.platter.power_cut(loss)
        except AmankanError as error:
            assert error.status in (1, 3, 6), error
        finally:
            self.world.platter.end_process(process.number)
        self._settle_up()

    def _settle_up(self) -> None:
        """Judge where nothing is open any more."""
        scenario = self.dirty
        assert scenario is not None
        if open_runs(SimDisk(self.world, Process(number=0))):
            return
        self.world.let_orphans_finish()
        live = self.world.server.databases[LIVE]
        self.laid_by |= self.world.acknowledged - live.rows
        wrong = [fault for fault in judge(self.world, scenario) if not fault.startswith("I1: ") or "rows" not in fault]
        assert [] == wrong
        self.dirty = None

    def _process(self, *, kill: int | None = None, orphan: bool = False, trouble: tuple[str, Trouble] | None = None) -> Process:
        verb, what = trouble or ("", None)
        return Process(
            number=next(self.processes),
            kill=kill or 0,
            outcome=Outcome.ORPHAN if orphan else Outcome.AT_ONCE,
            verb=verb,
            trouble=what,
        )

    def _run(self) -> str:
        number = next(self.days)
        return f"2026{number // 28 % 12 + 1:02d}{number % 28 + 1:02d}T101500Z-shop-{number:08x}"

    def _proved(self) -> list[str]:
        applied = self.world.server.databases[LIVE].applied
        found = SimVault(self.world, Process(number=0)).snapshots()
        return [one.id for one in found if one.proof is Proof.PROVED and one.release.ledger == applied]

    def _kept(self) -> list[tuple[str, str]]:
        """Return the databases that updates left aside, with the image that ran on each and is still here."""
        images = {image.migrations: digest for digest, image in self.world.images.items() if digest in self.world.local}
        found = sorted(self.world.server.databases.items())
        return [(name, images[db.applied]) for name, db in found if "_old_" in name and db.applied in images]


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
