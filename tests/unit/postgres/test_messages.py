"""What the dump program says is read for what it left out, whatever objects are called."""

from __future__ import annotations

import pytest

from amankan.adapters.engines.postgres.complete import check_messages
from amankan.errors import EngineFailed


@pytest.mark.parametrize(
    "line",
    [
        "pg_dump: warning: subscriptions not dumped because current user is not a superuser",
        'pg_dump: warning: "a" not dumped, neither is "b"',
        'pg_dump: warning: skipping "odd"name"',
    ],
)
def test_left_out(line: str) -> None:
    """A message that something was left out is heard among others, and told as it is."""
    with pytest.raises(EngineFailed, match="completely"):
        check_messages(f"pg_dump: warning: there is more\n{line}\npg_dump: hint: none\n", database="shop")


@pytest.mark.parametrize(
    "line",
    [
        'pg_dump: warning: the table "skipping x" has an odd owner',
        'pg_dump: warning: could not find the parent of "x" ("y not dumped")',
        "pg_dump: detail:   TABLE skipping x (ID 1 OID 2)",
        "pg_dump: hint: Consider that it will not be dumped again.",
    ],
)
def test_words_in_names(line: str) -> None:
    """What a table is called is not taken for what the program says of it."""
    check_messages(f"{line}\n", database="shop")
