"""What holds in every session and program of ours, whatever a role, a database or a server has set."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.reach import child_environment, passfile_text
from amankan.adapters.engines.postgres.tools import Tools
from amankan.proc.command import Command

# With these the same value has the same text everywhere.
TEXTS: Final = (
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO,YMD"),
    ("IntervalStyle", "postgres"),
    ("extra_float_digits", "3"),
    ("bytea_output", "hex"),
    ("lc_monetary", "C"),
    ("xmloption", "content"),
    ("quote_all_identifiers", "off"),
)

# With these text that was written under those above is read as it was meant, whatever the database says of itself. The rest
# is the database's own: what is computed while rows come in is computed as the app would.
READING: Final = (
    ("lc_monetary", "C"),
    ("xmloption", "content"),
    ("array_nulls", "on"),
    ("transform_null_equals", "off"),
    ("standard_conforming_strings", "on"),
)

# With these a program that writes is not stopped, and what it makes lies where the database lies.
WRITING: Final = (
    ("default_tablespace", ""),
    ("default_transaction_isolation", "read\\ committed"),
    ("default_transaction_read_only", "off"),
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("idle_session_timeout", "0"),
)

# With these nothing is hidden, cut off or redirected.
PATIENCE: Final = (
    ("search_path", "pg_catalog"),
    ("row_security", "off"),
    ("default_transaction_read_only", "off"),
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("idle_session_timeout", "0"),
    ("synchronize_seqscans", "off"),
    ("standard_conforming_strings", "on"),
    ("client_min_messages", "warning"),
)

# The first version that limits the time of a whole transaction, and that can leave event triggers out.
NEW_LIMITS: Final = 17

# The guard's statements take milliseconds; whoever waits behind one that waits for a lock waits too.
GUARD_LOCK: Final = "5s"

# How long a program may work in all: a day, so that none is left behind for ever.
LIMIT_SECONDS: Final = 86_400.0


def session_options() -> str:
    """Return the settings as words for the start of a session."""
    return _words((*TEXTS, *PATIENCE))


def plain_options() -> str:
    """Return the settings of a session in which values have the text that the database itself gives them."""
    return _words(PATIENCE)


def guard_options() -> str:
    """Return the settings of a session that works at the guard: names are found as the role finds them, and nobody waits."""
    own = {"search_path", "row_security", "lock_timeout"}
    chosen = (each for each in (*TEXTS, *PATIENCE) if each[0] not in own)
    return _words((*chosen, ("lock_timeout", GUARD_LOCK)))


def tool_options(address: Address, program: str) -> str:
    """Return the settings that a program does not make by itself, behind those of the address, for the start of a session."""
    chosen = TEXTS if program == "pg_dump" else READING
    return f"{dict(address.parameters).get('options', '')} {_words((*chosen, *WRITING))}".lstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client program ready to run: the command, and the open files that it needs."""

    command: Command
    handles: tuple[int, ...]


@contextmanager
def client(tools: Tools, address: Address, *words: str) -> Iterator[Client]:
    """
    Lend the command that runs a program of the tools at an address; the first word is its name.

    The password is read from a file in memory that is closed with the context; it is in no word and no variable.
    """
    with password_file(address) as handle:
        tools.lend(handle)
        told = child_environment(address, passfile=f"/proc/self/fd/{handle}") | {"PGOPTIONS": tool_options(address, words[0])}
        secrets = () if address.password is None else (address.password,)
        uid, gid = tools.account
        command = Command(
            words=tools.words(*words),
            environment=tuple(told.items()),
            secrets=secrets,
            limit_seconds=LIMIT_SECONDS,
            uid=uid,
            gid=gid,
        )
        yield Client(command=command, handles=(handle,))


@contextmanager
def password_file(address: Address) -> Iterator[int]:
    """Lend the number of a file in memory, for our account alone, with the password of an address as libpq reads it."""
    handle = os.memfd_create("passfile", os.MFD_CLOEXEC)
    try:
        os.fchmod(handle, 0o600)
        os.write(handle, passfile_text(address).reveal().encode())
        yield handle
    finally:
        os.close(handle)


def _words(chosen: tuple[tuple[str, str], ...]) -> str:
    return " ".join(f"-c {name}={value}" for name, value in chosen)
