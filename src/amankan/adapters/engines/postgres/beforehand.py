"""What is said of a database itself, told before it is filled as far as its filling depends on it, and all of it afterwards."""

from __future__ import annotations

import re
from typing import Final

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.hush import hush
from amankan.adapters.engines.postgres.script import run_script
from amankan.adapters.engines.postgres.session import connected, row
from amankan.adapters.engines.postgres.settings import plain_options
from amankan.adapters.engines.postgres.tools import Tools

# Settings of a database that cut off, redirect or rule out sessions: they come when the database is complete.
DISTURBING: Final = frozenset(
    {
        *("client_encoding", "default_table_access_method", "default_tablespace", "default_transaction_deferrable"),
        *("default_transaction_isolation", "default_transaction_read_only", "event_triggers"),
        *("idle_in_transaction_session_timeout", "idle_session_timeout", "local_preload_libraries", "lock_timeout", "role"),
        *("row_security", "search_path", "session_authorization", "session_preload_libraries", "session_replication_role"),
        *("statement_timeout", "temp_tablespaces", "transaction_timeout"),
    }
)

# A name that needs no quotes anywhere: `Asia/Jakarta`, `<+07>-07`.
_ZONE: Final = re.compile(r"[A-Za-z0-9_+/:.,<>-]+")
_NOTE: Final = re.compile(rb"\A-- time zone of the original: ([A-Za-z0-9_+/:.,<>-]+)\n")
_STATEMENT: Final = re.compile(rb"""(?:'(?:[^']|'')*'|"(?:[^"]|"")*"|[^;'"])+;""")
_SET: Final = re.compile(rb"""\s*ALTER DATABASE :"DBNAME" SET ((?:"(?:[^"]|"")+"\.?)+) TO """)
_ZONE_SET: Final = """ALTER DATABASE :"DBNAME" SET "TimeZone" TO '{zone}';\n"""
_ZONE_RESET: Final = b"""ALTER DATABASE :"DBNAME" RESET "TimeZone";\n"""


def zone_of(address: Address) -> str:
    """Return the time zone in which this role works in this database where it asks for none; nothing without a plain name."""
    with connected(address, options=plain_options()) as session:
        zone = str(row(session, "select current_setting('timezone')")[0])
    return zone if _ZONE.fullmatch(zone) else ""


def noted(settings: bytes, zone: str) -> bytes:
    """Return the settings of a database with a note of the time zone in which its server works with it."""
    return f"-- time zone of the original: {zone}\n".encode() + settings if zone else settings


def prepare(address: Address, tools: Tools, *, settings: bytes) -> Address:
    """
    The empty database has those of its settings that matter to what is computed while it is filled.

    Returns:
        the address by which no event trigger is set off where it is filled, as far as the role may say so.
    """
    with connected(address) as session:
        quiet = hush(address, session)
    if early := early_settings(settings):
        run_script(quiet, tools, script=early)
    return quiet


def settle(address: Address, tools: Tools, *, settings: bytes) -> None:
    """All that `settings` say of the filled database holds, and nothing that was said of it for the time of its filling."""
    run_script(address, tools, script=late_settings(settings))


def early_settings(settings: bytes) -> bytes:
    """Return what of the settings holds while the database is filled, with the time zone that they note; may be empty."""
    note = _NOTE.match(settings)
    lines = [] if note is None else [_ZONE_SET.format(zone=note[1].decode()).encode()]
    chosen = [each for each in _statements(settings) if _matters(each)]
    return b"".join([b"SET client_encoding TO 'UTF8';\n", *lines, *chosen, b"\n"]) if lines or chosen else b""


def late_settings(settings: bytes) -> bytes:
    """Return all of the settings, behind what takes back the time zone that was only noted."""
    return _ZONE_RESET + settings if _NOTE.match(settings) else settings


def _statements(settings: bytes) -> list[bytes]:
    """Return the statements of a script whose notes all stand in front of them."""
    lines = settings.splitlines(keepends=True)
    while lines and lines[0].startswith(b"--"):
        lines.pop(0)
    return _STATEMENT.findall(b"".join(lines))


def _matters(statement: bytes) -> bool:
    found = _SET.match(statement)
    return found is not None and found[1].decode(errors="replace").replace('"', "").lower() not in DISTURBING
