"""The parameter `options`, by which an address sets what it likes in the session."""

from __future__ import annotations

import re
from typing import Final

from amankan.adapters.engines.postgres.unreadable import Unreadable

# Cost and nothing else: these may also hold in our sessions.
HARMLESS: Final = frozenset({"jit", "maintenance_work_mem", "max_parallel_workers_per_gather", "work_mem"})

# Right for the app, wrong for a dump: it must see every schema, take its time, and write values in one way.
THE_APPS: Final = frozenset(
    {
        *("application_name", "client_encoding", "client_min_messages", "datestyle", "default_transaction_isolation"),
        *("extra_float_digits", "idle_in_transaction_session_timeout", "idle_session_timeout", "intervalstyle"),
        *("lock_timeout", "search_path", "statement_timeout", "timezone", "transaction_timeout"),
    }
)

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_WORD = re.compile(r"(?:[^\s\\]|\\.)+", re.DOTALL)
_NAME = re.compile(r"[a-z_][a-z0-9_.]{0,62}")


def harmless_options(text: str) -> str:
    """
    Return the part of the options that our own sessions get; the rest is for the app alone.

    Raises:
        Unreadable: a setting is not among those that are listed here.
    Source: PostgreSQL manual, "postgres" (-c and --NAME=VALUE) and "options" of libpq (a backslash before a space).
    """
    ours = []
    for name, value in _settings([_ESCAPED.sub(r"\1", word) for word in _WORD.findall(text)]):
        known = name.lower().replace("-", "_")
        if known in HARMLESS and re.fullmatch(r"[A-Za-z0-9_]+", value):
            ours.append(f"-c {known}={value}")
        elif known not in THE_APPS:
            shown = known if _NAME.fullmatch(known) else "something"
            allowed = ", ".join(sorted(HARMLESS | THE_APPS))
            raise Unreadable(
                "options sets {name}, which is not allowed here",
                "options may set {allowed}",
                name=shown,
                allowed=allowed,
            )
    return " ".join(ours)


def _settings(words: list[str]) -> list[tuple[str, str]]:
    found = []
    waiting = iter(words)
    for word in waiting:
        if word == "-c":
            setting = next(waiting, "")
        elif word.startswith(("-c", "--")):
            setting = word[2:]
        else:
            raise Unreadable("options holds something other than -c NAME=VALUE", "write options=-c%20NAME%3DVALUE")
        name, equals, value = setting.partition("=")
        if not equals:
            raise Unreadable("options has a setting without a value", "write options=-c%20NAME%3DVALUE")
        found.append((name, value))
    return found
