"""The parameters of an address: which reach the server's own programs, which only the app, which are refused."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from amankan.adapters.engines.postgres.options import harmless_options
from amankan.adapters.engines.postgres.unreadable import Unreadable
from amankan.model.sentence import phrase

WEAK_SSLMODES: Final = frozenset({"disable", "allow", "prefer"})
VERIFYING_SSLMODES: Final = frozenset({"verify-ca", "verify-full"})
SSLMODES: Final = (*sorted(WEAK_SSLMODES), "require", *sorted(VERIFYING_SSLMODES))

_SSL_VERSIONS: Final = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_SESSIONS: Final = ("any", "read-write", "read-only", "primary", "standby", "prefer-standby")


def _one_of(*allowed: str) -> Callable[[str, str], None]:
    def check(name: str, value: str) -> None:
        if value not in allowed:
            words = ", ".join(allowed)
            raise Unreadable("{name} has a value that it cannot have", "{name} is one of {words}", name=name, words=words)

    return check


def _number(name: str, value: str) -> None:
    if not re.fullmatch(r"[0-9]{1,6}", value):
        raise Unreadable("{name} is no number", "write a whole number of seconds for {name}", name=name)


def _absolute(name: str, value: str) -> None:
    if not value.startswith("/"):
        raise Unreadable("{name} is no absolute path", "write the whole path of the file", name=name)


def _certificate(name: str, value: str) -> None:
    if value != "system":
        _absolute(name, value)


def _network_address(name: str, value: str) -> None:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        raise Unreadable("{name} is no network address", "write the address in numbers", name=name) from None


def _text(name: str, value: str) -> None:
    if not value.isprintable():
        raise Unreadable("{name} holds a character that cannot be printed", "remove it", name=name)


def _word(name: str, value: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9!,_.-]+", value):
        raise Unreadable("{name} has a value that it cannot have", "read the PostgreSQL manual about {name}", name=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of libpq that every child and every session of ours gets: its environment variable and its check."""

    variable: str
    check: Callable[[str, str], None]


# Source: PostgreSQL 18 manual, "Parameter Key Words" and "Environment Variables" of libpq.
PASSED: Final[Mapping[str, Parameter]] = {
    "application_name": Parameter(variable="PGAPPNAME", check=_text),
    "channel_binding": Parameter(variable="PGCHANNELBINDING", check=_one_of("disable", "prefer", "require")),
    "connect_timeout": Parameter(variable="PGCONNECT_TIMEOUT", check=_number),
    "gssencmode": Parameter(variable="PGGSSENCMODE", check=_one_of("disable", "prefer", "require")),
    "gsslib": Parameter(variable="PGGSSLIB", check=_one_of("gssapi")),
    "hostaddr": Parameter(variable="PGHOSTADDR", check=_network_address),
    "krbsrvname": Parameter(variable="PGKRBSRVNAME", check=_word),
    "options": Parameter(variable="PGOPTIONS", check=_text),
    "require_auth": Parameter(variable="PGREQUIREAUTH", check=_word),
    "requirepeer": Parameter(variable="PGREQUIREPEER", check=_word),
    "ssl_max_protocol_version": Parameter(variable="PGSSLMAXPROTOCOLVERSION", check=_one_of(*_SSL_VERSIONS)),
    "ssl_min_protocol_version": Parameter(variable="PGSSLMINPROTOCOLVERSION", check=_one_of(*_SSL_VERSIONS)),
    "sslcert": Parameter(variable="PGSSLCERT", check=_absolute),
    "sslcertmode": Parameter(variable="PGSSLCERTMODE", check=_one_of("disable", "allow", "require")),
    "sslcrl": Parameter(variable="PGSSLCRL", check=_absolute),
    "sslcrldir": Parameter(variable="PGSSLCRLDIR", check=_absolute),
    "sslkey": Parameter(variable="PGSSLKEY", check=_absolute),
    "sslmode": Parameter(variable="PGSSLMODE", check=_one_of(*SSLMODES)),
    "sslnegotiation": Parameter(variable="PGSSLNEGOTIATION", check=_one_of("postgres", "direct")),
    "sslrootcert": Parameter(variable="PGSSLROOTCERT", check=_certificate),
    "sslsni": Parameter(variable="PGSSLSNI", check=_one_of("0", "1")),
    "target_session_attrs": Parameter(variable="PGTARGETSESSIONATTRS", check=_one_of(*_SESSIONS)),
}

