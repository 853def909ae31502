"""Where a PostgreSQL database is, and as whom one comes in: read exactly, or refused."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from amankan.adapters.engines.postgres.parameters import PARTS, SECRET, TRANSLATED, WEAK_SSLMODES, passed_parameters
from amankan.adapters.engines.postgres.scheme import read_words
from amankan.adapters.engines.postgres.unreadable import Unreadable, several_hosts
from amankan.model.secret import MASK, Secret
from amankan.model.sentence import Sentence, phrase, say

SYSTEM_DATABASES: Final = frozenset({"postgres", "template0", "template1"})
DEFAULT_PORT: Final = 5432

# The server cuts a longer name short, and so comes to another database or role (NAMEDATALEN).
MOST_NAME_BYTES: Final = 63

PORT_HINT: Final = phrase(
    "write the port in digits; percent-encode special characters in the user, password and database: "
    "@ %40, : %3A, / %2F, ? %3F, # %23, % %25"
)

_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_.-]{1,253}")
_UNKEPT = frozenset("\n\r\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """
    One database of one server and the role that opens it, complete: nothing is left to the surroundings.

    `host` is a name, a network address without brackets, or the folder of a unix socket (it begins with `/`, an
    abstract one with `@`). `parameters` are those that our own sessions and programs get, by name; `given` are all that
    the text had, in its order, for the app. `remarks` say what a user should know about how it was read.
    """

    scheme: str
    host: str
    port: int
    user: str
    password: Secret | None
    database: str
    parameters: tuple[tuple[str, str], ...] = ()
    given: tuple[tuple[str, Secret], ...] = ()
    remarks: tuple[Sentence, ...] = ()

    @property
    def is_socket(self) -> bool:
        """Whether the server is reached by a unix socket of this machine."""
        return self.host.startswith(("/", "@"))

    def at(self, database: str) -> Address:
        """Return the address of another database of the same server, for the same role; a name must fit the server."""
        try:
            return replace(self, database=_name_of(database, "name"))
        except Unreadable as unreadable:
            raise unreadable.fault("the name of a database") from None

    def url(self) -> Secret:
        """Return the address as the app's client library reads it, with every parameter as it was given."""
        password = "" if self.password is None else ":" + _encoded(self.password.reveal())
        return Secret(self._written(password, {name: _encoded(value.reveal()) for name, value in self.given}))

    def redacted(self) -> str:
        """Return the address for people: every secret is masked."""
        password = "" if self.password is None else f":{MASK}"
        shown = {name: MASK if name in SECRET else _encoded(value.reveal()) for name, value in self.given}
        return self._written(password, shown)

    def _written(self, password: str, parameters: dict[str, str]) -> str:
        # A socket's folder is understood by every client library beside a host, by few of them instead of one.
        host = "localhost" if self.is_socket else self.host
        host = f"[{host.replace('%', '%25')}]" if ":" in host else host
        parameters = ({"host": _encoded(self.host)} if self.is_socket else {}) | parameters
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        place = f"{self.scheme}://{_encoded(self.user)}{password}@{host}:{self.port}/{_encoded(self.database)}"
        return place + (f"?{query}" if query else "")


def parse_address(text: Secret, *, place: str = "database.url") -> Address:
    """
    Return the address that a URL or a connection string says.

    Args:
        text: as it stands in a file or variable.
        place: the setting it came from, for the error.
    Raises:
        ConfigurationFault: it cannot be read in one way only, leaves open what the surroundings would decide, or is of
            another database system; no word of the text that could be secret is in the error.
    Source: PostgreSQL manual, "Connection Strings".
    """
    try:
        return _read(text.reveal())
    except Unreadable as unreadable:
        raise unreadable.fault(place) from None


def parse_app_address(text: Secret, *, place: str = "database.url") -> Address:
    """Return the address of an app's database, which is never one of the server's own; otherwise as `parse_address`."""
    address = parse_address(text, place=place)
    if address.database in SYSTEM_DATABASES:
        fix = phrase("write the name of the app's own database")
        raise Unreadable("{database} is the server's own database, not an app's", fix, database=address.database).fault(place)
    return address


def _read(text: str) -> Address:
    found = read_words(text)
    words = found.words
    for part, hint in (
        ("host", phrase("write the host, or for a unix socket ?host=/run/postgresql")),
        ("user", phrase("write the user: postgresql://USER@HOST/DATABASE")),
        ("dbname", phrase("write the database: postgresql://USER@HOST/DATABASE")),
    ):
        if not words.get(part):
            name = "database" if part == "dbname" else part
            raise Unreadable("it names no {part}, and what is meant then differs from program to program", hint, part=name)
    given = {name: value for name, value in words.items() if name not in PARTS}
    address = Address(
        scheme=found.scheme,
        host=_host_of(words["host"]),
        port=_port_of(words.get("port", str(DEFAULT_PORT))),
        user=_name_of(words["user"], "user"),
        password=_password_of(words.get("password")),
        database=_name_of(words["dbname"], "database"),
        parameters=tuple(sorted(passed_parameters(given, shown=found.names_shown).items())),
        given=tuple((name, Secret(value)) for name, value in given.items()),
    )
    return replace(address, remarks=(*found.remarks, *_remarks(address)))


def _host_of(host: str) -> str:
    if "," in host:
        raise several_hosts()
    if host.startswith(("/", "@")):
        if not host.isprintable() or len(host.encode()) > 90:
            raise Unreadable(
                "the socket's folder is too long, or holds a character that cannot be printed", "choose another folder"
            )
        return host
    if ":" in host:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            raise Unreadable("the host is no IPv6 address", "write an IPv6 address as [ADDRESS]:PORT") from None
        return host
    if not _HOST_NAME.fullmatch(host):
        raise Unreadable("the host has a character that no host name has")
    return host


def _port_of(port: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise Unreadable("the port is no number from 1 to 65535", PORT_HINT)
    return int(port)


def _name_of(name: str, part: str) -> str:
    if _UNKEPT & set(name):
        raise Unreadable("the {part} holds a line break", "rename it: the server's own programs refuse such names", part=part)
    if len(name.encode()) > MOST_NAME_BYTES:
        raise Unreadable(
            "the {part} is longer than 63 bytes, and the server would cut it short",
            "write the name as the server has it",
            part=part,
        )
    return name


def _password_of(password: str | None) -> Secret | None:
    if password is None:
        return None
    if _UNKEPT & set(password):
        raise Unreadable("the password holds a line break, which a password file cannot carry", "set another password")
    return Secret(password)


def _remarks(address: Address) -> tuple[Sentence, ...]:
    remarks = []
    passed = dict(address.parameters)
    only_the_apps = [n for n, v in address.given if v.reveal() not in {"", passed.get(n)} and n not in TRANSLATED]
    if only_the_apps:
        names = ", ".join(sorted(only_the_apps))
        remarks.append(say("kept for the app and not used by Amankan: {names}", names=names))
    sslmode = passed.get("sslmode", "prefer")
    if sslmode in WEAK_SSLMODES and not address.is_socket and _is_remote(address.host):
        remarks.append(
            say("sslmode={sslmode} lets the connection to {host} go unencrypted", sslmode=sslmode, host=address.host)
        )
    return tuple(remarks)


def _is_remote(host: str) -> bool:
    """Whether the way to the host may leave this machine; a name without a dot is a container's."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".docker.internal"))
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return not (mapped or found).is_loopback


def _encoded(text: str) -> str:
    return quote(text, safe="")
