"""The style of the house, read from the syntax tree of every source file."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "amankan"

MOST_LINES_OF_FILE = 400
MOST_LINES_OF_FUNCTION = 60
MOST_POSITIONAL = 2
MOST_NESTING = 3
MOST_PARAMETERS = {"": 5, "cli/": 9}  # the options of a command are its parameters

VAGUE_WORDS = {"util", "utils", "helper", "helpers", "manager", "service", "base", "data", "info"}
VAGUE_FILES_ALLOWED = {"adapters/probes/data.py"}  # the probe that compares rows; the trade calls it so

# What has an effect or depends on the moment, and the rooms that may have it.  Everybody else asks through a port.
PROCESSES = ("proc/",)
NETWORK = ("adapters/", "proc/", "web/")
DISK = (
    *("adapters/", "journal/", "proc/", "testing/"),
    "vault/keys.py",  # a key file is made and read where keys are understood
    "demo/",  # a demonstration makes the folder that it plays in
)
CLOCK = ("adapters/clocks/", "proc/", "web/", "demo/toko/")  # the shop of the demonstration is an app as its users have it
NOBODY: tuple[str, ...] = ()
ROOMS_OF_IMPORT = {
    "multiprocessing": ("testing/chaos/",),  # a campaign takes every core; the product has one thread
    "pty": PROCESSES,
    "random": ("testing/",),  # seeded there, so that a campaign can be replayed
    "socket": NETWORK,
    "subprocess": PROCESSES,
    "unittest.mock": NOBODY,
}
ROOMS_OF_CALL = {
    "asyncio.create_subprocess_exec": PROCESSES,
    "asyncio.create_subprocess_shell": NOBODY,
    "datetime.date.today": CLOCK,
    "datetime.datetime.now": CLOCK,
    "datetime.datetime.utcnow": NOBODY,
    "os.fork": PROCESSES,
    "os.open": DISK,
    "os.popen": NOBODY,
    "os.rename": DISK,
    "os.replace": DISK,
    "os.system": NOBODY,
    "shutil.move": DISK,
    "time.sleep": CLOCK,
    "time.time": CLOCK,
    "time.time_ns": CLOCK,
}
PURE_ROOMS = ("model/", "operations/plans", "journal/replay", "vault/retain")
NEVER_IN_PURE_ROOMS = {
    *("asyncio", "http", "io", "logging", "multiprocessing", "os", "psycopg", "random", "secrets", "select", "shutil"),
    *("signal", "socket", "sqlite3", "structlog", "subprocess", "tempfile", "threading", "time", "urllib", "uuid"),
}

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file: its place below the package (or below the root, for tests), its text and its tree."""

    place: str
    text: str
    tree: ast.Module


def parse(place: str, text: str) -> Source:
    """Return the text with its tree."""
    return Source(place=place, text=text, tree=ast.parse(text))


@cache
def read(folder: Path, start: Path) -> list[Source]:
    """Return every Python file below a folder, each placed as seen from the start."""
    return [parse(path.relative_to(start).as_posix(), path.read_text()) for path in sorted(folder.rglob("*.py"))]


def functions(source: Source) -> Iterator[tuple[Function, ast.AST]]:
    """Yield every function with what it stands in."""
    for parent in ast.walk(source.tree):
        for child in ast.iter_child_nodes(parent):
            if isinstance(child, FUNCTION):
                yield child, parent


def imports(source: Source) -> dict[str, str]:
    """Return, for every imported local name, the full name that it stands for."""
    names = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            names.update({alias.asname or alias.name: alias.name for alias in node.names})
        elif isinstance(node, ast.ImportFrom):
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def full_name(node: ast.expr, names: dict[str, str]) -> str:
    """Return the dotted name of an expression with its first part resolved, or nothing if it is no plain name."""
    dotted = ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""
    first, _, rest = dotted.partition(".")
    return f"{names.get(first, first)}.{rest}".rstrip(".")


