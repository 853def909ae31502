"""The simulated world: what outlives the product's processes, and the users who remember what was acknowledged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from amankan.errors import EffectFailed, EngineFailed, Superseded, TimedOut, WrongTarget
from amankan.model.claim import Claim
from amankan.model.fingerprint import Fingerprint, TablePrint
from amankan.model.marker import Marker
from amankan.model.runtime import ServiceState
from amankan.model.sentence import say
from amankan.testing.chance import Crash, Outcome, Process, Trouble
from amankan.testing.platter import Platter

LIVE = "shop"
CANARY = "s3cr3t-canary-7f1e"
"""Stands in every failure's text of the outside world; must never reach the disk."""


@dataclass(slots=True, kw_only=True)
class SimDatabase:
    """
    One database: the numbers of its rows, the next one it will give out, and what its migration tool recorded.

    Its guard is at home in the database of number `home`; `permits` are runs whose migration it lets pass.
    """

    oid: int
    admits: bool = True
    mark: str = ""
    rows: set[int] = field(default_factory=set)
    next_id: int = 1
    applied: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    complete: bool = True
    home: int = 0
    permits: set[str] = field(default_factory=set)
    marker: Marker | None = None

    def copy(self, oid: int) -> SimDatabase:
        """Return a database with the same content and another number."""
        return replace(self, oid=oid, mark="", marker=None, rows=set(self.rows), admits=True, permits=set())

    def fingerprint(self) -> Fingerprint:
        """Return what it holds."""
        rows = TablePrint(table="orders", rows=len(self.rows), digest=_digest(self.rows))
        schema = sha256(repr((self.applied, self.failed, self.complete)).encode()).hexdigest()
        return Fingerprint(tables=(rows,), schema=schema)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimImage:
    """What an image does: the migrations it brings, the rows its migrations drop, whether it answers, what it tolerates."""

    migrations: tuple[str, ...]
    drops_rows: int = 0
    drops_above: int = 0
    healthy: bool = True
    tolerates: tuple[tuple[str, ...], ...] = ()


@dataclass(slots=True, kw_only=True)
class SimServer:
    """
    A database server: its identity, its databases and the claim that stands for the app, on the database `claimed_oid`.

    `windows` are runs for whose migration the app's role is a member of the owner, in every database alike.
    """

    system: str
    databases: dict[str, SimDatabase] = field(default_factory=dict)
    claim: Claim | None = None
    claimed_oid: int = 0
    last_oid: int = 16384
    windows: set[str] = field(default_factory=set)

    def new_oid(self) -> int:
        """Return a number that no database of this server had."""
        self.last_oid += 1
        return self.last_oid


