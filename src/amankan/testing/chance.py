"""What can go wrong in the simulated world: a kill at a point, a fault of a command, and nothing else by chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

MASKED = "***"
"""What stands where a secret was."""


class Crash(BaseException):
    """The process died here; no handler of the product sees it, as none would."""


class Outcome(Enum):
    """What a kill leaves of the effect at whose point it strikes: by its place, or as an orphan that goes on."""

    AT_ONCE = "at-once"
    ORPHAN = "orphan"


class Trouble(Enum):
    """What a verb does instead of what it promises."""

    FAILS_BEFORE = "fails-before"
    FAILS_AFTER = "fails-after"
    HANGS = "hangs"
    LIES = "lies"
    RESTARTS = "restarts"
    OTHER_SERVER = "other-server"


class DiskTrouble(Enum):
    """What the disk answers to one write or sync."""

    FULL = "full"
    SYNC_FAILS = "sync-fails"


class Loss(Enum):
    """What becomes of bytes that were written and not synced: nothing, where only the process died; else a power cut's work."""

    NOTHING = "nothing"
    LOSE = "lose"
    KEEP = "keep"
    TEAR = "tear"
    ZERO = "zero"
    STALE = "stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    One history of trouble, told by name: `kills` are point numbers, one for each process in turn.

    `trouble` strikes the call of `verb` with number `call` (from 1) in the first process; `always` makes it strike every one
    from there on.
    """

    kills: tuple[int, ...] = ()
    outcome: Outcome = Outcome.AT_ONCE
    loss: Loss = Loss.LOSE
    orphan_after: int = 1
    trouble: Trouble | DiskTrouble | None = None
    verb: str = ""
    call: int = 1
    always: bool = False

    @property
    def name(self) -> str:
        """The name by which one fault is replayed; `parse` is the way back."""
        kills = "+".join(str(kill) for kill in self.kills) or "none"
        words = [f"kill={kills}", self.outcome.value, self.loss.value, f"orphan={self.orphan_after}"]
        if self.verb and self.trouble is None:
            words += [self.verb, f"at={self.call}"]
        if self.trouble is not None:
            words += [self.trouble.value, self.verb, f"call={self.call}{'+' if self.always else ''}"]
        return ",".join(words)


def parse(name: str) -> Fault:
    """Return the fault of a name; ValueError for one that no fault has."""
    kills, outcome, loss, orphan, *rest = name.split(",")
    numbers = kills.removeprefix("kill=")
    trouble: Trouble | DiskTrouble | None = None
    verb, call = "", "call=1"
    if rest:
        word, verb, call = rest
        known: dict[str, Trouble | DiskTrouble] = {**{t.value: t for t in Trouble}, **{t.value: t for t in DiskTrouble}}
        trouble = known[word]
    count = call.removeprefix("call=")
    return Fault(
        kills=() if numbers == "none" else tuple(int(number) for number in numbers.split("+")),
        outcome=Outcome(outcome),
        loss=Loss(loss),
        orphan_after=int(orphan.removeprefix("orphan=")),
        trouble=trouble,
        verb=verb,
        call=int(count.rstrip("+")),
        always=count.endswith("+"),
    )


@dataclass(slots=True, kw_only=True)
class Process:
    """One process of the product at work in the world, and the trouble that waits for it."""

    number: int
    kill: int = 0
    outcome: Outcome = Outcome.AT_ONCE
    trouble: Trouble | DiskTrouble | None = None
    verb: str = ""
    call: int = 1
    always: bool = False
    struck_at: int = 0
    dead: bool = False
    points: int = 0
    calls: dict[str, int] = field(default_factory=dict)
    names: list[str] | None = None
    where: str = ""
    meanwhile_at: int = 0
    meanwhile: Callable[[], None] | None = None

    def at(self, name: str) -> bool:
        """Count a point, let happen what happens there meanwhile, and return whether the process dies here."""
        self.points += 1
        if self.names is not None:
            self.names.append(f"{self.where} {name}".strip())
        if self.points == self.meanwhile_at and self.meanwhile is not None:
            self.meanwhile()
        self.dead = self.points == self.kill
        return self.dead

    def trouble_at(self, verb: str) -> Trouble | DiskTrouble | None:
        """Count a call of a verb; return the trouble that waits for it, if any."""
        count = self.calls[verb] = self.calls.get(verb, 0) + 1
        if self.verb != verb or (count < self.call if self.always else count != self.call):
            return None
        self.struck_at = self.struck_at or max(self.points, 1)
        return self.trouble
