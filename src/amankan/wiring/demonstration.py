"""What a demonstration needs that no other command does: a server of its own, and an app that nobody started yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, LiteralString

from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.address import parse_app_address
from amankan.adapters.engines.postgres.embedded import EmbeddedServer, start_embedded
from amankan.adapters.engines.postgres.session import connected, rows
from amankan.adapters.engines.postgres.telling import told_variables
from amankan.adapters.runtimes.process.runtime import SERVICE, ProcessRuntime, Surroundings
from amankan.config.references import Resolver
from amankan.config.settings import ProcessSettings, Settings
from amankan.model.claim import Claim
from amankan.model.runtime import ServiceState
from amankan.model.secret import Secret
from amankan.wiring.apps import process_reach, process_settings, templates

# Nobody has a claim yet when an app is started for the first time.
FIRST: Final = Claim(run="first", epoch=1)
RUNNING: Final = ServiceState(service=SERVICE, digest="", running=True, open=True, restart="always")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A server that runs, with one database on it, owned by an ordinary role."""

    server: EmbeddedServer
    database: str

    def app_url(self) -> Secret:
        """Return how the app comes to its database."""
        return self.server.address(self.database, self.database).url()

    def own_url(self) -> Secret:
        """Return how a tool that may do everything comes to it."""
        return self.server.address(self.database).url()

    def ask(self, question: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        """Return the answer of the database to a query."""
        with connected(self.server.address(self.database)) as session:
            return rows(session, question, *values)

    def close(self) -> None:
        """The server has ended."""
        self.server.close()


def ground(home: Path, database: str) -> Ground:
    """A new server runs in the new folder `home`, and the database is there, owned by a role of its name."""
    server = start_embedded(home, SystemClock())
    try:
        server.found(database, owner=database)
    except BaseException:
        server.close()
        raise
    return Ground(server=server, database=database)


def open_first(settings: Settings) -> None:
    """
    The app of a configuration runs for the first time, in the release that its link names.

    Raises:
        RuntimeFailed: it did not start.
    """
    process = settings.runtime
    assert isinstance(process, ProcessSettings), "a demonstration has no containers"
    url = Resolver(settings.folder).follow(settings.database.url, key="database.url")
    app = parse_app_address(url.secret)
    around = Surroundings(
        own=lambda: told_variables(templates(settings), app), reach=process_reach(settings, app), stands=_nobody_else
    )
    ProcessRuntime(process_settings(settings, process), around).open((RUNNING,), claim=FIRST)


def _nobody_else(claim: Claim) -> None:
    """Nobody else is at work on an app that was never started."""
