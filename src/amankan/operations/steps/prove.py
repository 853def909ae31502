"""The snapshot was restored from the store, and what came out is what went in."""

from __future__ import annotations

from amankan.errors import SnapshotDamaged, SnapshotMissing
from amankan.model.entry import Evidence, leave
from amankan.model.fingerprint import compare
from amankan.model.plan import StepPlan
from amankan.model.sentence import say
from amankan.model.snapshot import Proof
from amankan.operations.scene import Scene
from amankan.operations.step import Look
from amankan.operations.steps.made import remove_sandbox

changes = True


def look(scene: Scene, step: StepPlan) -> Look:
    """Tell whether the snapshot is attested as proved and its copy stands in the sandbox."""
    snapshot = scene.stage.vault.find(step.source)
    standing = scene.stage.sandbox.exists(scene.plan.run)
    if snapshot is not None and snapshot.proof is Proof.PROVED and standing:
        return Look.DONE
    return Look.PARTIAL if standing else Look.ABSENT


def do(scene: Scene, step: StepPlan) -> Evidence:
    """Restore into a throwaway place, compare every table and the schema, and only then write the word proved."""
    vault, sandbox = scene.stage.vault, scene.stage.sandbox
    snapshot = vault.find(step.source)
    if snapshot is None:
        raise SnapshotMissing(say("cannot prove {snapshot}: it is not in the vault", snapshot=step.source))
    remove_sandbox(scene)
    held = sandbox.restore(scene.plan.run, snapshot=step.source)
    differences = compare(snapshot.fingerprint, held)
    if differences:
        first = differences[0]
        raise SnapshotDamaged(
            say(
                "cannot prove {snapshot}: the restored copy differs in {count} places, first in {what} of {table}",
                snapshot=step.source,
                count=len(differences),
                what=first.what,
                table=first.table or "schema",
            )
        )
    vault.attest(step.source, Proof.PROVED)
    return leave(rows=held.rows, tables=len(held.tables), schema=held.schema)


def undo(scene: Scene, step: StepPlan) -> None:
    """Remove the sandbox; what was proved stays proved."""
    remove_sandbox(scene)
