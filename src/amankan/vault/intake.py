"""The files of one snapshot, on their way into a store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from amankan.model.project import ProjectFiles
from amankan.ports.archiver import Dump
from amankan.ports.store import Store
from amankan.vault.age import Identity, Recipient
from amankan.vault.bundle import pack
from amankan.vault.envelope import wrap
from amankan.vault.manifest import Part
from amankan.vault.reading import read_back
from amankan.vault.recipe import RECIPE, Around, write_recipe
from amankan.vault.seal import Meter, Sealing

DUMP, GLOBALS, SETTINGS, PROJECT, KEY = "dump.pgc", "globals.sql", "settings.sql", "project.tar", "key.age"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """One snapshot under way; `run` seals it, None leaves it compressed only."""

    store: Store
    snapshot: str
    run: Identity | None

    def put_dump(self, dump: Dump) -> tuple[Part, ...]:
        """The streams of a dump lie in the store, sealed; whether they are there is not known yet."""
        streams: tuple[tuple[str, Iterable[bytes]], ...] = (
            (GLOBALS, (dump.globals,)),
            (SETTINGS, (dump.settings,)),
            (DUMP, dump.pieces()),
        )
        return tuple(self._put_sealed(name, pieces) for name, pieces in streams)

    def put_project(self, project: ProjectFiles) -> tuple[Part, ...]:
        """The files that the app is started from lie in the store, sealed, where there are any."""
        return (self._put_sealed(PROJECT, (pack(project),)),) if project.files else ()

    def put_papers(self, around: Around, parts: tuple[Part, ...], *, recipients: tuple[Recipient, ...]) -> tuple[Part, ...]:
        """The key for the recipients and the recipe lie beside the streams."""
        keys = () if self.run is None else (self._put_bare(KEY, wrap(self.run, recipients)),)
        recipe = write_recipe(self.snapshot, around, parts=(*parts, *keys))
        return (*keys, self._put_bare(RECIPE, recipe))

    def read_back(self, parts: tuple[Part, ...]) -> None:
        """
        Every part was read back from the store, compared with what was put, and decrypted.

        Raises:
            StoreFailed: the store does not hold what it took.
        Cost: reads stored_bytes once.
        """
        for part in parts:
            read_back(self.store, part, snapshot=self.snapshot, identity=self.run)

    def _put_sealed(self, name: str, pieces: Iterable[bytes]) -> Part:
        full = f"{name}.zst" if self.run is None else f"{name}.zst.age"
        with Sealing(pieces, recipient=None if self.run is None else self.run.recipient) as sealing:
            self.store.put(f"{self.snapshot}/{full}", sealing.pieces())
            return Part(name=full, stored=sealing.stored, plain_bytes=sealing.plain_bytes)

    def _put_bare(self, name: str, content: bytes) -> Part:
        meter = Meter()
        self.store.put(f"{self.snapshot}/{name}", meter.watch([content]))
        return Part(name=name, stored=meter.measure())
