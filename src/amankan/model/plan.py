"""Ordered steps with reasons and limits: what will happen, readable before it does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from amankan.model.identity import Identity
from amankan.model.release import Release
from amankan.model.runtime import ServiceState


class Operation(Enum):
    """What the user asked for."""

    UPDATE = "update"
    PLAN = "plan"
    BACKUP = "backup"
    RESTORE = "restore"
    DRILL = "drill"
    ROLLBACK = "rollback"
    PRUNE = "prune"


class Strategy(Enum):
    """What is changed: a copy, and then names are swapped; or the original, which is proved in the vault first."""

    NONE = "none"
    SWAP = "swap"
    IN_PLACE = "in-place"


class RollbackClass(Enum):
    """How one gets back after the opening, decided before the update by starting the old image on the migrated copy."""

    IMAGE_ONLY = "image-only"
    DATABASE = "database"
    NONE = "none"


class StepKind(Enum):
    """Every kind of step; the table of steps has one entry for each."""

    PULL = "pull"
    BACKUP = "backup"
    PROVE = "prove"
    REHEARSE = "rehearse"
    BOOT = "boot"
    RECALL = "recall"
    CONSENT = "consent"
    FENCE = "fence"
    CLONE = "clone"
    MOVE = "move"
    MIGRATE = "migrate"
    START = "start"
    VERIFY = "verify"
    LOAD = "load"
    ADVANCE = "advance"
    SWAP = "swap"
    PLACE = "place"
    OPEN = "open"
    WATCH = "watch"
    DISCARD = "discard"
    SALVAGE = "salvage"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """
    One step of a plan; `name` is unique in it.

    `database` is what the step acts on, `source` where that comes from (a database or a snapshot id), `aside` the name that
    a replaced database is kept under, `spare` one for what is loaded beside on the way back. `number` is that of the database
    where the plan must know which one is meant, 0 elsewhere. `why` is one clause for people.

    A recalled rehearsal has the run that made it as `source` and its digest as `aside`.
    """

    name: str
    kind: StepKind
    why: str
    limit_seconds: float
    database: str = ""
    source: str = ""
    aside: str = ""
    spare: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    An operation as a value.

    `decision` is the name of the first step behind the DECISION record and `opening` that of the first behind the OPENED
    record; both empty where an operation changes nothing that is live. `fence` is the name of the step that begins the time
    in which users wait. `services` is the inventory before, which going back restores exactly. `prepared` is the number of
    the database that will carry the live name, 0 for one that the run itself makes. `label` is what a snapshot that it takes is
    called, the operation's own name where it is empty.
    """

    run: str
    operation: Operation
    strategy: Strategy
    app: str
    live: str
    identity: Identity
    before: Release
    after: Release
    services: tuple[ServiceState, ...]
    steps: tuple[StepPlan, ...]
    decision: str = ""
    opening: str = ""
    fence: str = ""
    downtime_seconds: float = 120.0
    prepared: int = 0
    label: str = ""

    @property
    def rehearsed(self) -> StepPlan | None:
        """The step that leaves the rehearsal, made by this run or recalled, or None where there is none."""
        kinds = (StepKind.REHEARSE, StepKind.RECALL)
        return next((step for step in self.steps if step.kind in kinds), None)

    def index(self, name: str) -> int:
        """Return the place of the step `name`; raises KeyError for a name that is not in the plan."""
        for place, step in enumerate(self.steps):
            if step.name == name:
                return place
        raise KeyError(name)
