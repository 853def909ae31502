"""Every command of the tutorial, on a shop that `aman demo --keep` left open."""

from __future__ import annotations

import gzip
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kit.aman import Aman, plain
from tests.real.demonstration.audience import TIDY_SECONDS, Audience
from tests.unit.test_documents import FENCE, ROOT

pytestmark = pytest.mark.real

TUTORIAL = ROOT / "docs" / "tutorial" / "README.md"
LINE = re.compile(r"^(aman .*?)(?:\s+# status (\d+))?$")
COMMAND_SECONDS = 600.0


def lines() -> list[tuple[list[str], int]]:
    """Return the words of every command that the tutorial shows, with the status that it says."""
    found = []
    for language, block in FENCE.findall(TUTORIAL.read_text(encoding="utf-8")):
        for line in block.splitlines() if language == "sh" else ():
            match = LINE.match(line)
            assert match is not None, line
            found.append((shlex.split(match[1]), int(match[2] or 0)))
    return found


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Aman]:
    """Yield `aman` in the folder of a shop that stays open; afterwards nothing of it is left."""
    audience = Audience(tmp_path, "--keep")
    audience.hears("in another terminal")
    folder = audience.folder()
    aman = plain(folder / "toko")
    yield aman
    audience.process.send_signal(signal.SIGINT)
    assert 0 == audience.process.wait(TIDY_SECONDS)
    audience.assert_tidied(folder)


def test_every_command_of_the_tutorial(shop: Aman) -> None:
    """Each command ends with the status that the tutorial says, one after the other."""
    for words, status in lines():
        with shop.start(*words[1:]) as process:
            try:
                said, told = process.communicate(timeout=COMMAND_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        assert (words, status) == (words, process.returncode), said + told
    assert (shop.folder / "current").readlink().name == "v2"
    assert "COPY public.invoices" in gzip.decompress((shop.folder / "shop.sql.gz").read_bytes()).decode()
