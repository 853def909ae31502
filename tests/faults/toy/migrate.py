"""Apply the release's migrations that the ledger does not know, each with its row in one transaction."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg

LEDGER = "create table if not exists schema_migrations (version varchar(128) primary key)"

with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as session:
    session.execute(LEDGER)
    known = {version for (version,) in session.execute("select version from schema_migrations")}
    for path in sorted((Path(__file__).parent / "db" / "migrations").glob("*.sql")):
        version = path.name.partition("_")[0]
        if version in known:
            continue
        with session.transaction():
            session.execute(path.read_text().encode())
            session.execute("insert into schema_migrations (version) values (%s)", [version])
