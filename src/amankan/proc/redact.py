"""Secrets taken out of text that people will see."""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from amankan.model.secret import MASK, Secret

# Secrets that nobody told us of: the password of an address, a password in a connection string, the values of a row.
UNKNOWN: Final = (
    # A bound for the scheme: without one, a long word in a log is looked at once for each of its letters.
    (re.compile(r"(\w[\w+.-]{0,40}://[^\s:/@]*):[^\s@]+@"), rf"\1:{MASK}@"),
    (re.compile(r"(?i)(pass(?:word|wd)?\s*[=:]\s*)('[^']*'|\"[^\"]*\"|\S+)"), rf"\1{MASK}"),
    (re.compile(r"(Failing row contains )\(.*\)"), rf"\1({MASK})"),
    (re.compile(r"(Key \(.*?\))=\(.*?\)"), rf"\1=({MASK})"),
)

SECRET_NAME: Final = re.compile(r"(?i)pass|secret|token|key|url|dsn|credential|auth")

# `1` or `on` under such a name keeps nothing, and would blot out half of a log.
FEWEST_CHARACTERS: Final = 4


def secrets_among(variables: Iterable[tuple[str, str]]) -> tuple[Secret, ...]:
    """Return the values of variables whose names say that nobody may see them, and the passwords in their addresses."""
    values = [value for name, value in variables if SECRET_NAME.search(name)]
    found = dict.fromkeys(part for value in values for part in (value, *_passwords(value)))
    return tuple(Secret(value) for value in found if len(value) >= FEWEST_CHARACTERS and value.lower() not in ("true", "false"))


def _passwords(value: str) -> tuple[str, ...]:
    try:
        password = urlsplit(value).password or ""
    except ValueError:
        return ()
    return (password, unquote(password))


def redact(text: str, hidden: Iterable[str]) -> str:
    """Return `text` in which no hidden value is left, in any of the forms in which programs print it."""
    for form in forms(hidden):
        text = text.replace(form, MASK)
    for pattern, replacement in UNKNOWN:
        text = pattern.sub(replacement, text)
    return text


def forms(hidden: Iterable[str]) -> tuple[str, ...]:
    """Return the values as they are, percent-encoded, in base64, in JSON and quoted for a shell; longest first."""
    found: set[str] = set()
    for value in hidden:
        found |= {
            value,
            quote(value, safe=""),
            quote(value),
            base64.b64encode(value.encode()).decode(),
            json.dumps(value)[1:-1],
            shlex.quote(value),
            value.replace("'", "''"),
        }
    return tuple(sorted(filter(None, found), key=len, reverse=True))
