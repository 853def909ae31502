"""The scripts that a release's files give names to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_TARGET = re.compile(r"^([A-Za-z0-9_.%/ -]+?)\s*:(?![=:])(?P<needs>[^#]*)")
_MAKEFILES: Final = frozenset({"Makefile", "makefile", "GNUmakefile"})
_SHELLS: Final = (".sh", ".bash", ".ash")


def scripts_in(files: Mapping[str, str]) -> dict[str, str]:
    """
    Return texts by the names under which `danger` looks for them.

    Args:
        files: texts by path, as seen from the app's folder: package.json, composer.json, deno.json, Makefile, justfile,
            shell scripts. What cannot be read names nothing: the rehearsal still sees what it does.
    """
    found: dict[str, str] = {}
    for path, text in files.items():
        name = path.rpartition("/")[2]
        if name in {"package.json", "composer.json"}:
            found |= _of_json(text, "scripts", program="composer" if name == "composer.json" else "")
        elif name in {"deno.json", "deno.jsonc"}:
            found |= _of_json(text, "tasks", program="deno")
        elif name in _MAKEFILES:
            found |= {f"make {target}": recipe for target, recipe in _targets(text, program="make")}
        elif name in {"justfile", "Justfile"}:
            found |= {f"just {target}": recipe for target, recipe in _targets(text, program="just")}
        elif name.endswith(_SHELLS) or text.startswith("#!"):
            found[path.removeprefix("./")] = text
    return found


def _of_json(text: str, key: str, *, program: str) -> dict[str, str]:
    try:
        read: Any = json.loads(text)
    except ValueError:
        return {}
    scripts = read.get(key) if isinstance(read, dict) else None
    found: dict[str, str] = {}
    for name, value in (scripts if isinstance(scripts, dict) else {}).items():
        lines = value if isinstance(value, list) else [value]
        # Composer writes @php and @script for its own PHP and for other scripts.
        words = [re.sub(r"^@(?=php\b)", "", line) for line in lines if isinstance(line, str)]
        shown = [f"composer {line[1:]}" if line.startswith("@") else line for line in words]
        found[f"{program} {name}".strip()] = "\n".join(shown)
    return found


def _targets(text: str, *, program: str) -> Iterator[tuple[str, str]]:
    """Yield each target with its recipe, and the targets that it needs as commands before it."""
    recipes: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.replace("\\\n", " ").splitlines():
        if line[:1] in {"\t", " "} and current:
            for target in current:
                recipes[target].append(re.sub(r"^[@+-]+", "", line.strip()).replace("$(MAKE)", "make").replace("$$", "$"))
        elif match := _TARGET.match(line):
            current = match[1].split()
            for target in current:
                recipes.setdefault(target, []).extend(f"{program} {need}" for need in match["needs"].split())
        elif line.strip():
            current = []
    yield from ((target, "\n".join(recipe)) for target, recipe in recipes.items())
