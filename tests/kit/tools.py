"""What each framework offers to make its tables, and to destroy them."""

from __future__ import annotations

from dataclasses import dataclass

CONSENT = {"PRISMA_USER_CONSENT_FOR_DANGEROUS_AI_ACTION": "yes, in a test"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A framework: commands that make its tables, rows for them, and commands that would destroy."""

    name: str
    make: tuple[tuple[str, ...], ...]
    rows: str
    destroy: tuple[tuple[str, ...], ...]
    back: tuple[str, ...] = ()  # a migration back that a permit lets pass
    settings: tuple[tuple[str, str], ...] = ()
    address: str = ""  # what its database address ends with
    destroy_before_18: tuple[tuple[str, ...], ...] = ()  # the tool itself breaks on a server of 18, guarded or not


CUSTOMERS = "INSERT INTO customers (name) SELECT 'customer ' || n FROM generate_series(1, 40) AS n;"
ORDERS = "INSERT INTO orders (total) SELECT n FROM generate_series(1, 60) AS n;"

TOOLS = (
    Tool(
        name="prisma",
        make=(("prisma", "generate"), ("prisma", "migrate", "deploy")),
        rows="""INSERT INTO "Customer" (name) SELECT 'customer ' || n FROM generate_series(1, 40) AS n;
            INSERT INTO "Order" (total, "customerId") SELECT n, n % 40 + 1 FROM generate_series(1, 60) AS n;""",
        destroy=(
            ("prisma", "migrate", "reset", "--force"),
            ("prisma", "migrate", "reset", "--force", "--skip-seed"),
            ("prisma", "db", "push", "--force-reset", "--accept-data-loss"),
            ("prisma", "db", "seed"),
            ("prisma", "db", "execute", "--schema", "prisma/schema.prisma", "--file", "drop.sql"),
        ),
        settings=tuple(CONSENT.items()),
        destroy_before_18=(("prisma", "db", "push", "--accept-data-loss", "--schema", "prisma/less.prisma"),),
    ),
    Tool(
        name="django",
        make=(("python", "manage.py", "migrate", "--no-input"),),
        rows="""INSERT INTO shop_customer (name, note) SELECT 'customer ' || n, '' FROM generate_series(1, 40) AS n;
            INSERT INTO shop_order (total, customer_id) SELECT n, n % 40 + 1 FROM generate_series(1, 60) AS n;""",
        destroy=(
            ("python", "manage.py", "flush", "--no-input", "--traceback"),
            ("python", "manage.py", "migrate", "shop", "zero"),
            ("python", "manage.py", "migrate", "shop", "0001"),
        ),
        back=("python", "manage.py", "migrate", "shop", "0001"),
    ),
    Tool(
        name="alembic",
        make=(("alembic", "upgrade", "head"),),
        rows=CUSTOMERS + ORDERS,
        destroy=(("alembic", "downgrade", "base"), ("alembic", "downgrade", "-1")),
        back=("alembic", "downgrade", "-1"),
    ),
    Tool(
        name="dbmate",
        make=(("dbmate", "--no-dump-schema", "up"),),
        rows=CUSTOMERS + ORDERS,
        destroy=(("dbmate", "drop"), ("dbmate", "--no-dump-schema", "rollback")),
        back=("dbmate", "--no-dump-schema", "rollback"),
        address="?sslmode=disable",
    ),
    Tool(
        name="knex",
        make=(("knex", "--knexfile=knexfile.cjs", "migrate:latest"),),
        rows=CUSTOMERS + ORDERS,
        destroy=(
            ("knex", "--knexfile=knexfile.cjs", "migrate:rollback", "--all"),
            ("knex", "--knexfile=knexfile.cjs", "migrate:down"),
            ("knex", "--knexfile=knexfile.cjs", "seed:run", "--specific=sample.cjs"),
            ("knex", "--knexfile=knexfile.cjs", "seed:run", "--specific=truncate.cjs"),
        ),
        back=("knex", "--knexfile=knexfile.cjs", "migrate:rollback", "--all"),
    ),
    Tool(
        name="drizzle",
        make=(("drizzle-kit", "push", "--force", "--config=drizzle.config.cjs"),),
        rows=CUSTOMERS + ORDERS,
        destroy=(("drizzle-kit", "push", "--force", "--config=drizzle.config.cjs"), ("tsx", "reset.ts")),
        settings=(("DRIZZLE_SCHEMA", "./less.ts"),),
    ),
    Tool(
        name="typeorm",
        make=(("typeorm", "migration:run", "-d", "source.cjs"),),
        rows=CUSTOMERS + ORDERS,
        destroy=(
            ("typeorm", "schema:drop", "-d", "source.cjs"),
            ("typeorm", "schema:sync", "-d", "source.cjs"),
            ("typeorm", "migration:revert", "-d", "source.cjs"),
            ("node", "clear.cjs"),
            ("node", "clear.cjs", "drop"),
        ),
        back=("typeorm", "migration:revert", "-d", "source.cjs"),
    ),
    Tool(
        name="sequelize",
        make=(("sequelize-cli", "db:migrate"),),
        rows=CUSTOMERS + ORDERS,
        destroy=(
            ("sequelize-cli", "db:drop"),
            ("sequelize-cli", "db:migrate:undo:all"),
            ("sequelize-cli", "db:seed:all"),
            ("node", "sync.cjs"),
            ("node", "sync.cjs", "truncate"),
        ),
        back=("sequelize-cli", "db:migrate:undo:all"),
    ),
    Tool(
        name="node-pg-migrate",
        make=(("node-pg-migrate", "up"),),
        rows=CUSTOMERS + ORDERS,
        destroy=(("node-pg-migrate", "down"), ("node-pg-migrate", "redo")),
        back=("node-pg-migrate", "down"),
    ),
)
