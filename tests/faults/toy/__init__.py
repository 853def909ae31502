"""A toy app with three releases."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent

MIGRATIONS = {
    "0001_orders.sql": """
        create table orders (
            id bigint generated always as identity primary key, number bigint not null unique, amount int not null default 0
        );
    """,
    "0002_note.sql": "alter table orders add column note text; create index orders_by_note on orders (note);",
    "0003_total.sql": "alter table orders rename column amount to total;",
}

# The releases by name: how many migrations each has, and the column that its program asks for. The first works on the schema
# of the second, so that one goes back with the image alone; on that of the third it does not.
BUILDS = {"1": (1, "amount"), "2": (2, "amount"), "3": (3, "total")}


def lay_out(root: Path) -> None:
    """Below `root` there are all releases, and the first is placed."""
    for name, (migrations, column) in BUILDS.items():
        folder = root / "releases" / name
        (folder / "db" / "migrations").mkdir(parents=True)
        for program in ("app.py", "migrate.py"):
            shutil.copyfile(HERE / program, folder / program)
        (folder / "build").write_text(name)
        (folder / "column").write_text(column)
        (folder / "db" / "schema.sql").write_text("-- kept by the migrations\n")
        for file, text in list(MIGRATIONS.items())[:migrations]:
            (folder / "db" / "migrations" / file).write_text(text)
    (root / "current").symlink_to(Path("releases") / "1")


def command(program: str) -> str:
    """Return the words that run one of its programs with this interpreter."""
    return f"{sys.executable} {program}"
