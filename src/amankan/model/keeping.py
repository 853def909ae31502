"""How long what lies in a folder stays there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Keeping(Enum):
    """On a disk; in memory, until the machine starts anew; in the layer of a container, until that is removed."""

    ON_DISK = "disk"
    IN_MEMORY = "memory"
    IN_LAYER = "layer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """A folder that must outlive the power, by its path, and how it is kept."""

    folder: str
    keeping: Keeping

    @property
    def stays(self) -> bool:
        """Tell whether what lies there is still there tomorrow."""
        return self.keeping is Keeping.ON_DISK