def without_docstring(function: Function) -> int:
    """Return the lines of a function, its documentation not counted."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is None:
        return lines
    return lines - ((first.end_lineno or first.lineno) - first.lineno + 1)


def long_files(source: Source) -> Iterator[str]:
    """A file stays short enough to be read in one go."""
    count = len(source.text.splitlines())
    if count > MOST_LINES_OF_FILE:
        yield f"{source.place}: {count} lines"


def long_functions(source: Source) -> Iterator[str]:
    """A function stays short enough to be seen at once."""
    for function, _ in functions(source):
        if without_docstring(function) > MOST_LINES_OF_FUNCTION:
            yield f"{source.place}:{function.lineno} {function.name}: {without_docstring(function)} lines"


def many_parameters(source: Source) -> Iterator[str]:
    """Parameters are few, and named by the caller after the second."""
    most = max((room for room in MOST_PARAMETERS if source.place.startswith(room)), key=len)
    for function, parent in functions(source):
        given = [*function.args.posonlyargs, *function.args.args]
        static = any("staticmethod" == ast.unparse(each) for each in function.decorator_list)
        method = isinstance(parent, ast.ClassDef) or [each.arg for each in given[:1]] == [
            "self"
        ]  # a mutant's, put into a class
        if method and not static:
            given = given[1:]
        foreign = function.name.startswith("__") and "__init__" != function.name  # the language sets these
        count = len(given) + len(function.args.kwonlyargs)
        if count > MOST_PARAMETERS[most] or (len(given) > MOST_POSITIONAL and not foreign):
            yield f"{source.place}:{function.lineno} {function.name}: {count} parameters, {len(given)} by position"


def deep_nesting(source: Source) -> Iterator[str]:
    """Blocks nest three levels at most."""
    blocks = (ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith, ast.Try, ast.Match)

    def depth(node: ast.AST) -> int:
        below = 0
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (*FUNCTION, ast.ClassDef)):
                continue
            elif_branch = isinstance(node, ast.If) and [child] == node.orelse and isinstance(child, ast.If)
            own = isinstance(child, blocks) and not elif_branch
            below = max(below, depth(child) + own)
        return below

    for function, _ in functions(source):
        if depth(function) > MOST_NESTING:
            yield f"{source.place}:{function.lineno} {function.name}: {depth(function)} levels"


def words(name: str) -> list[str]:
    """Return the words of a CamelCase name, in lower case."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name.strip("_")).split()


def vague_names(source: Source) -> Iterator[str]:
    """A name says what the thing is."""
    path = Path(source.place)
    if source.place not in VAGUE_FILES_ALLOWED and VAGUE_WORDS & {path.stem, *path.parent.parts}:
        yield f"{source.place}: a vague name"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and (words(node.name)[-1] in VAGUE_WORDS or words(node.name)[0] == "base"):
            yield f"{source.place}:{node.lineno} {node.name}: a vague name"


def missing_docstrings(source: Source) -> Iterator[str]:
    """Every public class and function says in one sentence what is true afterwards."""

    def look(parent: ast.Module | ast.ClassDef) -> Iterator[str]:
        for node in parent.body:
            if not isinstance(node, (*FUNCTION, ast.ClassDef)) or node.name.startswith("_"):
                continue
            if ast.get_docstring(node) is None:
                yield f"{source.place}:{node.lineno} {node.name}: no docstring"
            if isinstance(node, ast.ClassDef):
                yield from look(node)

    yield from look(source.tree)


