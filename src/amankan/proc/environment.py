"""What a child process is told of its surroundings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Final

from amankan.model.secret import Secret

# Only these come from our own surroundings: PGOPTIONS or DOCKER_HOST of a shell must not change what a child does.
ALLOWED: Final = ("PATH", "HOME", "TMPDIR", "USER", "LOGNAME", "XDG_RUNTIME_DIR")

# Messages of children are read by us, so their language and their clock are fixed.
FIXED: Final = {"LC_ALL": "C.UTF-8", "TZ": "UTC"}


def environment(added: Iterable[tuple[str, str | Secret]], *, ambient: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return a child's whole environment: what is allowed of ours, what is fixed, and what is added, which wins."""
    source = os.environ if ambient is None else ambient
    kept = {name: source[name] for name in ALLOWED if name in source}
    opened = {name: value.reveal() if isinstance(value, Secret) else value for name, value in added}
    return kept | FIXED | opened
