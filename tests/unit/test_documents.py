"""What the documentation says is what there is."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from amankan.cli.main import command

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PAIR = (ROOT / "README.md", ROOT / "README.id.md")

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
INLINE = re.compile(r"`(aman [^`…]+)`")
SHELLS = {"sh", "bash", "console"}


def blocks(text: str) -> list[str]:
    """Return the commands of each block of a page, without what is said of them."""
    found = []
    for language, block in FENCE.findall(text):
        if language in SHELLS:
            found.append("\n".join(line.partition("  #")[0].rstrip() for line in block.splitlines()))
    return found


def headings(text: str) -> list[str]:
    """Return the levels of a page's headings, in their order."""
    return re.findall(r"^(#+) ", FENCE.sub("", text), re.MULTILINE)


def commands_of(text: str) -> list[str]:
    """Return every command line of ours that a page shows."""
    lines = [line.strip().removeprefix("$ ") for block in blocks(text) for line in block.splitlines()]
    return [line for line in lines if line.startswith("aman ")] + INLINE.findall(FENCE.sub("", text))


def understood(line: str) -> str:
    """Return what our command line does not know of a command, or nothing."""
    inner: Any = command()
    words = shlex.split(re.split(r"\s(?:&&|\|\||[|;>])\s", line)[0])[1:]
    while words and getattr(inner, "commands", None):
        if words[0].startswith("-") or words[0].isupper():  # a placeholder
            return ""
        if words[0] not in inner.commands:
            return words[0]
        inner, words = inner.commands[words[0]], words[1:]
    known = {option for parameter in inner.params for option in parameter.opts} | {"--help", "-h"}
    ours = words[: words.index("--")] if "--" in words else words
    return next((word for word in ours if word.startswith("--") and word.partition("=")[0] not in known), "")


def test_the_readmes_are_equal() -> None:
    """Both languages have the same headings in the same order, commands, pictures and links."""
    english, indonesian = (path.read_text(encoding="utf-8") for path in PAIR)
    assert headings(english) == headings(indonesian)
    assert blocks(english) == blocks(indonesian)
    assert sorted(INLINE.findall(english)) == sorted(INLINE.findall(indonesian))
    others = {path.name for path in PAIR}
    assert [link for link in LINK.findall(english) if link not in others] == [
        link for link in LINK.findall(indonesian) if link not in others
    ]
    assert [line.count("|") for line in english.splitlines() if line.startswith("|")] == [
        line.count("|") for line in indonesian.splitlines() if line.startswith("|")
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """Every link of a page to a file of the repository finds it."""
    links = [link.partition("#")[0] for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8")))]
    assert [] == [link for link in links if link and "://" not in link and not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_exist(page: Path) -> None:
    """Every command and every option that a page shows is one that there is."""
    unknown = {line: understood(line) for line in commands_of(page.read_text(encoding="utf-8"))}
    assert {} == {line: word for line, word in unknown.items() if word}


@pytest.mark.parametrize("line", ["aman bogus", "aman update --bogus", "aman key bogus"])
def test_an_unknown_command_is_found(line: str) -> None:
    """What our command line does not know is found."""
    assert "bogus" in understood(line)


def test_the_reference_is_what_the_code_says() -> None:
    """The pages that are written from the code are as the code would write them now."""
    words = [sys.executable, str(ROOT / "tools" / "reference"), "--check"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("picture", sorted((ROOT / "docs" / "pictures").glob("*.svg")), ids=lambda path: path.name)
def test_a_picture_needs_nothing_else(picture: Path) -> None:
    """A picture fetches nothing from the network, and runs no program."""
    text = picture.read_text(encoding="utf-8")
    assert text.startswith("<svg")
    assert [] == re.findall(r"(?:url\(|href=|src=)[\"']?https?:", text)
    assert "<script" not in text
