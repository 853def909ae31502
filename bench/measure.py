"""Programs timed in turns, and what they took of the machine."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way to do the work: bash words, the files that it leaves, what to do before it, and what else it says."""

    name: str
    script: str
    left: Path | None = None
    before: Callable[[], None] | None = None


@dataclass(slots=True, kw_only=True)
class Figures:
    """What one case gave in each round."""

    seconds: list[float] = field(default_factory=list)
    busy_seconds: list[float] = field(default_factory=list)
    stored_bytes: list[int] = field(default_factory=list)
    peak_bytes: list[int] = field(default_factory=list)
    fault: str = ""


class NotMeasured(Exception):
    """A way did not come to its end, for the reason that it gave."""


def take_turns(cases: list[Case], *, rounds: int, environment: Mapping[str, str]) -> dict[str, Figures]:
    """
    Return the figures of all cases, every case once in each round, so that a neighbour's noise falls on all.

    A case that fails is told and not tried again; the others go on.
    """
    figures = {case.name: Figures() for case in cases}
    for number in range(rounds):
        for case in cases:
            found = figures[case.name]
            if found.fault:
                continue
            if case.before is not None:
                case.before()
            try:
                seconds, busy, said = timed(case.script, environment)
            except NotMeasured as fault:
                found.fault = str(fault)
                print(f"round {number + 1}: {case.name}: not measured: {fault}", flush=True)
                continue
            found.seconds.append(seconds)
            found.busy_seconds.append(busy)
            if case.left is not None:
                found.stored_bytes.append(size_of(case.left))
            if said.strip().isdecimal():
                found.peak_bytes.append(int(said))
            print(f"round {number + 1}: {case.name}: {seconds:.1f} s, machine busy {busy:.1f} s", flush=True)
    return figures


def timed(script: str, environment: Mapping[str, str]) -> tuple[float, float, str]:
    """Return the seconds that a script took, those that all processors worked meanwhile, and what it said, or raise."""
    began, busy = time.monotonic(), machine_seconds()
    words = ["bash", "-c", f"set -euo pipefail; {script}"]
    done = subprocess.run(words, check=False, capture_output=True, text=True, env={**os.environ, **environment})
    seconds, worked = time.monotonic() - began, machine_seconds() - busy
    if done.returncode != 0:
        reason = " ".join(done.stderr.split())[-300:]
        raise NotMeasured(f"status {done.returncode}: {reason}".replace("|", "/"))
    return seconds, worked, done.stdout


def machine_seconds() -> float:
    """Return the seconds that all processors have worked since the machine started, without waiting and without steal."""
    user, nice, system, _, _, irq, soft = (int(word) for word in Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + soft) / TICKS


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder."""
    return path.stat().st_size if path.is_file() else sum(each.stat().st_size for each in path.rglob("*") if each.is_file())


def table(figures: Mapping[str, Figures], *, against: str) -> str:
    """Return a table with medians and ratios of the same round against one case."""
    lines = [
        f"| way | seconds (least..most) | times faster than {against} (least..most) | busy seconds | MB stored | peak MB |",
        "|---|---|---|---|---|---|",
    ]
    anchor = figures[against].seconds
    for name, found in figures.items():
        if found.fault:
            lines.append(f"| {name} | not measured: {found.fault} | | | | |")
            continue
        ratios = [before / now for before, now in zip(anchor, found.seconds, strict=False)]
        stored = f"{found.stored_bytes[-1] / 1e6:.0f}" if found.stored_bytes else ""
        peak = f"{max(found.peak_bytes) / 1e6:.0f}" if found.peak_bytes else ""
        lines.append(
            f"| {name} | {spread(found.seconds)} | {spread(ratios)} | {statistics.median(found.busy_seconds):.1f} "
            f"| {stored} | {peak} |"
        )
    return "\n".join(lines)


def spread(values: list[float]) -> str:
    """Return the median, with the least and the most behind it where there are several."""
    middle = f"{statistics.median(values):.2f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.2f}..{max(values):.2f})"
