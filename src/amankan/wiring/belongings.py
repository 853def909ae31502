"""The files that an app is started from: which they are, where they lie, and how they come back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from amankan.adapters.disks.unpacked import lay_out
from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.hosts.folder import texts_of, variables_of
from amankan.adapters.hosts.gather import gather
from amankan.adapters.runtimes.compose.belongings import Belongings, belongings, kept_beside
from amankan.adapters.stores.table import Place, open_place
from amankan.config.settings import FileReference, Settings
from amankan.errors import ConfigurationFault, SnapshotMissing
from amankan.model.project import RENDERED, Named, ProjectFiles
from amankan.model.sentence import say
from amankan.vault.catalogue import MANIFEST, Catalogue, Entry
from amankan.vault.keychain import Keychain
from amankan.vault.project import read_project
from amankan.vault.sealed import Gather
from amankan.wiring.apps import STATE, RunningProject


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The snapshots of one app, for whoever has a recovery key and no server."""

    place: Place
    catalogue: Catalogue
    keys: Keychain

    def project(self, entry: Entry) -> ProjectFiles:
        """Return the files that went along with a snapshot; raises as `read_project` does."""
        return read_project(self.place.store, entry.manifest, identities=self.keys.identities())


def gathering(settings: Settings, compose: RunningProject | None) -> Gather:
    """
    Return what gathers the files of an app, once: an operation that takes two snapshots looks at them before its fence.
    """
    return cache(partial(project_files, settings, compose))


def project_files(settings: Settings, compose: RunningProject | None) -> ProjectFiles:
    """Return the files that the app is started from, as they are now; what cannot be had is told in it, never raised."""
    folder = Path(os.path.abspath(settings.folder))
    found, made, root = Belongings(named=()), [], folder
    if compose is not None:
        place = Path(os.path.abspath(compose.settings.folder))
        root = place if folder.is_relative_to(place) else folder
        variables = variables_of(texts_of(place, (".env",)).get(".env", ""))
        found = belongings(compose.settings, compose.project, variables=variables)
        made.append((RENDERED, compose.project.text()))
    shut = [folder / STATE]
    location = settings.vault.location.removeprefix("file://")
    if "://" not in location:
        shut.append(folder / location)
    gathered = gather(root, (*_own(settings, folder), *found.named), shut=tuple(shut), made=made)
    left_out = (*gathered.left_out, *found.left_out)
    return ProjectFiles(files=gathered.files, folders=gathered.folders, left_out=left_out)


def written_beside(compose: RunningProject | None, app: Address | None) -> tuple[str, ...]:
    """Return the volumes and folders that the app's services write to and no backup has; none without a Compose project."""
    if compose is None:
        return ()
    return kept_beside(compose.project, database=compose.project.holder_of(app.host) if app else "")


def shelf(settings: Settings, keys: Keychain, *, place: Place) -> Shelf:
    """Return the snapshots of the app of a configuration."""
    return Shelf(place=place, catalogue=Catalogue(place.store, app=settings.app.name, keyring=keys.keyring()), keys=keys)


def shelf_at(location: str, keys: Keychain, *, id: str) -> Shelf:
    """
    Return the snapshots of the app that a vault is of, or that an id in it is of, without any configuration.

    Raises:
        ConfigurationFault: the vault is of several apps, and the id says of none.
        SnapshotMissing: there is none.
    """
    place = open_place(location if "://" in location else os.path.abspath(location))
    folders = [name.removesuffix(f"/{MANIFEST}") for name in place.store.names() if name.endswith(f"/{MANIFEST}")]
    apps = sorted({_app_of(folder) for folder in folders if id in folder})
    if not apps:
        raise SnapshotMissing(say("cannot find a snapshot in the vault at {location}", location=location))
    if len(apps) > 1:
        raise ConfigurationFault(
            say("cannot know which app is meant: the vault has {names}", names=", ".join(apps)),
            next=say("aman export --project FOLDER --vault LOCATION ID"),
        )
    return Shelf(place=place, catalogue=Catalogue(place.store, app=apps[0], keyring=keys.keyring()), keys=keys)


def lay_project_out(folder: Path, project: ProjectFiles) -> int:
    """The files lie in the folder, beside what is there; returns how many were written. Raises Refused, DiskFailed."""
    return lay_out(folder, project)


def _own(settings: Settings, folder: Path) -> Iterator[Named]:
    """Yield the configuration and the files that it names; `file` of a reference is relative to it."""
    yield Named(path=str(folder / settings.file))
    for reference in (settings.database.url, settings.database.admin, *settings.notify):
        if isinstance(reference, FileReference):
            yield Named(path=str(folder / reference.path))


def _app_of(folder: str) -> str:
    """Return the app that the id of a snapshot names: what stands between its time and its last word."""
    return folder.partition("-")[2].rpartition("-")[0]
