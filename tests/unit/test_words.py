"""What must not be written in any file of the repository."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Written in pieces, so that this file keeps the rule too.  Where packages come from is the machine's business.
HOSTS = (
    *("pypi." + "org", "python" + "hosted.org", "npm" + "js.", "yarn" + "pkg.com", "crates" + ".io"),
    *("proxy.golang" + ".org", "deb.debian" + ".org", "archive.ubuntu" + ".com", "apt.postgresql" + ".org"),
    *("registry-1." + "docker", "index." + "docker", "ghcr" + ".io", "quay" + ".io", "gcr" + ".io"),
)
PLACES = ("/wo" + "rk/", "/ro" + "ot/", "/opt/" + "wheels", "/opt/" + "pypi", r"/ho" + r"me/\w")
REMINDERS = ("TO" + "DO", "FIX" + "ME", "XX" + "X\\b")
FORBIDDEN = re.compile("|".join([*map(re.escape, HOSTS), *PLACES, *REMINDERS]))


def files() -> list[Path]:
    """Return the files that are, or would be, in the repository; in an unpacked archive, all of them."""
    if not (ROOT / ".git").exists():
        return [path for path in ROOT.rglob("*") if path.is_file() and path.relative_to(ROOT).parts[0][0] != "."]
    git = shutil.which("git")
    assert git is not None, "git is needed to list the files of a clone"
    words = [git, "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def faults(name: str, text: str) -> list[str]:
    """Return each line that holds a forbidden word, with its place."""
    lines = enumerate(text.splitlines(), start=1)
    return [f"{name}:{number}: {line.strip()[:100]}" for number, line in lines if FORBIDDEN.search(line)]


def test_no_file_names_a_machine_or_a_registry() -> None:
    """No tracked file holds a path of one machine, the host of a package registry, or a reminder without an issue."""
    found = []
    for path in files():
        name = path.relative_to(ROOT).as_posix()
        found += faults("(name)", name) + faults(name, path.read_bytes().decode(errors="ignore"))
    assert [] == found


@pytest.mark.parametrize("word", [*HOSTS, "/wo" + "rk/main", "/ho" + "me/eva", "TO" + "DO: later"])
def test_a_forbidden_word_is_found(word: str) -> None:
    """Each forbidden word is found inside a line."""
    assert 1 == len(faults("a", f"see https://x.{word}/y"))