class World:
    """Server, runtime, images, objects and users; every effect of the product on it passes `effect`."""

    def __init__(self) -> None:
        """Begin with a running shop of release one and a few rows."""
        self.platter = Platter()
        self.server = SimServer(system="7001")
        self.foreign = SimServer(system="7999")
        for server in (self.server, self.foreign):
            oid = server.new_oid()
            server.databases[LIVE] = SimDatabase(oid=oid, home=oid, applied=("m1",))
        self.images = {
            "sha256:one": SimImage(migrations=("m1",)),
            "sha256:two": SimImage(migrations=("m1", "m2")),
            "sha256:three": SimImage(migrations=("m1", "m2", "m3")),
            "sha256:sick": SimImage(migrations=("m1", "m2"), healthy=False),
            "sha256:lossy": SimImage(migrations=("m1", "m2"), drops_rows=2),
            "sha256:late": SimImage(migrations=("m1", "m2"), drops_rows=2, drops_above=80),
        }
        self.services = {"app": ServiceState(service="app", digest="sha256:one", running=True, open=True, restart="always")}
        self.dark: dict[str, tuple[str, str]] = {}
        self.registry = set(self.images)
        self.local = {"sha256:one"}
        self.kept: dict[str, set[str]] = {}
        self.objects: dict[str, bytes] = {}
        self.proved: set[str] = set()
        self.places: dict[str, SimDatabase] = {}
        self.salvaged: dict[tuple[str, str], frozenset[int]] = {}
        self.acknowledged: set[int] = set()
        self.violations: list[str] = []
        self.orphans: list[tuple[str, str, Callable[[], object], int]] = []
        self.untouchable: set[int] = set()
        self.ticks, self.jumps, self.tokens = 0.0, 0, 0
        self.time = datetime(2026, 1, 5, 10, 15, tzinfo=UTC)
        self.jump_seconds = 0
        for _ in range(3):
            self.users_write()

    # --- what the product does ---

    def effect(
        self,
        process: Process,
        verb: str,
        *,
        act: Callable[[], object],
        claim: Claim | None,
        late: Callable[[], object] | None = None,
    ) -> None:
        """
        Carry out one effect, with the trouble that waits for it: this is the boundary at which processes die.

        `late` is what an orphan of it does: a statement that looked at the claim before it began does not look again.

        An effect needs an intent that would survive the power; one without is a violation.
        """
        intent = verb in ("engine.claim", "engine.release") or self.platter.intent_is_durable()
        self._point(process, f"{verb}:before", act=late, claim=claim, verb=verb)
        trouble = process.trouble_at(verb)
        if trouble is Trouble.FAILS_BEFORE or trouble is Trouble.RESTARTS:
            raise _failure(verb)
        if trouble is Trouble.LIES:
            return
        if trouble is Trouble.HANGS:
            self.orphans.append((claim.run if claim else "", verb, late or act, 1))
            self.ticks += 1.0
            raise TimedOut(say("cannot {verb}: no answer in time, {url}", verb=verb, url=CANARY))
        self._write_as(process, verb, act=act, claim=claim, trouble=trouble)
        if not intent:
            self.violations.append(f"I4: {verb} without a durable intent")
        if trouble is Trouble.FAILS_AFTER:
            raise _failure(verb)
        self._point(process, f"{verb}:after", act=None, claim=claim, verb=verb)

    def _write_as(
        self, process: Process, verb: str, *, act: Callable[[], object], claim: Claim | None, trouble: object
    ) -> None:
        if trouble is Trouble.OTHER_SERVER:
            self.server, self.foreign = self.foreign, self.server
            try:
                self.refuse_foreign(claim)
                act()
                self.violations.append(f"I14: {verb} reached the wrong server")
            finally:
                self.server, self.foreign = self.foreign, self.server
        act()

    def refuse_foreign(self, claim: Claim | None) -> None:
        """Raise what a server answers to a write under a claim that does not stand there."""
        standing = self.server.claim
        if claim is not None and standing is None:
            raise WrongTarget(say("cannot write: this server knows no claim of {run}, {url}", run=claim.run, url=CANARY))
        if claim is not None and standing != claim:
            raise Superseded(say("cannot write: the claim of {run} is not the newest", run=claim.run))

    def _point(self, process: Process, name: str, *, act: Callable[[], object] | None, claim: Claim | None, verb: str) -> None:
        if process.dead:
            raise Crash(name)  # what stands in a `finally` does not happen to the dead
        self.life_goes_on()
        if process.at(name):
            if process.outcome is Outcome.ORPHAN and act is not None:
                self.orphans.append((claim.run if claim else "", verb, act, 0))
            raise Crash(name)

    def disk_point(self, process: Process, name: str) -> None:
        """Count a boundary of the disk; the process may die there."""
        self._point(process, name, act=None, claim=None, verb=name)

    # --- what goes on meanwhile ---

    def life_goes_on(self) -> None:
        """Users write, the clock moves, and orphans come nearer to their end."""
        self.users_write()
        self.ticks += 0.01
        if self.orphans:
            waiting, self.orphans = self.orphans, []
            for run, verb, act, left in waiting:
                if left == 1:
                    self._finish(act)
                else:
                    self.orphans.append((run, verb, act, left - 1))

    def let_orphans_finish(self) -> None:
        """Every statement whose client died comes to its end, if nobody ended it."""
        waiting, self.orphans = self.orphans, []
        for _, _, act, _ in waiting:
            self._finish(act)

    def _finish(self, act: Callable[[], object]) -> None:
        try:
            act()
        except (EffectFailed, WrongTarget):
            return  # the server refuses it: what it worked on is gone

    def end_orphans(self, family: str, run: str) -> None:
        """Statements or commands of a run whose process died are ended."""
        self.orphans = [o for o in self.orphans if not (o[0] == run and o[1].startswith(family))]

    def users_write(self) -> None:
        """One user writes through the app and one program straight into the database; both remember what was acknowledged."""
        live = self.server.databases.get(LIVE)
        if live is None or not live.admits:
            return
        self._insert(live)
        app = self.services["app"]
        if not (app.running and app.open):
            return
        image = self.images[app.digest]
        if live.failed or (live.applied != image.migrations and live.applied not in image.tolerates):
            self.violations.append(f"I2: {app.digest} serves on {'+'.join(live.applied)}")
            return
        self._insert(live)

    def _insert(self, live: SimDatabase) -> None:
        number = live.next_id
        live.next_id += 1
        if number in self.acknowledged:
            self.violations.append(f"I11: number {number} was given out twice")
        live.rows.add(number)
        self.acknowledged.add(number)

    # --- time ---

    def now(self) -> datetime:
        """Return a wall time that jumps by `jump_seconds`, forth and back."""
        self.jumps += 1
        return self.time + timedelta(seconds=self.jump_seconds * (-1) ** self.jumps * self.jumps, milliseconds=self.jumps)


def _failure(verb: str) -> EffectFailed:
    return EngineFailed(say("cannot {verb}: the connection to {url} was lost", verb=verb, url=CANARY))


def _digest(rows: set[int]) -> str:
    return f"{len(rows):x}-{sum(row * row * 2654435761 for row in rows) & (2**128 - 1):x}"