def loose_dataclasses(source: Source) -> Iterator[str]:
    """Nouns are frozen, slotted and named by keyword; only a fake may change."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ClassDef) or source.place.startswith("testing/"):
            continue
        for decorator in map(ast.unparse, node.decorator_list):
            kept = all(f"{word}=True" in decorator for word in ("frozen", "slots", "kw_only"))
            if decorator.startswith(("dataclass", "dataclasses.dataclass")) and not kept:
                yield f"{source.place}:{node.lineno} {node.name}: not frozen, slotted and keyword-only"


def foreign_imports(source: Source) -> Iterator[str]:
    """Modules with effects are imported only in their rooms, and none of them in a pure room."""
    pure = source.place.startswith(PURE_ROOMS)
    for name in imports(source).values():
        for module, rooms in ROOMS_OF_IMPORT.items():
            if f"{name}.".startswith(f"{module}.") and not source.place.startswith(rooms):
                yield f"{source.place}: imports {name}"
        if pure and name.partition(".")[0] in NEVER_IN_PURE_ROOMS:
            yield f"{source.place}: imports {name} into a pure room"


def writes(call: ast.Call, *, plain: bool) -> bool:
    """Tell whether a call opens a file for writing, writes it or renames it; plain: a function, not a method."""
    if plain or not isinstance(call.func, ast.Attribute):
        return full_name(call.func, {}).endswith("open") and opens_to_write(call, call.args[1:2])
    method = call.func.attr
    # str.replace takes two words, datetime.replace takes keywords; Path.replace and Path.rename take one word and no keyword,
    # while the verbs of our ports take a claim by keyword or more than one word.
    moved = method in {"replace", "rename"} and len(call.args) == 1 and not call.keywords
    written = method in {"write_text", "write_bytes"}
    return moved or written or (method == "open" and opens_to_write(call, call.args[:1]))


def opens_to_write(call: ast.Call, mode: list[ast.expr]) -> bool:
    """Tell whether the mode of a call that opens, given by position or by name, lets it write."""
    modes = [*mode, *(word.value for word in call.keywords if word.arg == "mode")]
    return any(isinstance(each, ast.Constant) and set(str(each.value)) & set("wax+") for each in modes)


def foreign_calls(source: Source) -> Iterator[str]:
    """Clock, disk and processes are touched only in their rooms; nobody asks for a shell."""
    names = imports(source)
    modules = {"open", *(full.partition(".")[0] for full in names.values())}
    for call in (node for node in ast.walk(source.tree) if isinstance(node, ast.Call)):
        where = f"{source.place}:{call.lineno} {ast.unparse(call)[:60]}"
        name = full_name(call.func, names)
        rooms = ROOMS_OF_CALL.get(name)
        plain = "(" not in name and name.partition(".")[0] in modules
        if rooms is None and writes(call, plain=plain):
            rooms = DISK
        if rooms is not None and not source.place.startswith(rooms):
            yield f"{where}: not in this room"
        if any("shell" == word.arg and "False" != ast.unparse(word.value) for word in call.keywords):
            yield f"{where}: a shell"
        if source.place.startswith(PURE_ROOMS) and name == "open":
            yield f"{where}: a file in a pure room"


def silent_tests(source: Source) -> Iterator[str]:
    """Every test has a first line that says what must be true."""
    for function, _ in functions(source):
        if function.name.startswith("test") and ast.get_docstring(function) is None:
            yield f"{source.place}:{function.lineno} {function.name}: does not say what must be true"


def mocks(source: Source) -> Iterator[str]:
    """Tests use real parts and fakes that pass the contract suites."""
    for name in imports(source).values():
        if name.startswith(("unittest.mock", "mock.", "pytest_mock")):
            yield f"{source.place}: imports {name}"


Rule = Callable[[Source], Iterator[str]]
SIZES: list[Rule] = [long_files, long_functions, deep_nesting]
OF_SOURCES: list[Rule] = [
    *SIZES,
    *(many_parameters, vague_names, missing_docstrings, loose_dataclasses, foreign_imports, foreign_calls),
]
OF_TESTS: list[Rule] = [*SIZES, silent_tests, mocks]

SPOILED: list[tuple[Rule, str, str]] = [
    (long_files, "model/app.py", "x = 1\n" * 401),
    (long_functions, "model/app.py", "def f():\n" + "    x = 1\n" * 60),
    (deep_nesting, "a.py", "def f():\n if 1:\n  for x in y:\n   with z:\n    while 1: pass"),
    (many_parameters, "a.py", "def f(a, b, *, c, d, e, g): pass"),
    (many_parameters, "a.py", "class A:\n def f(self, a, b, c): pass"),
    (vague_names, "vault/utils.py", ""),
    (vague_names, "base/app.py", ""),
    (vague_names, "a.py", "class StoreManager: pass"),
    (vague_names, "a.py", "class BaseStore: pass"),
    (missing_docstrings, "a.py", "class A:\n 'A thing.'\n def f(self): pass"),
    (missing_docstrings, "a.py", "def f(): pass"),
    (loose_dataclasses, "a.py", "@dataclass(frozen=True)\nclass A: pass"),
    (foreign_imports, "operations/walk.py", "import subprocess"),
    (foreign_imports, "operations/walk.py", "from unittest.mock import patch"),
    (foreign_imports, "model/app.py", "from os import path"),
    (foreign_imports, "operations/plans/update.py", "import time"),
    (foreign_imports, "journal/replay.py", "import io"),
    (foreign_imports, "vault/retain.py", "import random"),
    (foreign_calls, "operations/walk.py", "open('x', 'w')"),
    (foreign_calls, "operations/walk.py", "path.open(mode='ab')"),
    (foreign_calls, "operations/walk.py", "path.open('r+')"),
    (foreign_calls, "operations/walk.py", "import pathlib\npathlib.Path(x).write_text('x')"),
    (foreign_calls, "operations/walk.py", "import gzip\ngzip.open(path, 'wb')"),
    (foreign_calls, "operations/walk.py", "path.write_text('x')"),
    (foreign_calls, "operations/walk.py", "path.replace(other)"),
    (foreign_calls, "operations/walk.py", "path.rename(other)"),
    (foreign_calls, "operations/walk.py", "import os\nos.rename(a, b)"),
    (foreign_calls, "operations/walk.py", "from os import replace\nreplace(a, b)"),
    (foreign_calls, "operations/walk.py", "from datetime import datetime, UTC\ndatetime.now(UTC)"),
    (foreign_calls, "operations/walk.py", "import time as t\nt.time()"),
    (foreign_calls, "proc/run.py", "run(x, shell=True)"),
    (foreign_calls, "vault/retain.py", "open('x')"),
    (silent_tests, "tests/unit/test_a.py", "def test_a(): pass"),
    (mocks, "tests/unit/test_a.py", "from unittest import mock"),
]


@pytest.mark.parametrize("rule", OF_SOURCES, ids=lambda rule: rule.__name__)
def test_sources_keep_the_rule(rule: Rule) -> None:
    """No file of the package breaks the rule."""
    assert [] == [fault for source in read(PACKAGE, PACKAGE) for fault in rule(source)]


@pytest.mark.parametrize("rule", OF_TESTS, ids=lambda rule: rule.__name__)
def test_tests_keep_the_rule(rule: Rule) -> None:
    """No file of the tests breaks the rule."""
    assert [] == [fault for source in read(ROOT / "tests", ROOT) for fault in rule(source)]


def test_half_of_the_files_are_short() -> None:
    """Half of the files have fewer than 150 lines, and nine in ten functions fewer than 35."""
    sources = read(PACKAGE, PACKAGE)
    files = sorted(len(source.text.splitlines()) for source in sources)
    sizes = sorted(without_docstring(function) for source in sources for function, _ in functions(source))
    assert files[len(files) // 2] < 150
    assert sizes[len(sizes) * 9 // 10] < 35


@pytest.mark.parametrize(("rule", "place", "text"), SPOILED, ids=lambda value: getattr(value, "__name__", None))
def test_a_spoiled_file_is_found(rule: Rule, place: str, text: str) -> None:
    """Each rule finds the fault it is there for."""
    assert [] != list(rule(parse(place, text)))


def test_plain_words_are_not_mistaken() -> None:
    """Reading a file, replacing in a text, renaming a database and a class named Database are no faults."""
    text = (
        "class Database:\n 'A thing.'\nopen('a')\npath.open('rb')\n"
        "'a'.replace('b', 'c')\nreplace(a, b=1)\nengine.rename(names, claim=claim)\n"
    )
    source = parse("operations/walk.py", text)
    assert [] == [fault for rule in OF_SOURCES for fault in rule(source)]
