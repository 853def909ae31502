"""The bytes of a configuration."""

from pathlib import Path

import pytest

from amankan.config.read import decode, example, find, read
from amankan.errors import ConfigurationFault

STRANGE: list[tuple[bytes, str]] = [
    (b"\xef\xbb\xbf[app]\n", "byte 0 begins a byte order mark"),
    (b"[app]\r\n", "byte 5 is a carriage return"),
    (b'[app]\nname = "a\0b"\n', "byte 15 is a control character"),
    (b"[app]\n\tname = 1\n", "byte 6 is a tab"),
    (b'[app]\nname = "\xff"\n', "byte 14 is not UTF-8"),
    ('[app]\nname = "a\u202eb"\n'.encode(), "byte 15 begins a character that cannot be seen"),
    ('[app]\nname = "é\u200bb"\n'.encode(), "byte 16 begins a character that cannot be seen"),
    (b"\x1b[2J", "byte 0 is a control character"),
]

BROKEN: list[tuple[str, str]] = [
    ("[app]\nname = 'a'\nname = 'hunter2'\n", "line 3"),
    ("[app]\n[app]\n", "line 2"),
    ("[app]\nname = hunter2\n", "line 2, column 8 is not TOML"),
    ("name: hunter2\n", "line 1, column 5 is not TOML"),
    ("a = " + "[" * 5000, "it is nested too deeply"),
]


@pytest.mark.parametrize(("content", "expected"), STRANGE)
def test_strange_bytes_are_refused_with_their_offset(content: bytes, expected: str) -> None:
    """What nobody means to write is refused at its place in bytes."""
    with pytest.raises(ConfigurationFault, match=expected):
        decode(content, place="amankan.toml")


@pytest.mark.parametrize(("text", "expected"), BROKEN)
def test_what_is_no_toml_is_refused_with_its_line(tmp_path: Path, text: str, expected: str) -> None:
    """A fault of the grammar is told by line, and nothing of the file is cited."""
    path = tmp_path / "amankan.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationFault) as refused:
        read(path)
    assert expected in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_the_example_can_be_read(tmp_path: Path) -> None:
    """The annotated example is a configuration; its folder is what its paths are relative to."""
    path = tmp_path / "amankan.toml"
    path.write_text(example())
    assert tmp_path == read(path).folder


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("nowhere"), lambda path: None])
def test_what_is_no_file_is_refused(tmp_path: Path, make: object) -> None:
    """A folder, a broken link and nothing at all are refused by name."""
    assert callable(make)
    make(tmp_path / "amankan.toml")
    with pytest.raises(ConfigurationFault, match="cannot read"):
        read(tmp_path / "amankan.toml")


def test_the_nearest_configuration_is_found(tmp_path: Path) -> None:
    """The file is looked for here and then upwards."""
    (tmp_path / "amankan.toml").write_text("")
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert tmp_path / "amankan.toml" == find(tmp_path / "a" / "b")
    (tmp_path / "a" / "amankan.toml").write_text("")
    assert tmp_path / "a" / "amankan.toml" == find(tmp_path / "a" / "b")


def test_nothing_found_says_what_to_do(tmp_path: Path) -> None:
    """Without a configuration the next command is the one that writes it."""
    with pytest.raises(ConfigurationFault, match=r"cannot find amankan\.toml") as refused:
        find(tmp_path)
    assert "aman init" == str(refused.value.next)
