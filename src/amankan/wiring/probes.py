"""By what a release is judged, as the configuration says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.checks import answer_of, count_rows
from amankan.adapters.probes.data import DataProbe
from amankan.adapters.probes.http import Door, HttpProbe, Patience
from amankan.adapters.probes.logs import Lines, LogProbe
from amankan.adapters.probes.running import Conditions, RunningProbe
from amankan.adapters.probes.sql import SqlProbe
from amankan.config.settings import Settings
from amankan.ports.probe import Probe


class Source(Door, Lines, Conditions, Protocol):
    """How a runtime lets its releases be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """
    Where is looked: `source` is the runtime's, `database` the name of the one that the world uses.

    `own` gives the address of a database for the tool itself, which sees every row; `app` for the app's own role, as which
    the user's questions are asked. `steady_seconds` is how long a release must go on running in the dark, `live_seconds`
    how long before the world; `patience` is how often it must answer.
    """

    source: Source
    database: str
    own: Callable[[str], Address]
    app: Callable[[str], Address]
    steady_seconds: float = 5.0
    live_seconds: float | None = None
    patience: Patience | None = None


def probes_of(settings: Settings, sight: Sight) -> tuple[Probe, ...]:
    """
    Return the probes of an app; one is always there, since nothing looked at would be nothing found.

    They remember what they saw: those of a rehearsal are not those of the update itself.

    Raises:
        ConfigurationFault: checks.log_errors holds what is no regular expression.
    """
    checks, clock = settings.checks, SystemClock()
    running = RunningProbe(
        sight.source,
        clock=clock,
        questions=HttpProbe(checks.http, door=sight.source, clock=clock, patience=sight.patience) if checks.http else None,
        steady_seconds=sight.steady_seconds,
        live_seconds=sight.live_seconds,
    )
    probes: list[Probe] = [running]
    if checks.log_errors:
        probes.append(LogProbe(checks.log_errors, source=sight.source))
    if checks.sql:
        probes.append(SqlProbe(checks.sql, database=sight.database, ask=lambda name, text: answer_of(sight.app(name), text)))
    probes.append(
        DataProbe(lambda name: count_rows(sight.own(name)), database=sight.database, limits=settings.limits),
    )
    return tuple(probes)
