"""The releases of the shop: each is laid over those that it is made from."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

# The good releases build on each other; those that fail were made from v2 and left no trace in v5.
LAYERS: Final = {
    "v1": ("v1",),
    "v2": ("v1", "v2"),
    "v3": ("v1", "v2", "v3"),
    "v4": ("v1", "v2", "v4"),
    "v5": ("v1", "v2", "v5"),
}
PASSED_OVER: Final = ("__pycache__",)


def put_releases(folder: Path) -> None:
    """The folder, which is new, holds every release, each in a folder of its name."""
    source = files("amankan.demo").joinpath("toko")
    for name, layers in LAYERS.items():
        for layer in layers:
            _lay(source.joinpath(layer), folder / name)


def _lay(source: Traversable, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir():
        if entry.name in PASSED_OVER:
            continue
        if entry.is_dir():
            _lay(entry, folder / entry.name)
        else:
            (folder / entry.name).write_bytes(entry.read_bytes())
