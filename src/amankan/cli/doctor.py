"""`aman doctor`: every precondition of an update, each with its remedy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from amankan import wiring
from amankan.cli.chain import known_head
from amankan.cli.desk import Desk
from amankan.cli.history import accounts
from amankan.cli.show import at_work
from amankan.errors import Refused
from amankan.model.sentence import phrase, say
from amankan.model.verdict import Finding, Level
from amankan.operations.preflight.looks import OperationLook
from amankan.operations.preflight.table import preflight
from amankan.wiring.doctor import looks
from amankan.wiring.messengers import messengers_look

UNSEEN: Final = phrase("could not be looked at: {why}")
WORDS: Final = {Level.PASS: "ok", Level.WARN: "warn", Level.STOP: "fault"}
STYLES: Final = {Level.PASS: "green", Level.WARN: "yellow", Level.STOP: "bold red"}


def doctor(desk: Desk) -> None:
    """Check every precondition of an update, and tell the remedy of each that does not hold; nothing is changed."""
    keys = wiring.keychain(desk.settings)
    seen = looks(desk.settings, keys, clock=desk.clock, operation=_operation(desk), known=known_head(desk))
    verdict = preflight(replace(seen, messengers=messengers_look(desk.settings)))
    faults = [each for each in verdict.findings if each.level is Level.STOP]
    warnings = [each for each in verdict.findings if each.level is Level.WARN]
    document = {
        "app": desk.settings.app.name,
        "environment": desk.settings.app.environment,
        "level": WORDS[verdict.level],
        "checks": [_document(desk, each) for each in verdict.findings],
    }

    def people() -> None:
        blind = [each for each in verdict.findings if each.sentence.template == UNSEEN]
        for each in verdict.findings:
            if each not in blind:
                _print(desk, each)
        for sentence in dict.fromkeys(each.sentence for each in blind):
            _print_unseen(desk, [each for each in blind if each.sentence == sentence])
        desk.printer.line(
            say(
                "{ok} ok, {warnings} worth knowing, {faults} at fault",
                ok=len(verdict.findings) - len(faults) - len(warnings),
                warnings=len(warnings),
                faults=len(faults),
            ),
            style="bold",
        )

    desk.printer.answer({"doctor": document}, people)
    if faults:
        names = ", ".join(each.code for each in faults)
        raise Refused(
            say("cannot call this app ready for an update: {names}", names=names), next=faults[0].remedy or say("aman doctor")
        )


def _operation(desk: Desk) -> OperationLook:
    """Return the operation that has not ended."""
    open_runs = [each for each in accounts(desk) if each.ending is None]
    return OperationLook(run=open_runs[0].run, running=at_work(desk)) if open_runs else OperationLook()


def _document(desk: Desk, finding: Finding) -> dict[str, Any]:
    remedy = finding.remedy
    return {
        "id": finding.code,
        "level": WORDS[finding.level],
        "sentence": desk.printer.text(finding.sentence),
        "remedy": None if remedy is None else desk.printer.text(remedy),
    }


def _print_unseen(desk: Desk, findings: list[Finding]) -> None:
    """Checks that failed for one reason are told together."""
    names = ", ".join(each.code for each in findings)
    desk.printer.line(say("warn   {names}: {sentence}", names=names, sentence=findings[0].sentence), style=STYLES[Level.WARN])
    if findings[0].remedy is not None:
        desk.printer.line(say("       → {remedy}", remedy=findings[0].remedy), style="dim")


def _print(desk: Desk, finding: Finding) -> None:
    word = WORDS[finding.level]
    line = say("{level:<5}  {id:<18}  {sentence}", level=word, id=finding.code, sentence=finding.sentence)
    desk.printer.line(line, style="" if finding.level is Level.PASS else STYLES[finding.level])
    if finding.remedy is not None:
        desk.printer.line(say("       → {remedy}", remedy=finding.remedy), style="dim")
