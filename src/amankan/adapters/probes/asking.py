"""One question over HTTP."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from typing import Final
from urllib.parse import SplitResult, urlsplit

from amankan.errors import ProbeFailed
from amankan.model.sentence import say

REQUEST_SECONDS: Final = 10.0
MOST_BYTES: Final = 1 << 16


def web(url: str) -> SplitResult:
    """Return the parts of an address of the web; ProbeFailed for one of another kind."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ProbeFailed(say("cannot ask {url}: a check needs http:// or https://, a host, and no password", url=parts.scheme))
    return parts


def ask(parts: SplitResult) -> int:
    """Return the status that the world gets; ProbeFailed for an address that only this machine's surroundings have."""
    host, port = str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
    address = str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
    if ipaddress.ip_address(address.partition("%")[0]).is_link_local:
        raise ProbeFailed(say("cannot ask {host}: it is an address of the machine's own surroundings", host=host))
    link: http.client.HTTPConnection
    if parts.scheme == "https":
        link = http.client.HTTPSConnection(host, port, timeout=REQUEST_SECONDS, context=ssl.create_default_context())
    else:
        link = http.client.HTTPConnection(address, port, timeout=REQUEST_SECONDS)
    try:
        link.request("GET", path_of(parts), headers={"Host": parts.netloc, "User-Agent": "amankan", "Connection": "close"})
        answer = link.getresponse()
        answer.read(MOST_BYTES)
        return answer.status
    finally:
        link.close()


def path_of(parts: SplitResult) -> str:
    """Return the path to ask for, with what is asked of it."""
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
