"""The receipt of a drill: a document for machines, and a page for people to print and sign."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from amankan import __version__, wiring
from amankan.cli.backups import as_document
from amankan.cli.desk import Desk
from amankan.cli.times import time_text
from amankan.config.settings import CheckSettings
from amankan.model.boot import Boot
from amankan.model.sentence import Sentence, say
from amankan.model.snapshot import Snapshot
from amankan.model.units import duration_text, size_text
from amankan.model.verdict import Level

_PAGE: Final = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.4rem; }} table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ccc; vertical-align: top; }}
th {{ font-weight: 600; width: 40%; }} td.number {{ text-align: right; }}
</style>
<h1>{title}</h1>
<table>
{facts}
</table>
<h2>{looks}</h2>
<table>
{looked}
</table>
<h2>{tables}</h2>
<table>
{rows}
</table>
</html>
"""


LEVELS: Final = {Level.PASS: say("good"), Level.WARN: say("note"), Level.STOP: say("failed")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """
    What a drill measured: how long a recovery takes, and how old its content was; every table was compared.

    `boot` is what was seen of the release on the copy, `unlooked` what nobody asked for.
    """

    run: str
    app: str
    snapshot: Snapshot
    time: datetime
    load_seconds: float
    boot: Boot
    unlooked: tuple[Sentence, ...] = ()

    @property
    def recovery_seconds(self) -> float:
        """How long it takes until the app works on the copy, or until the copy is there where nothing was started."""
        return self.load_seconds + self.boot.seconds

    @property
    def spoke_against(self) -> Sentence:
        """What the first look found that stops."""
        found = [finding.sentence for finding in self.boot.verdict.findings if finding.level is Level.STOP]
        return found[0] if found else say("nothing was looked at")

    @property
    def sentence(self) -> Sentence:
        """What is known of the release on the restored copy."""
        release, boot = self.snapshot.release.label or "-", self.boot
        if boot.why_not is not None:
            return say("no release was started on it: {why}; recovery of the data alone is what was measured", why=boot.why_not)
        if not boot.works:
            return say("release {release} does not work on it: {why}", release=release, why=self.spoke_against)
        count, time = len(boot.verdict.findings), duration_text(self.recovery_seconds)
        return say(
            "release {release} runs on it, {count} looks; recovery took {time} in all", release=release, count=count, time=time
        )

    @property
    def age_seconds(self) -> float:
        """How much would have been lost: the time between the snapshot and the drill."""
        return max((self.time - self.snapshot.time).total_seconds(), 0.0)

    def document(self) -> dict[str, Any]:
        """Return the receipt as scripts read it."""
        return {
            "run": self.run,
            "app": self.app,
            "time": time_text(self.time),
            "snapshot": as_document(self.snapshot),
            "recovery_seconds": self.recovery_seconds,
            "load_seconds": self.load_seconds,
            "boot": self._boot(),
            "age_seconds": self.age_seconds,
            "equal": True,
            "schema": self.snapshot.fingerprint.schema,
            "tables": [{"table": each.table, "rows": each.rows} for each in self.snapshot.fingerprint.tables],
            "version": __version__,
        }

    def _boot(self) -> dict[str, Any]:
        boot = self.boot
        found = boot.verdict.findings
        return {
            "tried": boot.tried,
            "works": boot.works,
            "release": self.snapshot.release.label or None,
            "why_not": None if boot.why_not is None else str(boot.why_not),
            "seconds": boot.seconds,
            "looked_at": [{"code": each.code, "level": each.level.value, "finding": str(each.sentence)} for each in found],
            "not_looked_at": [str(each) for each in self.unlooked] if boot.tried else [],
        }


def unlooked(checks: CheckSettings) -> tuple[Sentence, ...]:
    """Return what a drill does not look at because nobody asked for it."""
    wanted = (
        (bool(checks.http), say("no page was asked for: [checks] http is empty")),
        (bool(checks.sql), say("no question was put to the data: [checks] sql is empty")),
        (bool(checks.log_errors), say("the logs were not read: [checks] log_errors is empty")),
    )
    return tuple(sentence for asked, sentence in wanted if not asked)


def keep_receipt(desk: Desk, receipt: Receipt) -> str:
    """Document and page lie among the receipts for good; returns where the page is."""
    content = json.dumps(receipt.document(), ensure_ascii=False, indent=2)
    desk.disk.replace(f"receipts/{receipt.run}.json", content.encode())
    path = f"receipts/{receipt.run}.html"
    desk.disk.replace(path, page(desk, receipt).encode())
    return str(wiring.state_folder(desk.settings) / path)


def page(desk: Desk, receipt: Receipt) -> str:
    """Return the page, in which every text from outside is escaped."""
    text, snapshot = desk.printer.text, receipt.snapshot
    facts: tuple[tuple[Sentence, str], ...] = (
        (say("snapshot"), snapshot.id),
        (say("taken"), time_text(snapshot.time)),
        (say("drill"), time_text(receipt.time)),
        (say("time to recover"), duration_text(receipt.recovery_seconds)),
        (say("age of the content"), duration_text(receipt.age_seconds)),
        (say("stored"), size_text(snapshot.stored_bytes)),
        (say("rows"), f"{snapshot.fingerprint.rows:,}"),
        (say("result"), text(say("every table and the schema are equal to what was backed up"))),
        (say("release"), text(receipt.sentence)),
    )
    looked = [(text(LEVELS[each.level]), text(each.sentence)) for each in receipt.boot.verdict.findings]
    if receipt.boot.tried:
        looked += [(text(say("not looked at")), text(each)) for each in receipt.unlooked]
    return _PAGE.format(
        language=desk.printer.language.value,
        title=html.escape(text(say("Recovery drill of {app}", app=receipt.app))),
        facts="\n".join(_row(text(name), value) for name, value in facts),
        looks=html.escape(text(say("what was looked at"))),
        looked="\n".join(_row(name, value) for name, value in looked),
        tables=html.escape(text(say("rows by table"))),
        rows="\n".join(_row(text(each.table), f"{each.rows:,}", kind="number") for each in snapshot.fingerprint.tables),
    )


def _row(name: str, value: str, *, kind: str = "") -> str:
    opening = f'<td class="{kind}">' if kind else "<td>"
    return f"<tr><th>{html.escape(name)}</th>{opening}{html.escape(value)}</td></tr>"
