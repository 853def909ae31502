"""Applies the files of db/migrations in their order, each in one transaction, and records its version, as dbmate does."""

import os
import sys
from pathlib import Path

import psycopg

FOLDER = Path(__file__).with_name("db") / "migrations"


def main() -> int:
    """Every migration stands in the ledger; those that stood there were not applied again."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as session:
        session.execute("CREATE TABLE IF NOT EXISTS schema_migrations (version varchar PRIMARY KEY)")
        done = {version for (version,) in session.execute("SELECT version FROM schema_migrations")}
        for path in sorted(FOLDER.glob("*.sql")):
            version = path.name.partition("_")[0]
            if version in done:
                continue
            with session.transaction():
                session.execute(path.read_text(encoding="utf-8"))
                session.execute("INSERT INTO schema_migrations (version) VALUES (%s)", (version,))
            sys.stdout.write(f"applied {path.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
