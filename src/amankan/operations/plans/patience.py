"""How long a step of each kind may take when the configuration says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from amankan.model.plan import StepKind, StepPlan

_HOUR: Final = 3600.0

LIMIT_SECONDS: Final[Mapping[StepKind, float]] = MappingProxyType(
    {
        StepKind.PULL: _HOUR,
        StepKind.BACKUP: 24 * _HOUR,
        StepKind.PROVE: 24 * _HOUR,
        StepKind.REHEARSE: 24 * _HOUR,
        StepKind.BOOT: 120.0,
        StepKind.RECALL: 60.0,
        StepKind.CONSENT: 24 * _HOUR,
        StepKind.FENCE: 60.0,
        StepKind.CLONE: _HOUR,
        StepKind.MOVE: 60.0,
        StepKind.MIGRATE: 600.0,
        StepKind.START: 120.0,
        StepKind.VERIFY: _HOUR,
        StepKind.LOAD: 24 * _HOUR,
        StepKind.ADVANCE: 60.0,
        StepKind.SWAP: 60.0,
        StepKind.PLACE: 120.0,
        StepKind.OPEN: 120.0,
        StepKind.WATCH: _HOUR,
        StepKind.DISCARD: _HOUR,
        StepKind.SALVAGE: _HOUR,
        StepKind.CLOSE: 60.0,
    }
)
"""Seconds by kind: a day for what reads all data, a minute for what a server does at once."""


def patience(kind: StepKind, why: str, *, database: str = "", source: str = "", aside: str = "") -> StepPlan:
    """Return a step that is named for its kind, with the usual limit."""
    return StepPlan(
        name=kind.value, kind=kind, why=why, limit_seconds=LIMIT_SECONDS[kind], database=database, source=source, aside=aside
    )
