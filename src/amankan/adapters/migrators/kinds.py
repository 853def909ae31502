"""The ledgers of tools that are driven by any command: where they are, and how a file is named in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """
    One tool's habits.

    `column` of `table` names a migration, `order` sorts the rows; `finished` is a column that says `true`. `folder` is
    where the files are by rule, `file` a pattern whose first group is the name that the ledger has for a file.
    `signs` are files that a project of the tool has.
    """

    name: str
    table: str
    column: str
    order: tuple[str, ...]
    folder: str
    file: str
    finished: str = ""
    signs: tuple[str, ...] = ()

    def name_of(self, path: str) -> str | None:
        """Return the name that the ledger has for a file, or None for a file that is no migration."""
        match = re.fullmatch(self.file, path.rpartition("/")[2])
        return match[1] if match else None


KINDS: Final = (
    Kind(
        name="rails",
        table="schema_migrations",
        column="version",
        order=("version",),
        folder="db/migrate",
        file=r"(\d+)_.*\.rb",
        signs=("bin/rails", "config/application.rb"),
    ),
    Kind(
        name="laravel",
        table="migrations",
        column="migration",
        order=("batch", "migration"),
        folder="database/migrations",
        file=r"(\d.*)\.php",
        signs=("artisan",),
    ),
    Kind(
        name="knex",
        table="knex_migrations",
        column="name",
        order=("id",),
        folder="migrations",
        file=r"(.+\.[cm]?[jt]s)(?<!\.d\.ts)",
        signs=("knexfile.js", "knexfile.ts", "knexfile.cjs", "knexfile.mjs"),
    ),
    Kind(
        name="typeorm",
        table="migrations",
        column="timestamp",
        order=("timestamp",),
        folder="migrations",
        file=r"(\d+)-.*\.[cm]?[jt]s",
        signs=("ormconfig.json", "ormconfig.js", "src/data-source.ts", "data-source.ts", "dist/data-source.js"),
    ),
    Kind(
        name="sequelize",
        table="SequelizeMeta",
        column="name",
        order=("name",),
        folder="migrations",
        file=r"(.+\.[cm]?js)",
        signs=(".sequelizerc",),
    ),
    Kind(
        name="flyway",
        table="flyway_schema_history",
        column="script",
        order=("installed_rank",),
        folder="sql",
        file=r"([VR].*__.*\.sql)",
        finished="success",
        signs=("flyway.conf", "flyway.toml", "conf/flyway.conf"),
    ),
    Kind(
        name="dbmate",
        table="schema_migrations",
        column="version",
        order=("version",),
        folder="db/migrations",
        file=r"(\d+)_?.*\.sql",
        signs=("db/schema.sql",),
    ),
    Kind(
        name="node-pg-migrate",
        table="pgmigrations",
        column="name",
        order=("id",),
        folder="migrations",
        file=r"(\d+[-_].*)\.(?:[cm]?[jt]s|sql)",
    ),
    Kind(
        name="drizzle",
        table="__drizzle_migrations",
        column="created_at",
        order=("created_at", "id"),
        folder="drizzle",
        file=r"",  # the names are in a journal of its own: see `journal_names`
        signs=("drizzle.config.ts", "drizzle.config.js", "drizzle.config.cjs", "drizzle/meta/_journal.json"),
    ),
)

DRIZZLE_JOURNAL: Final = "meta/_journal.json"


def kind_of(name: str) -> Kind | None:
    """Return the kind of that name, or None."""
    return next((kind for kind in KINDS if kind.name == name), None)
