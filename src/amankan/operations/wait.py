"""How long users will wait behind the fence: as the last update of this app had them wait, or by what a rehearsal took."""

from __future__ import annotations

from amankan.errors import JournalDamaged
from amankan.journal.account import Account, account, entries_of
from amankan.journal.shelf import runs
from amankan.model.entry import Ending, Phase
from amankan.model.plan import Operation, Plan, StepKind, Strategy
from amankan.model.rehearsal import Rehearsal
from amankan.ports.disk import Disk


def foretell(disk: Disk, plan: Plan, *, rehearsal: Rehearsal) -> float:
    """
    Return the seconds that users will wait.

    What is the same in each update of an app took its time on this machine before; only the migration is another one. Without
    an update before, the rehearsal's own sum is all there is, and in place this run's backup and proof, which come again.
    """
    before = last_update(disk, plan.strategy)
    if before is None:
        again = _again(disk, plan) if plan.strategy is Strategy.IN_PLACE else 0.0
        return rehearsal.downtime_seconds + again
    migrated = sum(step.seconds for step in before.steps if step.name == StepKind.MIGRATE.value)
    return before.downtime_seconds - migrated + rehearsal.migrate_seconds + rehearsal.count_seconds


def last_update(disk: Disk, strategy: Strategy) -> Account | None:
    """Return the newest update of that strategy which was done in one go, or None; one that a crash delayed tells nothing."""
    mark = StepKind.CLONE if strategy is Strategy.SWAP else StepKind.MOVE
    for run in reversed(runs(disk)):
        try:
            entries = entries_of(disk, run)
        except JournalDamaged:
            continue  # what it says is not believed; whoever takes it up is told
        told = account(run, entries)
        smooth = all(entry.phase not in (Phase.RESUMED, Phase.FAILED) for entry in entries)
        done = told.ending is Ending.DONE and told.operation == Operation.UPDATE.value
        if smooth and done and any(step.name == mark.value for step in told.steps):
            return told
    return None


def _again(disk: Disk, plan: Plan) -> float:
    """Return what backup and proof of this run took so far."""
    kinds = (StepKind.BACKUP.value, StepKind.PROVE.value)
    return sum(step.seconds for step in account(plan.run, entries_of(disk, plan.run)).steps if step.name in kinds)
