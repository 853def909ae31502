"""Questions to a Docker Engine on this machine, asked at its own socket: a client program takes ten times as long."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any, Final
from urllib.parse import quote

from amankan.errors import CommandFailed, TimedOut
from amankan.model.sentence import say

_UNIX: Final = "unix://"
_FOUND: Final = 200
_MISSING: Final = 404


class _Link(http.client.HTTPConnection):
    """A connection to a unix socket."""

    def __init__(self, path: str, *, limit_seconds: float) -> None:
        super().__init__("docker", timeout=limit_seconds)
        self._path = path

    def connect(self) -> None:
        """Reach the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def socket_of(address: str) -> str:
    """Return the path of the socket that an address of an engine means; empty where it is on another machine."""
    return address.removeprefix(_UNIX) if address.startswith(_UNIX) else ""


def listed(path: str, kind: str, *, limit_seconds: float, **filters: list[str]) -> tuple[str, ...]:
    """Return the names by which things of one kind are asked for, those that run and those that do not."""
    words = quote(json.dumps(filters), safe="")
    found = _asked(
        path, f"/{kind}s{'/json?all=1&' if kind == 'container' else '?'}filters={words}", limit_seconds=limit_seconds
    )
    if kind == "volume":
        return tuple(str(each["Name"]) for each in (found or {}).get("Volumes") or ())
    return tuple(str(each["Id"]) for each in found or ())


def told_of(path: str, kind: str, *, name: str, limit_seconds: float) -> dict[str, Any] | None:
    """Return what the engine knows of one thing; None where there is none of that name."""
    ending = "/json" if kind in ("container", "image") else ""
    found = _asked(path, f"/{kind}s/{quote(name, safe='/:@')}{ending}", limit_seconds=limit_seconds)
    return found if isinstance(found, dict) else None


def _asked(path: str, question: str, *, limit_seconds: float) -> Any:
    """Return the answer; None where the engine has no such thing. Raises CommandFailed, TimedOut."""
    link = _Link(path, limit_seconds=limit_seconds)
    try:
        link.request("GET", question)
        answer = link.getresponse()
        content = answer.read()
        found = json.loads(content)
    except TimeoutError as late:
        raise TimedOut(say("cannot ask the Docker Engine: no answer for {seconds} s", seconds=limit_seconds)) from late
    except (OSError, http.client.HTTPException, ValueError) as fault:
        raise CommandFailed(say("cannot ask the Docker Engine: {said}", said=str(fault))) from fault
    finally:
        link.close()
    if answer.status == _FOUND:
        return found
    said = str(found.get("message", "")) if isinstance(found, dict) else ""
    if answer.status == _MISSING and "no such" in said.lower():
        return None
    raise CommandFailed(say("cannot ask the Docker Engine: {said}", said=said or str(answer.status)))
