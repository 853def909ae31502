"""The five steps of the README, on an app that nobody prepared, without an edit between them."""

from __future__ import annotations

import re
import shlex

import pytest
from tests.real.compose.place import Shop
from tests.real.compose.test_start import aman_in
from tests.unit.test_documents import PAIR, blocks

pytestmark = pytest.mark.real

HEADING = re.compile(r"^## .*five steps$", re.MULTILINE)
# An update watches for half a minute after the opening, where the configuration says nothing else.
LIMIT_SECONDS = 600.0

SHOWN_TAG, TAG = "1.5.0", "v2"


def steps() -> list[list[str]]:
    """Return the words of each step, as the README shows them."""
    text = PAIR[0].read_text(encoding="utf-8")
    found = HEADING.search(text)
    assert found is not None, "the README has its five steps"
    return [shlex.split(line.replace(SHOWN_TAG, TAG)) for line in blocks(text[found.end() :])[0].splitlines()]


def test_the_five_steps_update_an_app(ocn: Shop) -> None:
    """From nothing to a protected update by what the README says; only the consent is given beforehand here."""
    aman = aman_in(ocn.project)
    commands = steps()
    assert ["init", "key", "doctor", "backup", "update"] == [words[1] for words in commands]
    for words in commands:
        assert "aman" == words[0]
        consent = ["--yes"] if words[1] == "update" else []
        with aman.start(*words[1:], *consent) as process:
            said, told = process.communicate(timeout=LIMIT_SECONDS)
        assert 0 == process.returncode, said + told
    status, answer = ocn.project.ask("GET", "/version")
    assert (200, TAG) == (status, answer["version"] if isinstance(answer, dict) else answer.strip())
