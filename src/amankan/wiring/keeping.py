"""Where journal and backups of an app lie on this machine, and whether they stay there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from amankan.adapters.hosts.mounts import keeping_of
from amankan.config.settings import Settings
from amankan.model.keeping import Keep
from amankan.wiring.apps import STATE

# Stands beside the configuration of an app that is thrown away with all that is its own, as a demonstration is.
THROWAWAY: Final = ".amankan-throwaway"


def keeps_of(settings: Settings, *, remote: bool) -> tuple[Keep, ...]:
    """Return how the folders of journal and vault are kept, a `remote` vault aside; none where the app is thrown away."""
    if (settings.folder / THROWAWAY).exists():
        return ()
    folders = (settings.folder / STATE, *(() if remote else (vault_folder(settings),)))
    return tuple(Keep(folder=str(folder), keeping=keeping_of(folder)) for folder in folders)


def vault_folder(settings: Settings) -> Path:
    """Return where a vault lies that is a folder of this machine."""
    return settings.folder / settings.vault.location.removeprefix("file://")
