"""The runtime of an app that is one process: its releases are folders, and a link says which of them is placed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from amankan.adapters.runtimes.process.notes import Note, Notes, sync_folder
from amankan.adapters.runtimes.process.tree import Trees
from amankan.errors import CommandFailed, RuntimeFailed, TimedOut
from amankan.model.claim import Claim
from amankan.model.release import Image, Release
from amankan.model.runtime import DarkState, RuntimeState, ServiceState
from amankan.model.sentence import say
from amankan.proc.airlock.enclosed import enclosed, refuse_open
from amankan.proc.airlock.reach import Reach, Variables
from amankan.proc.command import Command
from amankan.proc.detached import await_port, free_port, launch_supervised, listens
from amankan.proc.living import end_living, end_marked

SERVICE: Final = "app"
MARK: Final = "AMANKAN_PROCESS"

# A killed process goes at once, but for one that waits for a disk.
KILL_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSettings:
    """
    How an app is started, as `[runtime.process]` says.

    `root` holds `releases/NAME` and the link `current`; `state` is ours. `port` is where users come in, told to the app
    by the variable `port_variable`. `account` is another user and group, for a supervisor that is root.
    """

    root: Path
    state: Path
    start: tuple[str, ...]
    port: int
    port_variable: str = "PORT"
    restart: str = "always"
    stop_seconds: float = 10.0
    start_seconds: float = 60.0
    account: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """
    What the runtime is handed: the app's own variables, the one server that the dark reaches, and who may write.
    """

    own: Callable[[], Variables]
    reach: Reach
    stands: Callable[[Claim], None]


def placed_in(root: Path) -> str:
    """Return the name of the release to which the link `current` of a folder leads; RuntimeFailed where it leads to none."""
    link = root / "current"
    try:
        target = link.readlink()
    except OSError as fault:
        raise RuntimeFailed(say("cannot tell what is placed: {link} is no link", link=str(link))) from fault
    if target.parent.name != "releases":
        raise RuntimeFailed(say("cannot tell what is placed: {link} leads out of releases", link=str(link)))
    return target.name


class ProcessRuntime:
    """Keeps the promise of `ports.runtime` with supervisors that outlive us."""

    def __init__(self, settings: ProcessSettings, surroundings: Surroundings) -> None:
        """Look after the app of `settings`."""
        self._settings, self._around = settings, surroundings
        self._notes, self._trees = Notes(settings.state), Trees()

    def inventory(self) -> RuntimeState:
        """Return the app, and what is in the dark."""
        note = self._notes.read(SERVICE)
        running = note is not None and note.runs
        service = ServiceState(
            service=SERVICE,
            digest=self._trees.glance(self._current()),
            running=running,
            open=running,
            restart=self._settings.restart if note is None else note.restart,
        )
        notes = [self._notes.read(name) for name in self._notes.names() if name != SERVICE]
        dark = [DarkState(run=each.run, database=each.database, digests=(each.digest,)) for each in notes if each]
        return RuntimeState(services=(service,), dark=tuple(dark))

    def begun(self) -> bool:
        """Tell whether the app was ever started here."""
        return self._notes.read(SERVICE) is not None

    def release(self) -> Release:
        """Return the release to which the link leads."""
        return self.release_in(self._current().name)

    def release_in(self, name: str) -> Release:
        """Return the release of the folder `releases/NAME`."""
        digest = self._trees.digest(self.folder(name))
        return Release(label=name, images=(Image(service=SERVICE, reference=name, digest=digest),))

    def folder(self, name: str) -> Path:
        """Return the folder of a release; RuntimeFailed for a name that leads elsewhere."""
        if not name or name.startswith(".") or "/" in name or "\0" in name:
            raise RuntimeFailed(say("cannot find the release {name}: it is not the name of a folder", name=name))
        return self._settings.root / "releases" / name

    def address(self, run: str = "") -> str:
        """Return `127.0.0.1:PORT` of the app, or of what a run started in the dark; RuntimeFailed where nothing was."""
        note = self._notes.read(_dark(run)) if run else None
        if run and note is None:
            raise RuntimeFailed(say("cannot find what {run} started: nothing is noted", run=run))
        return f"127.0.0.1:{self._settings.port if note is None else note.port}"

    def runs(self, run: str = "") -> bool:
        """Tell whether the app, or what a run started in the dark, is at work or about to come back."""
        note = self._notes.read(_dark(run) if run else SERVICE)
        return note is not None and note.runs

    def log(self, run: str = "") -> tuple[Path, int]:
        """Return the file of what the app, or what a run started in the dark, says, and where its newest start begins in it."""
        name = _dark(run) if run else SERVICE
        note = self._notes.read(name)
        return self._log(name), 0 if note is None else note.log_bytes

    def settle(self, claim: Claim) -> None:
        """What this run began to start and never finished is ended."""
        self._around.stands(claim)
        for name in self._notes.names():
            note = self._notes.read(name)
            if note is not None and note.begun == claim.run and not note.confirmed:
                self._end(name, note)

    def halt(self, claim: Claim) -> None:
        """The app does not run, and nobody starts it again; whether it took connections is noted once for each run."""
        self._around.stands(claim)
        note = self._notes.read(SERVICE) or self._fresh(self._trees.digest(self._current()))
        if note.halted != claim.run:
            heard = note.runs and listens(note.port)
            note = replace(note, halted=claim.run, before=note.digest if note.runs else "", heard=heard)
        note = self._notes.change(SERVICE, note, restart="no")
        self._end(SERVICE, note)

    def place(self, release: Release, *, services: tuple[ServiceState, ...], claim: Claim) -> None:
        """The link leads to the release."""
        image = self._verified(release)
        self._around.stands(claim)
        note = self._notes.read(SERVICE) or self._fresh(image.digest)
        if note.runs:
            self._end(SERVICE, note)
        link = self._settings.root / "current"
        fresh = link.with_name(".current.new")
        try:
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(Path("releases") / image.reference)
            os.replace(fresh, link)
            sync_folder(link.parent)
        except OSError as fault:
            raise RuntimeFailed(say("cannot place {release}: {reason}", release=release.label, reason=str(fault))) from fault
        restart = next((each.restart for each in services if each.service == SERVICE), self._settings.restart)
        self._notes.write(SERVICE, self._again(note, image.digest, restart=restart))

    def open(self, services: tuple[ServiceState, ...], *, claim: Claim) -> None:
        """
        The app runs where users come in, and takes connections if it did before; of another release, a watch tells.

        Raises TimedOut where the release of before does not take connections, and did.
        """
        self._around.stands(claim)
        wished = next((each for each in services if each.service == SERVICE), None)
        if wished is None or not wished.running:
            return
        digest = self._trees.digest(self._current())
        note = self._notes.read(SERVICE) or self._fresh(digest)
        if note.runs and note.confirmed:
            return
        if note.runs:  # an earlier try began it, and it never answered
            self._end(SERVICE, note)
        fresh = self._again(note, digest, restart=wished.restart)
        command = self._command(SERVICE, fresh, folder=self._current(), variables=self._around.own())
        as_before = digest == note.before
        if as_before and not note.heard:
            command = replace(command, limit_seconds=0.0)
        try:
            self._launch(SERVICE, fresh, command=command, claim=claim)
        except TimedOut:
            if as_before and note.heard:
                raise
            begun = self._notes.read(SERVICE)
            assert begun is not None
            self._notes.change(SERVICE, begun, confirmed=True)

    def start(self, release: Release, *, database: str, claim: Claim, limit_seconds: float) -> None:
        """The release runs with the other database, reaches nothing else, and answers at a port of its own."""
        image = self._verified(release)
        self._around.stands(claim)
        name = _dark(claim.run)
        if self._notes.read(name) is not None:
            raise RuntimeFailed(say("cannot start {release}: {run} started one before", release=release.label, run=claim.run))
        airlock = self._around.reach.airlock
        try:
            refuse_open(airlock, account=self._settings.account)
        except CommandFailed as fault:
            raise RuntimeFailed(fault.cannot, next=fault.next) from fault
        port = next(port for port in iter(free_port, 0) if port != airlock.port)
        note = self._fresh(image.digest, port=port, restart="no", run=claim.run, database=database)
        variables = (*self._around.own(), *self._around.reach.told(database))
        command = self._command(name, note, folder=self.folder(image.reference), variables=variables)
        command = replace(enclosed(command, airlock, door=port), limit_seconds=limit_seconds)
        self._launch(name, note, command=command, claim=claim)

    def stop(self, claim: Claim) -> None:
        """Nothing that the run started in the dark is left."""
        self._around.stands(claim)
        name = _dark(claim.run)
        note = self._notes.read(name)
        if note is not None:
            self._end(name, note)
            self._notes.remove(name)

    def _launch(self, name: str, note: Note, *, command: Command, claim: Claim) -> None:
        """
        The program answers at its port; the note is written before it is begun, and confirmed when it answers.

        The command's limit is how long it may take until then.
        """
        if listens(note.port):
            raise RuntimeFailed(say("cannot start {name}: something else listens at port {port}", name=name, port=note.port))
        path = self._log(name)
        said_bytes = path.stat().st_size if path.exists() else 0
        begun = replace(note, begun=claim.run, confirmed=False, log_bytes=said_bytes)
        self._notes.write(name, begun)
        log = str(path)
        grace = self._settings.stop_seconds
        try:
            supervisor = launch_supervised(command, log=log, restart=note.restart, grace_seconds=grace)
        except CommandFailed as fault:
            raise RuntimeFailed(fault.cannot) from fault
        begun = self._notes.change(name, begun, supervisor=supervisor)
        found = await_port(supervisor, note.port, limit_seconds=command.limit_seconds)
        if found == "ended":
            raise RuntimeFailed(say("cannot start {name}: it ended, see {log}", name=name, log=log))
        if found == "late":
            raise TimedOut(
                say("cannot wait for {name}: {limit} s passed, and nothing listens at port {port}",
                    name=name, limit=command.limit_seconds, port=note.port)
            )  # fmt: skip
        self._notes.change(name, begun, confirmed=True)

    def _end(self, name: str, note: Note) -> None:
        """Nothing of it runs: neither the supervisor, nor what it kept, nor what that left behind."""
        if note.supervisor is not None:
            end_living(note.supervisor, grace_seconds=self._settings.stop_seconds + KILL_SECONDS)
        if not end_marked(self._mark(name), limit_seconds=KILL_SECONDS):
            raise RuntimeFailed(say("cannot end {name}: a process of it does not go", name=name))
        self._notes.change(name, note, supervisor=None)

    def _command(self, name: str, note: Note, *, folder: Path, variables: Variables) -> Command:
        settings = self._settings
        mark, _, value = self._mark(name).partition("=")
        uid, gid = settings.account or (None, None)
        return Command(
            words=settings.start,
            limit_seconds=settings.start_seconds,
            environment=(*variables, (settings.port_variable, str(note.port)), (mark, value)),
            folder=str(folder),
            uid=uid,
            gid=gid,
        )

    def _log(self, name: str) -> Path:
        return self._notes.folder / f"{name}.log"

    def _mark(self, name: str) -> str:
        """Return the variable by which every process of this app and name is known, whoever its parent is."""
        return f"{MARK}={self._settings.state.resolve()}/{name}"

    def _current(self) -> Path:
        return self.folder(placed_in(self._settings.root))

    def _verified(self, release: Release) -> Image:
        """Return the release's image; RuntimeFailed where its folder holds something else by now."""
        image = next((each for each in release.images if each.service == SERVICE), None)
        if image is None or self._trees.digest(self.folder(image.reference)) != image.digest:
            raise RuntimeFailed(say("cannot place {release}: its folder is not what it was", release=release.label))
        return image

    def _again(self, note: Note, digest: str, *, restart: str) -> Note:
        """Return a note for another start, which still knows what was halted."""
        return self._fresh(digest, restart=restart, halted=note.halted, before=note.before, heard=note.heard)

    def _fresh(self, digest: str, *, restart: str = "", **changes: Any) -> Note:
        wished = restart or self._settings.restart
        return replace(Note(digest=digest, port=self._settings.port, restart=wished), **changes)


def _dark(run: str) -> str:
    """Return the name of what a run starts in the dark; a run's name has no character that leads elsewhere."""
    if not run or "/" in run or run.startswith("."):
        raise RuntimeFailed(say("cannot name what {run} starts: it is not the name of a run", run=run))
    return f"dark-{run}"