# What only the app's own client library reads: kept for the app, of no use to ours.
REMEMBERED: Final = frozenset(
    {
        # Prisma
        *("connection_limit", "max_connection_lifetime", "max_idle_connection_lifetime", "pgbouncer", "pool_timeout"),
        *("schema", "single_use_connections", "socket_timeout", "sslaccept", "sslidentity", "sslpassword"),
        "statement_cache_size",
        # asyncpg, SQLAlchemy and node-postgres
        *("async_fallback", "prepared_statement_cache_size", "ssl", "uselibpqcompat"),
        # libpq: no environment variable carries these, and none changes what is read
        *("client_encoding", "fallback_application_name", "keepalives", "keepalives_count", "keepalives_idle"),
        *("keepalives_interval", "load_balance_hosts", "sslcompression", "tcp_user_timeout"),
    }
)

# Said to ours in libpq's own words.
TRANSLATED: Final = frozenset({"ssl", "sslaccept", "sslcert"})

# Of those above and below, the values that nobody may see.
SECRET: Final = frozenset({"sslpassword"})

# Parameters of libpq that bring words from a place that the address does not show, or make another kind of session.
REFUSED: Final = frozenset({"passfile", "replication", "service", "servicefile"})

PARTS: Final = frozenset({"host", "port", "user", "password", "dbname"})
KNOWN: Final = frozenset({*PASSED, *REMEMBERED, *REFUSED, *PARTS})


def passed_parameters(given: Mapping[str, str], *, shown: bool) -> dict[str, str]:
    """
    Return the parameters that our own sessions and programs get.

    Args:
        given: as in the address, without the parts of the place itself.
        shown: whether an unknown name may be told; it may not where it could be a piece of a password.
    Raises:
        Unreadable: one is unknown (the nearest known one is told), is refused, or has a value that it cannot have.
    """
    passed: dict[str, str] = {}
    for name, value in _as_libpq(given).items():
        if name in PASSED:
            PASSED[name].check(name, value)
            passed[name] = value
        elif name not in REMEMBERED:
            raise _unknown(name, shown=shown)
    ours = harmless_options(passed.pop("options", ""))
    if passed.get("sslrootcert") == "system" and passed.get("sslmode") != "verify-full":
        raise Unreadable("sslrootcert=system goes with sslmode=verify-full alone", "write sslmode=verify-full")
    return passed | ({"options": ours} if ours else {})


def _as_libpq(words: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters with those of other client libraries put into libpq's words, never to a weaker meaning."""
    found = dict(words)
    if "ssl" in found:
        # libpq takes ssl=true alone; asyncpg takes the modes by this name.
        mode = {"true": "require"}.get(found["ssl"], found["ssl"])
        _one_of("true", *SSLMODES)("ssl", found["ssl"])
        if found.setdefault("sslmode", mode) != mode:
            raise Unreadable("ssl and sslmode say different things", "say sslmode alone")
    if "sslaccept" in found:
        _one_of("strict", "accept_invalid_certs")("sslaccept", found["sslaccept"])
        # Prisma calls the server's certificate by the name that libpq has for the client's.
        if "sslcert" in found:
            found["sslrootcert"] = found.pop("sslcert")
        if found["sslaccept"] == "strict" and found.get("sslmode") not in VERIFYING_SSLMODES:
            found["sslmode"] = "verify-full"
    return found


def _unknown(name: str, *, shown: bool) -> Unreadable:
    if name in REFUSED:
        return Unreadable("it has the parameter {name}, which is not allowed here", "leave {name} out", name=name)
    near = difflib.get_close_matches(name.lower(), sorted(KNOWN - REFUSED), n=1, cutoff=0.6)
    if not near and not shown:
        return Unreadable("it has a parameter that PostgreSQL does not know")
    fix = phrase("write {near} instead of {name}") if near else phrase("leave {name} out")
    return Unreadable("it has the unknown parameter {name}", fix, name=name, near=near[0] if near else "")
