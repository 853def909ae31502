"""The demonstration, as somebody sees it who has just installed the product."""

from __future__ import annotations

import json
import os
import re
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.real.demonstration.audience import LIMIT_SECONDS, TIDY_SECONDS, Audience

from amankan.proc.janitor import belonging

pytestmark = pytest.mark.real

ACTS = 8

OPEN = re.compile(r"the shop is open at http://127\.0\.0\.1:(\d+)/")


@pytest.fixture
def audience(tmp_path: Path) -> Iterator[Audience]:
    """Yield somebody who sees a demonstration, which has ended afterwards."""
    found = Audience(tmp_path, "--json")
    yield found
    if found.process.poll() is None:
        found.process.send_signal(signal.SIGTERM)
        found.process.wait(TIDY_SECONDS)


def test_everything_is_shown_and_nothing_is_lost(audience: Audience) -> None:
    """All acts come as expected, every confirmed purchase is there, and nothing is left behind."""
    audience.hears("the shop is open at")
    folder = audience.folder()
    status = audience.process.wait(LIMIT_SECONDS)
    heard = audience.said.read_text()
    document = json.loads(audience.answered.read_text())
    assert 0 == status, heard
    assert "NOT AS EXPECTED" not in heard
    assert f"{ACTS}/{ACTS}" in heard
    told = document["demo"]
    assert (True, 0, []) == (told["passed"], told["missing"], told["faults"])
    assert told["confirmed"] > 100
    assert told["rows"] >= told["confirmed"]
    audience.assert_tidied(folder)


@pytest.mark.parametrize("moment", ["the shop is open at", "rehearse …", "fence …"])
def test_an_interruption_tidies_up(audience: Audience, moment: str) -> None:
    """Whenever Ctrl-C comes, the operation goes back in order, and nothing of the demonstration is left."""
    audience.hears(moment)
    folder = audience.folder()
    audience.process.send_signal(signal.SIGINT)
    assert 130 == audience.process.wait(TIDY_SECONDS)
    assert "Traceback" not in audience.said.read_text()
    audience.assert_tidied(folder)


def test_a_killed_demonstration_leaves_nothing(audience: Audience) -> None:
    """Nothing is left either when the demonstration itself is killed at one stroke."""
    audience.hears("rehearse …")
    folder = audience.folder()
    assert belonging(folder)
    os.killpg(audience.process.pid, signal.SIGKILL)
    audience.process.wait()
    audience.assert_tidied(folder)


def test_the_shop_has_a_page(audience: Audience) -> None:
    """What the demonstration calls the shop's address answers with a page that names its release."""
    found = OPEN.search(audience.hears("somebody buys"))
    assert found is not None
    with urllib.request.urlopen(f"http://127.0.0.1:{found[1]}/", timeout=20) as answer:
        page = answer.read().decode()
    assert "<em>v1</em>" in page
    assert "Beras 5 kg" in page
