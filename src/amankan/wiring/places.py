"""The premises of every kind of app."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NoReturn

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.migrators.site import Said
from amankan.adapters.registries.none import NoRegistry
from amankan.adapters.runtimes.none import NoRuntime
from amankan.config.settings import ProcessSettings, Settings
from amankan.errors import ConfigurationFault
from amankan.model.release import Release
from amankan.model.sentence import Sentence, say
from amankan.ports.disk import Disk
from amankan.ports.engine import Engine
from amankan.ports.registry import Registry
from amankan.wiring.apps import RunningProject, process_settings
from amankan.wiring.nowhere import Nowhere
from amankan.wiring.premises import Premises, Theatre
from amankan.wiring.process import ProcessPremises
from amankan.wiring.project import ComposePremises
from amankan.wiring.wished import Target


def premises_of(settings: Settings, *, compose: RunningProject | None, disk: Disk, engine: Engine, app: Address) -> Premises:
    """Return where the app runs, as its configuration says."""
    if isinstance(settings.runtime, ProcessSettings):
        process = process_settings(settings, settings.runtime)
        return ProcessPremises(settings=settings, process=process, app=app, engine=engine, disk=disk)
    if compose is not None:
        return ComposePremises(settings=settings, compose=compose, disk=disk)
    return NoPremises()


class NoPremises:
    """Keeps the promise of `Premises` for an app that nothing of ours keeps running: its database is looked after, no more."""

    @property
    def registry(self) -> Registry:
        """No images."""
        return NoRegistry()

    @property
    def theatre(self) -> Theatre:
        """Nothing runs."""
        nowhere = Nowhere()
        return Theatre(runtime=NoRuntime(), tool=nowhere, told=nowhere.told, source=nowhere)

    def begun(self) -> bool:
        """There is nothing to start."""
        return True

    def elsewhere(self, server: Address) -> Theatre:
        """Nothing runs there either."""
        return self.theatre

    def files(self, release: Release) -> Iterable[str]:
        """No files."""
        return ()

    def target(self, wish: Target) -> Release:
        """Refuse."""
        _refuse()

    def again(self, release: Release) -> Release:
        """Refuse."""
        _refuse()

    def remark(self, release: Release) -> Sentence | None:
        """Nothing is to be done."""
        return None

    def carry(self, words: tuple[str, ...]) -> Said:
        """Refuse."""
        _refuse()

    def texts(self) -> Mapping[str, str]:
        """No scripts."""
        return {}


def _refuse() -> NoReturn:
    raise ConfigurationFault(
        say("cannot do this for an app that nothing keeps running: [runtime] is missing"),
        next=say("write [runtime.compose] or [runtime.process] as shown by aman config"),
    )
