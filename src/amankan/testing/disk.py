"""The simulated disk, as one process sees it."""

from __future__ import annotations

import msgspec

from amankan.errors import DiskFailed, DiskFull, Locked, SyncFailed
from amankan.journal.lock import locked
from amankan.model.sentence import say
from amankan.ports.disk import Hold, parts_of
from amankan.testing.chance import DiskTrouble, Process
from amankan.testing.platter import Inode
from amankan.testing.world import World


class SimDisk:
    """Keeps the promise of `ports.disk` over the world's platter; every verb that changes something is a point."""

    def __init__(self, world: World, process: Process) -> None:
        """Look at the world's platter as `process`."""
        self._world, self._process = world, process
        self._handles: dict[str, Inode] = {}

    def read(self, path: str) -> bytes | None:
        """Return what readers see."""
        parts_of(path)
        inode = self._world.platter.files.get(path)
        return bytes(inode.seen).ljust(inode.room, b"\0") if inode is not None else None

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the names below a folder."""
        parts_of(folder)
        prefix = folder + "/"
        below = (path[len(prefix) :] for path in self._world.platter.files if path.startswith(prefix))
        return tuple(sorted({path.split("/", 1)[0] for path in below}))

    def make(self, path: str, *, room_bytes: int) -> None:
        """Make a file of zeros."""
        parts_of(path)
        if path in self._world.platter.files:
            raise DiskFailed(say("cannot make {path}: it exists", path=path))
        self._point("make", path, when="before")
        self._need(room_bytes, path)
        inode = Inode(seen=bytearray(), durable=bytearray(), room=room_bytes)
        self._put(path, inode)
        self._point("make", path, when="after")

    def write(self, path: str, *, offset: int, content: bytes) -> None:
        """Write into the file that this process made or replaced, or else into the one of that name."""
        inode = self._open(path)
        if self._process.names is not None and path.endswith("lines.jsonl"):
            line = msgspec.json.decode(content)
            self._process.where = f"{line['step'] or 'run'} {line['phase']}"
        self._point("write", path, when="before")
        grown = offset + len(content) - max(len(inode.seen), inode.room)
        if self._trouble("write", path) is DiskTrouble.FULL or grown > self._world.platter.free_bytes:
            raise DiskFull(say("cannot write {path}: the disk is full", path=path))
        inode.write(offset, content)
        self._point("write", path, when="after")

    def sync(self, path: str) -> None:
        """Move the file down to the platter."""
        inode = self._open(path)
        self._point("sync", path, when="before")
        if self._trouble("sync", path) is DiskTrouble.SYNC_FAILS:
            inode.forget()
            raise SyncFailed(say("cannot sync {path}: input/output error", path=path))
        inode.sync()
        self._point("sync", path, when="after")

    def trim(self, path: str, *, size_bytes: int) -> None:
        """Give room back."""
        inode = self._open(path)
        self._point("trim", path, when="before")
        if bytes(inode.seen[size_bytes:]).strip(b"\0"):
            raise DiskFailed(say("cannot trim {path}: what would be cut is not empty", path=path))
        if self._world.platter.files.get(path) is inode:
            self._world.platter.free_bytes += max(0, inode.room - size_bytes)
        inode.room = min(inode.room, size_bytes)
        del inode.seen[size_bytes:], inode.durable[size_bytes:]
        self._point("trim", path, when="after")

    def replace(self, path: str, content: bytes, *, room_bytes: int = 0) -> None:
        """Put a new file under the name, whole or not at all."""
        parts_of(path)
        room = max(room_bytes, len(content))
        self._point("replace", path, when="before")
        self._need(room, path)
        inode = Inode(seen=bytearray(content), durable=bytearray(content), room=room)
        self._put(path, inode)
        self._point("replace", path, when="after")

    def remove(self, path: str) -> None:
        """Take the name away."""
        parts_of(path)
        self._handles.pop(path, None)
        if path in self._world.platter.files:
            self._point("remove", path, when="before")
            self._world.platter.remove(path)
            self._point("remove", path, when="after")

    def hold(self, path: str, note: str) -> Hold:
        """Hold the lock until the process lets go or dies."""
        parts_of(path)
        held = self._world.platter.locks.get(path)
        if held is not None:
            raise self._locked(held[1])
        self._world.platter.locks[path] = (self._process.number, note)
        return SimHold(self._world, path, process=self._process)

    def held(self, path: str) -> bool:
        """Look who holds it."""
        parts_of(path)
        return path in self._world.platter.locks

    def _open(self, path: str) -> Inode:
        """Return the file that this process made or replaced, or else the one of that name, from now on."""
        parts_of(path)
        inode = self._handles.get(path) or self._world.platter.files.get(path)
        if inode is None:
            raise DiskFailed(say("cannot open {path}: there is no such file", path=path))
        self._handles[path] = inode
        return inode

    def _locked(self, note: str) -> Locked:
        return locked(note)

    def _put(self, path: str, inode: Inode) -> None:
        self._handles[path] = inode
        self._world.platter.add(path, inode)

    def _need(self, room_bytes: int, path: str) -> None:
        if self._world.platter.free_bytes < room_bytes:
            raise DiskFull(say("cannot make room for {path}: the disk is full", path=path))

    def _trouble(self, verb: str, path: str) -> object:
        return self._process.trouble_at(f"disk.{verb}") if path.endswith("lines.jsonl") else None

    def _point(self, verb: str, path: str, *, when: str) -> None:
        self._world.disk_point(self._process, f"disk.{verb} {path.rsplit('/', 1)[-1]}:{when}")


class SimHold:
    """A lock that is held in the simulated world."""

    def __init__(self, world: World, path: str, *, process: Process) -> None:
        """Remember who holds what."""
        self._world, self._path, self._process = world, path, process
        self._held = world.platter.locks[path]

    def release(self) -> None:
        """Let go; the dead do not, for them the world does."""
        if not self._process.dead and self._world.platter.locks.get(self._path) is self._held:
            del self._world.platter.locks[self._path]
