"""`aman backups`: what lies in the vault."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from amankan import wiring
from amankan.cli.chain import tell_breaks
from amankan.cli.desk import Desk
from amankan.cli.pin import change_pin
from amankan.cli.project import along_document
from amankan.cli.times import time_text
from amankan.cli.vanished import refuse_vanished
from amankan.model.sentence import Sentence, say
from amankan.model.snapshot import Proof, Snapshot
from amankan.model.units import duration_text, size_text

PROOFS = {Proof.PROVED: say("proved"), Proof.SAMPLED: say("sampled"), Proof.NONE: say("not proved")}


def backups(
    desk: Desk,
    *,
    pin: Annotated[str, typer.Option("--pin", metavar="ID", help="Keep this snapshot, whatever retention says.")] = "",
    unpin: Annotated[str, typer.Option("--unpin", metavar="ID", help="Let retention decide about it again.")] = "",
    why: Annotated[str, typer.Option("--why", help="Why it is kept.")] = "",
) -> None:
    """List the snapshots in the vault, the oldest first; pin one that must stay, or unpin it."""
    refuse_vanished(desk)
    catalogue = wiring.catalogue(desk.settings, wiring.keychain(desk.settings))
    if pin or unpin or why:
        change_pin(desk, catalogue, pin=pin, unpin=unpin, why=why)
    census = catalogue.census()
    snapshots = [entry.snapshot for entry in census.entries]
    for fault in census.faults:
        desk.printer.warn(say("{id} is not counted: {why}", id=fault.snapshot, why=fault.error.cannot))
    tell_breaks(desk, census)

    def people() -> None:
        if not snapshots:
            desk.printer.remark(say("there is no snapshot yet; next: aman backup"))
            return
        headings = (say("time (UTC)"), say("label"), say("stored"), say("rows"), say("proof"), say("release"), say("id"))
        desk.printer.table(headings, [_row(each) for each in snapshots])

    document = {"snapshots": [as_document(each) for each in snapshots]}
    if census.faults:
        document["faults"] = [{"id": each.snapshot, "reason": str(each.error)} for each in census.faults]
    desk.printer.answer(document, people)


def as_document(snapshot: Snapshot) -> dict[str, Any]:
    """Return a snapshot as scripts read it."""
    return {
        "id": snapshot.id,
        "time": time_text(snapshot.time),
        "label": snapshot.label,
        "stored_bytes": snapshot.stored_bytes,
        "rows": snapshot.fingerprint.rows,
        "tables": len(snapshot.fingerprint.tables),
        "proved": snapshot.proof is Proof.PROVED,
        "pinned": snapshot.pinned,
        "release": snapshot.release.label or None,
        "engine": snapshot.engine,
        "encrypted": snapshot.encrypted,
        "project": along_document(snapshot.project),
    }


def age_text(snapshot: Snapshot, now: datetime) -> str:
    """Return how old a snapshot is, as people say it; nothing is younger than now."""
    return duration_text(max((now - snapshot.time).total_seconds(), 0.0))


def proof_text(snapshot: Snapshot) -> Sentence:
    """Return what is known of a snapshot."""
    return PROOFS[snapshot.proof]


def _row(snapshot: Snapshot) -> tuple[str | Sentence, ...]:
    proof = say("{proof}, pinned", proof=proof_text(snapshot)) if snapshot.pinned else proof_text(snapshot)
    time = time_text(snapshot.time).replace("T", " ").removesuffix("Z")
    rows = f"{snapshot.fingerprint.rows:,}"
    return (time, snapshot.label, size_text(snapshot.stored_bytes), rows, proof, snapshot.release.label or "-", snapshot.id)
