"""What lies in an image, looked at without a network and without starting the app."""

from __future__ import annotations

from typing import Any, Final

from amankan.errors import CommandFailed, TimedOut
from amankan.proc.docker import Docker
from amankan.proc.run import attempt

# A release has some hundred files of its own; whatever it was installed with is passed over.
MOST_FILES: Final = 5000
MOST_CHARACTERS: Final = 64 << 10
LOOK_SECONDS: Final = 60.0
_INSTALLED: Final = ("node_modules", ".git", "vendor", "venv", ".venv", "site-packages", "__pycache__")
_TOP: Final = ("proc", "sys", "usr", "lib", "lib64", "var", "etc", "dev", "run", "bin", "sbin", "boot")


def image_of(docker: Docker, name: str) -> dict[str, Any] | None:
    """Return what the engine knows of an image, or None where it is not on this machine."""
    return next(iter(docker.inspect("image", (name,))), None)


def files_in(docker: Docker, name: str, *, folder: str) -> tuple[str, ...]:
    """Return the paths of an image's files as seen from a folder in it, sorted; empty where the image has no `find`."""
    passed = _INSTALLED if folder != "/" else (*_INSTALLED, *_TOP)
    names = [word for each in passed for word in ("-name", each, "-o")][:-1]
    words = (folder, "-maxdepth", "5", "(", *names, ")", "-prune", "-o", "-type", "f", "-print")
    listed = _said(docker, name, words=("find", *words)).splitlines()[:MOST_FILES]
    start = folder.rstrip("/") + "/"
    return tuple(sorted(path.removeprefix(start) for path in listed))


def text_in(docker: Docker, name: str, *paths: str) -> str:
    """Return the beginning of the first of these files that an image has; empty where it has none, or no `cat`."""
    for path in paths:
        text = _said(docker, name, words=("cat", path))
        if text:
            return text[:MOST_CHARACTERS]
    return ""


def _said(docker: Docker, image: str, *, words: tuple[str, ...]) -> str:
    """Return what a program of the image wrote, whatever its exit status was."""
    program, *rest = words
    place = ("container", "run", "--rm", "--network=none", "--read-only", "--pull=never", f"--entrypoint={program}")
    try:
        outcome = attempt(docker.command(*place, image, *rest, limit_seconds=LOOK_SECONDS))
    except (CommandFailed, TimedOut):
        return ""
    return outcome.output.decode(errors="replace")
