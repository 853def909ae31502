"""What goes with a database, read from its server and written beside the journal of the run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from amankan.adapters.disks.outgoing import take_away, write_anew
from amankan.adapters.engines.postgres.engine import PostgresEngine
from amankan.adapters.engines.postgres.salvage.reading import Exchange, reading
from amankan.adapters.migrators.kinds import KINDS
from amankan.model.claim import Claim
from amankan.model.gone import Salvaged

# What migration tools write down of themselves: brought back, it would say that migrations were applied which are not.
LEDGERS: Final = frozenset({"_prisma_migrations", "django_migrations", "alembic_version", *(kind.table for kind in KINDS)})


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSalvage:
    """Keeps the promise of `ports.salvage` with a file in the folder of the run's journal, for its owner alone."""

    engine: PostgresEngine
    state: Path

    def keep(self, live: str, kept: str, *, title: str, claim: Claim) -> Salvaged:
        """Read both databases, and write the file while they are read."""
        path = self._path(claim.run, title)
        exchange = Exchange(live=live, kept=kept, ledgers=LEDGERS)
        with reading(self.engine, exchange, claim=claim) as found:
            size_bytes = write_anew(path, found.pieces)
            return Salvaged(tables=found.tables, path=str(path), size_bytes=size_bytes)

    def exists(self, run: str, *, title: str) -> bool:
        """Look for the whole file."""
        return self._path(run, title).is_file()

    def remove(self, run: str, *, title: str) -> None:
        """Take it away."""
        take_away(self._path(run, title))

    def _path(self, run: str, title: str) -> Path:
        return self.state / "journal" / run / f"{title}.sql"
