"""What was seen when the update was tried on a clone."""

from __future__ import annotations

from dataclasses import dataclass

from amankan.model.fingerprint import Fingerprint
from amankan.model.impact import Impact
from amankan.model.plan import RollbackClass
from amankan.model.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """
    The verdict, what the migrated copy held, and how one gets back after the opening.

    `impact` is None where nobody looked closer. `downtime_seconds` is how long users would wait by what was measured, 0 where
    nothing was; `count_seconds` of it is how long it takes to count all rows once.
    """

    verdict: Verdict
    foretold: Fingerprint
    rollback_class: RollbackClass
    migrate_seconds: float
    downtime_seconds: float = 0.0
    count_seconds: float = 0.0
    impact: Impact | None = None
