"""A URL taken apart into libpq's keywords, refusing what two readers could read in two ways."""

from __future__ import annotations

import re

from amankan.adapters.engines.postgres.unreadable import Unreadable, said_twice, several_hosts
from amankan.model.sentence import phrase

SIX_HINT = phrase(
    "write an IPv6 address as [ADDRESS]:PORT; percent-encode special characters in the user, password and database: "
    "@ %40, : %3A, / %2F, ? %3F, # %23, % %25"
)
EQUALS_HINT = phrase(
    "write an = in a value as %3D; percent-encode special characters in the user, password and database: "
    "@ %40, : %3A, / %2F, ? %3F, # %23, % %25"
)

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_HEX = re.compile(r"%[0-9A-Fa-f]{2}")
_PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,40}")


def split_url(text: str) -> dict[str, str]:
    """
    Return the keywords and decoded values of `SCHEME://[USER[:PASSWORD]@][HOST][:PORT][/DATABASE][?NAME=VALUE&...]`.

    Raises:
        Unreadable: a character stands raw where libpq and the readers of other languages disagree about it.
    Source: PostgreSQL manual, "Connection URIs"; RFC 3986, section 3.2.
    """
    start = text.index("://") + 3
    _refuse_raw(text, start)
    rest = text[start:]
    before, _, query = rest.partition("?")
    authority, _, database = before.partition("/")
    _refuse_stray_at(authority, database, query=query)
    userinfo, at, hostport = authority.rpartition("@")
    words: dict[str, str] = {}
    if at:
        user, colon, password = userinfo.partition(":")
        if user:
            words["user"] = decode(user, "user")
        if colon:
            words["password"] = decode(password, "password")
    words |= _host_and_port(hostport)
    if database:
        words["dbname"] = decode(database, "database")
    if query:
        for name, value in _parameters(query):
            _add(words, name, value=value)
    return words


def decode(text: str, part: str) -> str:
    """Return the text with its percent-escapes undone once; a plus stays a plus."""
    for found in _ESCAPE.finditer(text):
        if found[1] is None:
            raise Unreadable(
                "in the {part} a % is not followed by two hexadecimal digits", "write a % itself as %25", part=part
            )
        if found[1] == "00":
            raise Unreadable("the {part} holds a zero byte (%00), which PostgreSQL cannot take", "remove it", part=part)
    pieces = bytearray()
    position = 0
    for found in _HEX.finditer(text):
        pieces += text[position : found.start()].encode() + bytes.fromhex(found[0][1:])
        position = found.end()
    pieces += text[position:].encode()
    try:
        return pieces.decode()
    except UnicodeDecodeError:
        raise Unreadable("the {part} is not UTF-8 after its percent-escapes are undone", part=part) from None


def _refuse_raw(text: str, start: int) -> None:
    """Refuse characters that must never stand raw: some readers end the text there, some drop them."""
    for position, character in enumerate(text):
        if character.isspace() or not (character.isprintable() or ord(character) > 127):
            kind = "a space" if character == " " else "a control or space character"
            raise Unreadable("{kind} stands at character {position}", kind=kind, position=position + 1)
    sharp = text.find("#", start)
    if sharp >= 0:
        raise Unreadable("a # stands at character {position}: some readers end the address there", position=sharp + 1)


def _refuse_stray_at(authority: str, database: str, *, query: str) -> None:
    """Refuse what would put a piece of a password into the host or database."""
    if authority.count("@") > 1:
        raise Unreadable("there is more than one @ before the host")
    if "@" in database:
        raise Unreadable("an @ stands after the first /: a / in the password, or an @ in the database, is not encoded")
    # Without an @ before it, an @ in the query may be the end of a password with a raw ? in it.
    if "@" in query and ":" in authority and "@" not in authority:
        raise Unreadable("an @ stands after the first ?: a ? in the password is not encoded")


def _host_and_port(hostport: str) -> dict[str, str]:
    if "," in hostport:
        raise several_hosts()
    if hostport.startswith("["):
        host, bracket, port = hostport[1:].partition("]")
        if not bracket or ":" not in host or (port and not port.startswith(":")):
            raise Unreadable("what stands in [ ] is no IPv6 address", "write [ADDRESS]:PORT")
        port = port[1:]
    elif hostport.count(":") > 1:
        raise Unreadable(
            "there is more than one : after the user and password",
            SIX_HINT,
        )
    else:
        host, _, port = hostport.partition(":")
    words = {"host": decode(host, "host")} if host else {}
    return words | ({"port": decode(port, "port")} if port else {})


def _parameters(query: str) -> list[tuple[str, str]]:
    """Return the parameters in their order."""
    found = []
    for piece in query.split("&"):
        name, equals, value = piece.partition("=")
        if not equals:
            raise Unreadable("after the ? there is a part without =")
        if "=" in value:
            raise Unreadable("after the ? there is a part with two =", EQUALS_HINT)
        if not _PARAMETER.fullmatch(name):
            raise Unreadable("after the ? there is a name that no parameter has")
        found.append((name, decode(value, "value of a parameter")))
    return found


def _add(words: dict[str, str], name: str, *, value: str) -> None:
    """Add a parameter; a socket's folder may stand beside a host that is there for form's sake, as Prisma wants it."""
    if name == "host" and words.get("host") in {"localhost", "127.0.0.1"} and value.startswith(("/", "@")):
        words["host"] = value
    elif name in words:
        raise said_twice(name)
    else:
        words[name] = value
