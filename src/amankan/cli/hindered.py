"""What an update must refuse to begin with, looked at before anything is pulled, copied or locked."""

from __future__ import annotations

import shlex

from amankan import wiring
from amankan.cli.desk import Desk
from amankan.cli.operate import Work
from amankan.errors import Refused
from amankan.model.app import App
from amankan.model.facts import Facts
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.operations.interlock.refuse import refuse_command
from amankan.operations.interlock.scripts import scripts_in
from amankan.operations.preflight.looks import OperationLook
from amankan.operations.preflight.table import hindrances, preflight
from amankan.wiring.doctor import looks


def refuse_hindered(desk: Desk, work: Work, *, facts: Facts, target: Release) -> None:
    """
    Raise Refused for a fault that an update would end badly with, with its remedy.

    Whether another operation is under way is seen by whoever takes the lock.
    """
    _refuse_older(work, facts=facts, target=target)
    refuse_ill(desk, work, app=facts.app)


def refuse_ill(desk: Desk, work: Work, *, app: App) -> None:
    """Raise Refused for what hinders whatever release is meant."""
    _refuse_destructive(desk, work, app=app)
    verdict = preflight(looks(desk.settings, wiring.keychain(desk.settings), clock=desk.clock, operation=OperationLook()))
    found = hindrances(verdict)
    if found:
        raise Refused(say("cannot update: {why}", why=found[0].sentence), next=found[0].remedy or say("aman doctor"))


def _refuse_older(work: Work, *, facts: Facts, target: Release) -> None:
    """Refuse a release that does not know migrations which the release of now knows and the database has."""
    unknown = sorted(set(work.house.strangers(target)) - set(work.house.strangers(facts.release)))
    if unknown:
        raise Refused(
            say("cannot update: {release} is older than the database, it does not know {migration}",
                release=target.label, migration=unknown[0]),
            next=say("aman rollback"),
        )  # fmt: skip


def _refuse_destructive(desk: Desk, work: Work, *, app: App) -> None:
    """Refuse a migration command that is known to seed, reset or drop."""
    migrate = desk.settings.database.migrate
    if migrate and migrate != "entrypoint":
        refuse_command(app, tuple(shlex.split(migrate)), scripts=scripts_in(work.house.premises.texts()))
