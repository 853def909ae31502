"""The command line as a process, without a database: words, streams and statuses."""

import json
import os
import pty
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.kit.aman import plain

from amankan.cli.main import COMMANDS
from amankan.config.read import example

CONFIGURATION = """
[app]
name = "shop"
environment = "staging"
[database]
url = { env = "DATABASE_URL" }
[vault]
location = "backups"
"""

USAGE: list[tuple[tuple[str, ...], str]] = [
    ((), "COMMAND is missing"),
    (("key",), "COMMAND is missing"),
    (("bogus",), "bogus"),
    (("status", "--jsn"), "there is no option --jsn; did you mean --json?"),
    (("status", "extra"), "extra"),
    (("status", "--lang", "xx"), "--lang does not fit"),
    (("status", "--config"), "--config"),
    (("status", "--quiet", "--quiet"), "--quiet is given twice"),
    (("backup", "--label", "a", "--label=b"), "--label is given twice"),
    (("backup", "--label", "a\nb"), "a label is one line of 100 characters at most"),
    (("backup", "--label", "x" * 101), "a label is one line of 100 characters at most"),
    (("export", "nowhere/x.dump"), "there is no folder"),
    (("status", "--config", "nowhere.toml"), "cannot read nowhere.toml"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a configuration."""
    (tmp_path / "amankan.toml").write_text(CONFIGURATION)
    return tmp_path


def test_version_is_that_of_the_distribution(tmp_path: Path) -> None:
    """`aman --version` names the version that is installed, on one line."""
    assert f"aman {version('amankan')}\n" == plain(tmp_path).run("--version", status=0).out


def test_the_example_is_printed(tmp_path: Path) -> None:
    """`aman config` prints the annotated example, byte for byte, without a configuration."""
    assert example() == plain(tmp_path).run("config", status=0).out
    assert example() == plain(tmp_path).run("config", "--json", status=0).document["config"]


@pytest.mark.parametrize(("words", "expected"), USAGE, ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_wrong_usage_is_told_in_three_lines(folder: Path, words: tuple[str, ...], expected: str) -> None:
    """A command line that cannot be understood ends with 2, says what is wrong, and names the next command."""
    said = plain(folder).run(*words, status=2)
    first, second, third = said.lines
    assert first.startswith("cannot ")
    assert expected in first
    assert "production: unchanged" == second
    assert third.startswith("next: aman")
    assert "" == said.out


def test_an_error_is_one_object(folder: Path) -> None:
    """With --json, wherever it stands, the error is the one object on standard output, with the same three lines."""
    for words in (("--json", "status", "--bogus"), ("status", "--bogus", "--json")):
        said = plain(folder).run(*words, status=2)
        error = said.document["error"]
        assert {"code", "status", "cannot", "production", "next"} == set(error)
        assert 2 == error["status"]
        assert said.lines[0] == error["cannot"]


def test_a_foreign_json_word_is_not_ours(folder: Path) -> None:
    """What stands behind `--` belongs to another program."""
    assert "" == plain(folder).run("status", "--bogus", "--", "--json", status=2).out


def test_options_count_before_and_behind_the_command(folder: Path) -> None:
    """The shared options may stand on both sides."""
    aman = plain(folder)
    assert aman.run("status", "--json", status=0).document == aman.run("--json", "status", status=0).document
    other = folder / "other.toml"
    other.write_text(CONFIGURATION.replace("shop", "mart"))
    for words in (("--config", str(other), "status", "--json"), ("status", "--json", "--config", str(other))):
        assert "mart" == aman.run(*words, status=0).document["app"]


def test_the_configuration_of_a_parent_is_found(folder: Path) -> None:
    """From a folder below, the nearest configuration above is used."""
    (folder / "a" / "b").mkdir(parents=True)
    aman = plain(folder / "a" / "b")
    assert "shop" == aman.run("status", "--json", status=0).document["app"]
    assert 2 == plain(folder.parent).run("status", "--config", "missing", "--json").document["error"]["status"]


def test_status_has_the_keys_of_the_contract(folder: Path) -> None:
    """What is not there is null, and nothing is left out."""
    document = plain(folder).run("status", "--json", status=0).document
    keys = ("app", "environment", "release", "guard", "last_backup", "last_update", "unfinished")
    assert [] == [key for key in keys if key not in document]
    assert (None, None, None) == tuple(document[key] for key in ("last_backup", "last_update", "unfinished"))


def test_every_command_explains_itself(tmp_path: Path) -> None:
    """Each command has help, in both languages, and shares the options of all."""
    said = {}
    for language in ("en", "id"):
        for row in COMMANDS:
            text = plain(tmp_path).run(*row.words, "--lang", language, "--help", status=0).out
            assert "--json" in text
            said[language, row.words] = text
    assert [] == [row.words for row in COMMANDS if said["en", row.words] == said["id", row.words]]


@pytest.mark.parametrize("surroundings", [{"LANG": "id_ID.UTF-8"}, {"LC_ALL": "id_ID", "LANG": "en_US.UTF-8"}])
def test_the_language_is_that_of_the_surroundings(folder: Path, surroundings: dict[str, str]) -> None:
    """LC_ALL counts before LANG, and --lang before both."""
    aman = plain(folder)
    aman.environment |= surroundings
    assert "aplikasi: shop" in aman.run("status", status=0).out
    assert "app: shop" in aman.run("status", "--lang", "en", status=0).out


@pytest.mark.parametrize(
    "surroundings",
    [
        {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
        {"TERM": "dumb", "COLUMNS": "20"},
        {"PYTHONOPTIMIZE": "2"},
        {"PYTHONWARNINGS": "error"},
        {"HOME": ""},
    ],
    ids=str,
)
def test_surroundings_change_nothing(folder: Path, surroundings: dict[str, str]) -> None:
    """Whatever the locale, the terminal's width and Python's variables are, the answer is the same."""
    aman = plain(folder)
    expected = aman.run("status", "--json", status=0).document
    aman.environment |= surroundings
    assert expected == aman.run("status", "--json", status=0).document
    assert 0 == aman.run("status", "--lang", "id").status


def test_keys_are_for_their_owner_alone(folder: Path) -> None:
    """A key file has mode 0600 whatever the umask is, is never written over, and its secret is never shown."""
    before = os.umask(0)
    try:
        said = plain(folder).run("key", "new", "--json", status=0)
    finally:
        os.umask(before)
    for path in (folder / "recovery.key", folder / ".amankan" / "signing.key"):
        assert 0o600 == path.stat().st_mode & 0o777
        secret = path.read_text().splitlines()[-1]
        assert secret not in said.out + said.err
    assert 0o700 == (folder / ".amankan").stat().st_mode & 0o777
    kept = (folder / "recovery.key").read_text()
    assert 12 == plain(folder).run("key", "new").status
    assert kept == (folder / "recovery.key").read_text()
    shown = plain(folder).run("key", "show", "--json", status=0).document["key"]
    assert [said.document["key"]["recipient"]] == shown["at_hand"]


def test_a_key_that_others_can_read_is_refused(folder: Path) -> None:
    """A recovery key with mode 0644 is not used."""
    aman = plain(folder)
    aman.run("key", "new", status=0)
    (folder / "recovery.key").chmod(0o644)
    assert "next: chmod 600" in aman.run("key", "show", status=12).lines[2]


def test_consent_is_never_waited_for(folder: Path) -> None:
    """Without a terminal an operation that needs consent ends with 3 at once, also where a pipe says yes."""
    aman = plain(folder)
    for given in (None, "", "shop\nyes\n"):
        said = aman.run("restore", "--json", given=given, status=3)
        assert "consent-missing" == said.document["error"]["code"]


def test_a_table_fits_a_narrow_terminal(folder: Path) -> None:
    """On a terminal of 20 columns nothing is cut off."""
    aman = plain(folder)
    aman.environment |= {"COLUMNS": "20", "TERM": "xterm"}
    reading, writing = pty.openpty()
    running = aman.start_on(writing, "status")
    os.close(writing)
    text = read_all(reading)
    assert 0 == running.wait(timeout=30)
    assert "shop (staging)" in text


def read_all(reading: int) -> str:
    """Return what was written to a terminal until its last user went away."""
    pieces = []
    try:
        while piece := os.read(reading, 4096):
            pieces.append(piece)
    except OSError:  # a terminal ends with an error
        pass
    finally:
        os.close(reading)
    return b"".join(pieces).decode()


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colour_is_for_terminals(folder: Path, variables: dict[str, str], coloured: bool) -> None:
    """An error is coloured on a terminal, unless NO_COLOR is set or the terminal is dumb; never in a pipe."""
    aman = plain(folder)
    aman.environment |= {"TERM": "xterm-256color"} | variables
    reading, writing = pty.openpty()
    running = aman.start_on(writing, "bogus")
    os.close(writing)
    assert coloured == ("\x1b[" in read_all(reading))
    assert 2 == running.wait(timeout=30)
    aman.environment["FORCE_COLOR"] = "1"
    assert "\x1b[" not in aman.run("bogus").err


def test_a_shell_can_complete(folder: Path) -> None:
    """The script of each shell is printed, whoever asks for it, and what it asks is answered."""
    aman = plain(folder)
    own = {"bash": "complete -o default", "zsh": "#compdef aman", "fish": "complete --command aman"}
    for shell, word in own.items():
        said = aman.run("--show-completion", shell, status=0)
        assert all(part in said.out for part in ("_AMAN_COMPLETE", word))
        assert not any(other in said.out for name, other in own.items() if name != shell)
    assert "cannot complete words for the shell tcsh" in aman.run("--show-completion", "tcsh", status=2).lines[0]
    aman.environment["HOME"] = str(folder)
    path = aman.run("--install-completion", "fish", status=0).out.strip()
    assert path.startswith(str(folder))
    assert own["fish"] in Path(path).read_text()
    aman.environment |= {"_AMAN_COMPLETE": "complete_bash", "COMP_WORDS": "aman rest", "COMP_CWORD": "1"}
    assert ["restore"] == aman.run(status=0).out.split()


def test_a_reader_that_goes_away_is_no_fault(folder: Path) -> None:
    """`aman config | head -1` ends without a word."""
    running = plain(folder).start("config")
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    assert "" == running.stderr.read()
    running.stderr.close()
    assert running.wait(timeout=30) in (0, 141)


def test_an_unthought_of_fault_has_a_log(folder: Path) -> None:
    """A fault of ours ends with 1 and three lines; the traceback is in a file that is named, not on the screen."""
    (folder / ".amankan").mkdir()
    (folder / ".amankan" / "journal").write_text("no folder")
    said = plain(folder).run("history", "--json")
    assert said.status in (1, 6)
    assert 3 == len(said.lines)
    assert json.loads(said.out)["error"]["status"] == said.status
