"""`amankan.toml` found, read byte by byte, and handed to the check."""

from __future__ import annotations

import re
import stat
import tomllib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Final

from amankan.config.check import check
from amankan.config.settings import Settings
from amankan.errors import ConfigurationFault
from amankan.model.sentence import Sentence, say

FILE_NAME: Final = "amankan.toml"

# A hundred times the annotated example.
MOST_BYTES: Final = 512 << 10

# Marks that change the direction of what stands beside them, or that nobody sees.
_HIDDEN: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINE: Final = re.compile(r"\(at line (\d+), column (\d+)\)")


def example() -> str:
    """Return the annotated example configuration."""
    return files("amankan.config").joinpath("example.toml").read_text(encoding="utf-8")


def find(start: Path) -> Path:
    """Return the nearest `amankan.toml` in `start` or a folder above it; ConfigurationFault where there is none."""
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    raise ConfigurationFault(
        say("cannot find {name} in {folder} or a folder above it", name=FILE_NAME, folder=str(start)), next=say("aman init")
    )


def read(path: Path) -> Settings:
    """
    Return what the file says.

    Raises:
        ConfigurationFault: it cannot be read or understood; the place is told as an offset in bytes from 0, or by line and
            column, and every fault of its values by path.
    """
    text = decode(_content(path), place=str(path))
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _unread(str(path), _syntax(str(error))) from error
    except RecursionError as error:
        raise _unread(str(path), say("it is nested too deeply")) from error
    return replace(check(content, folder=path.absolute().parent, place=str(path)), file=path.name)


def decode(content: bytes, *, place: str) -> str:
    """Return the text of a configuration; raises ConfigurationFault, with the offset, for bytes that nobody means to write."""
    fault = _strange(content)
    if fault is not None:
        raise _unread(place, fault)
    return content.decode("utf-8")


def _content(path: Path) -> bytes:
    shown = str(path)
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise _unread(shown, say("it is not a file"))
        if state.st_size > MOST_BYTES:
            raise _unread(shown, say("it is larger than {most} bytes", most=MOST_BYTES))
        return path.read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        raise _unread(shown, say("it cannot be read: {why}", why=why or "refused")) from error


def _strange(content: bytes) -> Sentence | None:
    if content.startswith(b"\xef\xbb\xbf"):
        return say("byte 0 begins a byte order mark; save it as UTF-8 without one")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return say("byte {offset} is not UTF-8", offset=error.start)
    if (control := _CONTROL.search(content)) is not None:
        return say("byte {offset} is a control character", offset=control.start())
    if (carriage := content.find(b"\r")) >= 0:
        return say("byte {offset} is a carriage return; end lines with a newline alone", offset=carriage)
    if (hidden := _HIDDEN.search(text)) is not None:
        return say("byte {offset} begins a character that cannot be seen", offset=len(text[: hidden.start()].encode()))
    if (tab := re.search(rb"^[ ]*\t", content, re.MULTILINE)) is not None:
        return say("byte {offset} is a tab; indent with spaces", offset=tab.end() - 1)
    return None


def _syntax(message: str) -> Sentence:
    """Return what is wrong and where; what the parser cites of the file is left out, for it may be a secret."""
    found = _LINE.search(message)
    line, column = (int(found[1]), int(found[2])) if found else (0, 0)
    if not found:
        return say("it ends too early")
    if "overwrite" in message or "twice" in message:
        return say("line {line}, column {column}: a key is given twice", line=line, column=column)
    return say("line {line}, column {column} is not TOML", line=line, column=column)


def _unread(place: str, why: Sentence) -> ConfigurationFault:
    return ConfigurationFault(say("cannot read {place}: {why}", place=place, why=why))
