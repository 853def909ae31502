"""One file per kind of step, and the table of them all."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from amankan.model.plan import StepKind
from amankan.operations.step import Step
from amankan.operations.steps import (
    advance,
    backup,
    boot,
    clone,
    close,
    consent,
    discard,
    fence,
    load,
    migrate,
    move,
    open,
    place,
    prove,
    pull,
    recall,
    rehearse,
    salvage,
    start,
    swap,
    verify,
    watch,
)

STEPS: Final[Mapping[StepKind, Step]] = MappingProxyType(
    {
        StepKind.PULL: pull,
        StepKind.BACKUP: backup,
        StepKind.PROVE: prove,
        StepKind.REHEARSE: rehearse,
        StepKind.BOOT: boot,
        StepKind.RECALL: recall,
        StepKind.CONSENT: consent,
        StepKind.FENCE: fence,
        StepKind.CLONE: clone,
        StepKind.MOVE: move,
        StepKind.MIGRATE: migrate,
        StepKind.START: start,
        StepKind.VERIFY: verify,
        StepKind.LOAD: load,
        StepKind.ADVANCE: advance,
        StepKind.SWAP: swap,
        StepKind.PLACE: place,
        StepKind.OPEN: open,
        StepKind.WATCH: watch,
        StepKind.DISCARD: discard,
        StepKind.SALVAGE: salvage,
        StepKind.CLOSE: close,
    }
)
"""Which module carries out which kind of step."""
