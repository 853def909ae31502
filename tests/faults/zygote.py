"""A process that has read the product once, and gives birth to one real process of it for each command."""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any, NoReturn

from amankan.cli import main as product
from amankan.proc import spawn
from tests.faults.points import LEVELS, Points, arm

# What a command reads only when it is one; here it is read once for all.
LATE = ("pydantic.type_adapter", "pydantic.json_schema", "typer._adapters", "typer._click", "encodings.idna")


def serve() -> None:
    """Answer each line of the input: a command is begun and its process number told, or its end is waited for."""
    for name in LATE:
        importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        if "wait" in asked:
            _, status = os.waitpid(asked["wait"], 0)
            answer = {"status": os.waitstatus_to_exitcode(status)}
        else:
            answer = {"pid": _birth(asked)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _birth(asked: dict[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        _become(asked)
    return pid


def _become(asked: dict[str, Any]) -> NoReturn:
    """This process is a command of the product, killed at a point where one was asked for."""
    os.setsid()
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    quiet = os.open(os.devnull, os.O_RDONLY)
    out, err = (os.open(asked[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600) for name in ("out", "err"))
    for number, handle in enumerate((quiet, out, err)):
        os.dup2(handle, number)
        os.close(handle)
    record = Path(asked["record"]) if asked.get("record") else None
    for name, most in asked["limits"].items():
        resource.setrlimit(getattr(resource, name), (most, most))
    if asked.get("orphans"):
        spawn.die_with = lambda parent: lambda: None  # children of this process outlive it, as those do that gave up their bond
    points = Points(
        kill_at=asked["kill"],
        levels=frozenset(asked["levels"] or LEVELS),
        record=record,
        blow=asked["blow"],
    )
    arm(points)
    sys.argv = ["aman", *asked["words"]]
    status = 1
    try:
        product.main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    serve()
