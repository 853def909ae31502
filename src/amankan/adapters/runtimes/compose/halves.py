"""What Compose leaves where it dies while it makes a container anew: the next `up` may fail on it, or leave it so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from amankan.adapters.runtimes.compose.project import Project
from amankan.adapters.runtimes.compose.seen import Placed

# Compose makes the new container beside the old one, under the old one's number and its name; then it removes the old one,
# and only then the new one gets the name.
HALF: Final = re.compile(r"[0-9a-f]{12}_(.+)")


def mended(placed: Iterable[Placed], project: Project, *, taken: Callable[[str], bool]) -> Iterator[tuple[str, ...]]:
    """
    Yield the words of `docker container` after which no container is half made anew.

    One beside its predecessor that never ran goes; one whose predecessor is gone gets its name, unless somebody else's
    container has it, which `taken` tells. Nothing else is touched, and no volume.
    """
    containers = tuple(placed)
    names = {each.name for each in containers}
    for each in containers:
        meant = _meant(each, project)
        if meant in names:
            if each.fresh:
                yield ("rm", each.id)
        elif meant and not taken(meant):
            yield ("rename", each.id, meant)
            names.add(meant)


def _meant(container: Placed, project: Project) -> str:
    """Return the name that a container would have in the end; empty for one that has it."""
    found = HALF.fullmatch(container.name)
    own = str(project.services.get(container.service, {}).get("container_name") or "")
    usual = rf"{re.escape(project.name)}[-_]{re.escape(container.service)}[-_]\d+"
    return found[1] if found and (found[1] == own or re.fullmatch(usual, found[1])) else ""
