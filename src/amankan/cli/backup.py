"""`aman backup`: a sealed snapshot, proved."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from amankan import wiring
from amankan.cli.backups import as_document, proof_text
from amankan.cli.chain import tell_breaks
from amankan.cli.desk import Desk
from amankan.cli.ending import begin
from amankan.cli.news import News
from amankan.cli.operate import at_work, carry_out, document_of
from amankan.cli.project import tell_project
from amankan.errors import ConfigurationFault, SnapshotMissing
from amankan.model.marker import Marker, marker_of
from amankan.model.message import Tone
from amankan.model.sentence import say
from amankan.model.units import duration_text, size_text
from amankan.operations.plans.backup import plan_backup

# A label stands in every list of snapshots, beside what is known of them.
MOST_CHARACTERS: Final = 100


def backup(
    desk: Desk,
    *,
    label: Annotated[str, typer.Option("--label", metavar="TEXT", help="What the snapshot is called.")] = "",
    no_prove: Annotated[bool, typer.Option("--no-prove", help="Do not restore it for a proof.")] = False,
    marked_as: Annotated[
        str,
        typer.Option(
            "--marked-as", metavar="NAME/ENVIRONMENT", help="The database is marked so, and belongs to this app from now on."
        ),
    ] = "",
) -> None:
    """Take a sealed snapshot, and prove it by restoring it."""
    outdated = _marker(marked_as)
    _refuse_label(label)
    begin(desk, "backup")
    with at_work(desk, why="backup", outdated=outdated) as work:
        tell_breaks(desk, wiring.catalogue(desk.settings, wiring.keychain(desk.settings)).census())
        plan = plan_backup(work.house.survey(outdated), prove=not no_prove, label=label)
        told = carry_out(desk, work, plan=plan)
        snapshot = work.house.vault.find(plan.steps[0].source)
    if snapshot is None:
        raise SnapshotMissing(say("cannot find snapshot {id} in the vault", id=plan.steps[0].source))
    document = {"backup": document_of(told) | {"snapshot": as_document(snapshot)}}
    sentence = say(
        "{id}: {rows} rows in {tables} tables, {size} stored, {proof}, in {time}",
        id=snapshot.id,
        rows=f"{snapshot.fingerprint.rows:,}",
        tables=len(snapshot.fingerprint.tables),
        size=size_text(snapshot.stored_bytes),
        proof=proof_text(snapshot),
        time=duration_text(told.seconds),
    )
    tone = Tone.NEWS if no_prove else Tone.SUCCESS
    desk.news = News(what=say("backed up ({proof})", proof=proof_text(snapshot)), more=(sentence,), tone=tone)
    desk.printer.answer(document, lambda: desk.printer.line(sentence))
    tell_project(desk, snapshot.project)
    if not snapshot.encrypted:
        desk.printer.warn(say("the snapshot is not encrypted; next: aman key new"))


def _refuse_label(label: str) -> None:
    if len(label) > MOST_CHARACTERS or not label.isprintable():
        raise ConfigurationFault(
            say("cannot call a snapshot so: a label is one line of {most} characters at most", most=MOST_CHARACTERS),
            next=say("aman backup --label TEXT"),
        )


def _marker(word: str) -> Marker | None:
    """Return the marker that the user says is out of date, or None where they said nothing."""
    found = marker_of(word) if word else None
    if word and found is None:
        raise ConfigurationFault(
            say("cannot understand --marked-as: write the app's name and its environment, as in shop/production"),
            next=say("aman doctor"),
        )
    return found
