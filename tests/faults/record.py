"""What a campaign leaves: its last line, and a signed document."""

from __future__ import annotations

import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from amankan import __version__
from amankan.vault.signature import make_signing_key, sign
from tests.faults.born import ROOT
from tests.faults.trial import Told

KIND = "faults"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of all faults of one campaign; it was played in so many `sittings`."""

    told: tuple[Told, ...]
    points: int
    moments: int
    seed: int
    seconds: float
    sittings: int = 1

    @property
    def survived(self) -> int:
        """How many faults were survived."""
        return sum(not each.wrong for each in self.told)

    @property
    def died(self) -> int:
        """In how many moments a process died."""
        return len({each.moment for each in self.told if each.moment})

    @property
    def last_line(self) -> str:
        """The sentence that counts."""
        return (
            f"{self.survived} of {len(self.told)} faults survived "
            f"({self.died} of {self.moments} moments of {self.points} points, "
            f"seed {self.seed}, version {__version__}, commit {commit()}, {self.seconds:.0f} s)"
        )

    def document(self) -> dict[str, Any]:
        """Return all of it."""
        return {
            "format": 1,
            "version": __version__,
            "commit": commit(),
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": f"{platform.system()} {platform.release()} {platform.machine()}",
            "python": platform.python_version(),
            "seed": self.seed,
            "seconds": round(self.seconds),
            "sittings": self.sittings,
            "points": self.points,
            "moments": self.moments,
            "died": self.died,
            "survived": self.survived,
            "faults": [each.document() for each in sorted(self.told, key=lambda each: each.id)],
        }


def commit() -> str:
    """Return the commit that was tried, with `+` where the files differ from it."""
    said = subprocess.run(["git", "describe", "--always", "--dirty=+"], cwd=ROOT, capture_output=True, text=True, check=False)
    return said.stdout.strip() or "unknown"


def publish(result: Result, *, into: Path) -> None:
    """The signed document lies in a folder; its key existed for this run alone, and its public half is in it."""
    into.mkdir(parents=True, exist_ok=True)
    (into / "result.json").write_bytes(sign(KIND, result.document(), key=make_signing_key()))
