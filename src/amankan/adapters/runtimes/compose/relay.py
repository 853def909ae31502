"""A small program of ours in a container: the only thing that stands in the dark network and outside of it."""

from __future__ import annotations

import io
import os
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from amankan.proc.docker import Docker
from amankan.proc.run import run

# An image without a single file: what the program needs is this machine's own, mounted to be read only.
EMPTY_IMAGE: Final = "amankan/empty:1"

# The name under which the relay knows where it leads; no other name is looked up by it.
TARGET: Final = "amankan-target"

# Where the relay finds the unix socket that it leads to.
SOCKET: Final = "/database.socket"

# Passes bytes both ways; whatever ends, both ends end. Words: the port it listens on, then a unix socket, or a host and a port.
PROGRAM: Final = """
import asyncio, sys
listen, place = int(sys.argv[1]), sys.argv[2:]
def reach():
    return asyncio.open_connection(place[0], int(place[1])) if place[1:] else asyncio.open_unix_connection(place[0])
async def pump(reader, writer):
    try:
        while piece := await reader.read(1 << 16):
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
async def meet(reader, writer):
    try:
        far_reader, far_writer = await reach()
    except OSError:
        writer.close()
        return
    await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
async def main():
    async with await asyncio.start_server(meet, '0.0.0.0', listen) as server:
        await server.serve_forever()
asyncio.run(main())
"""

# Copies a folder whole, or ends with status 3 when it is larger than allowed. Words: from, to, most bytes.
COPY: Final = """
import os, shutil, sys
source, target, most = sys.argv[1], sys.argv[2], int(sys.argv[3])
size = 0
for place, folders, files in os.walk(source):
    for name in files:
        size += os.lstat(os.path.join(place, name)).st_size
    if size > most:
        sys.exit(3)
def keep(path, at):
    held = os.lstat(path)
    os.lchown(at, held.st_uid, held.st_gid)
for place, folders, files in os.walk(source):
    there = os.path.normpath(os.path.join(target, os.path.relpath(place, source)))
    os.makedirs(there, exist_ok=True)
    for name in files + [name for name in folders if os.path.islink(os.path.join(place, name))]:
        path = os.path.join(place, name)
        if os.path.islink(path) or os.path.isfile(path):
            shutil.copy2(path, os.path.join(there, name), follow_symlinks=False)
            keep(path, os.path.join(there, name))
    shutil.copystat(place, there)
    keep(place, there)
"""


def ensure_image(docker: Docker) -> None:
    """The empty image is in the engine; may be repeated."""
    if not docker.inspect("image", (EMPTY_IMAGE,)):
        run(docker.command("image", "import", "-", EMPTY_IMAGE), given=_skeleton())


def program(source: str, *words: str) -> list[str]:
    """Return the words that run a program of ours inside the container."""
    return [str(_interpreter()), "-I", "-S", "-c", source, *words]


def service() -> dict[str, Any]:
    """Return what Compose must be told of a container that runs a program of ours: nothing may be written, no right is left."""
    return {
        "image": EMPTY_IMAGE,
        "read_only": True,
        "user": f"{os.getuid()}:{os.getgid()}",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "volumes": [_mount(folder) for folder in _folders()],
        "restart": "no",
    }


def socket_service(socket: str) -> dict[str, Any]:
    """Return the same for a program that is led to a unix socket, as the socket's owner: nobody else may be let in."""
    owner = Path(socket).stat()
    mount = {"type": "bind", "source": socket, "target": SOCKET, "read_only": True}
    made = service()
    return {**made, "user": f"{owner.st_uid}:{owner.st_gid}", "volumes": [*made["volumes"], mount]}


def words() -> tuple[str, ...]:
    """Return the words of `docker run` for a container that runs a program of ours."""
    mounts = (word for folder in _folders() for word in ("--mount", f"type=bind,source={folder},target={folder},readonly"))
    return ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges:true", *mounts)


def _interpreter() -> Path:
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def _folders() -> Iterator[Path]:
    """The real folders of this machine in which the interpreter and its libraries lie."""
    tops = [Path(top) for top in ("/usr", "/lib", "/lib64") if Path(top).is_dir() and not Path(top).is_symlink()]
    yield from tops
    prefix = Path(sys.base_prefix).resolve()
    if not any(prefix.is_relative_to(top) for top in tops):
        yield prefix


def _mount(folder: Path) -> dict[str, Any]:
    return {"type": "bind", "source": str(folder), "target": str(folder), "read_only": True}


def _skeleton() -> bytes:
    """Return an archive of the empty image: the links that this machine has at its root, and nothing else."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name in ("lib", "lib64", "tmp"):
            entry = tarfile.TarInfo(name)
            link = Path("/", name)
            entry.type, entry.mode = (tarfile.SYMTYPE, 0o777) if link.is_symlink() else (tarfile.DIRTYPE, 0o755)
            entry.linkname = os.readlink(link) if link.is_symlink() else ""
            archive.addfile(entry)
    return written.getvalue()
