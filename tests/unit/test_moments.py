"""When two boundaries of a process are one moment."""

from __future__ import annotations

import pytest
from tests.faults.stir import acts, moments


@pytest.mark.parametrize("query", ["select 1", " SHOW work_mem", b"select datname from pg_database", "explain select 1"])
def test_a_question_changes_nothing(query: str | bytes) -> None:
    """Statements that only ask are known as such."""
    assert not acts(query)


@pytest.mark.parametrize(
    "query",
    [
        *(
            "insert into t values (1)",
            "begin",
            "COMMIT",
            "select pg_terminate_backend(1)",
            "select nextval('s')",
            "copy t to stdout",
        ),
        *("with a as (delete from t returning 1) select * from a", "select pg_advisory_lock(1)", "select * into b from a", ""),
        *("select set_config('a', 'b', false)", "explain analyze select 1", "select pg_try_advisory_lock(1)"),
    ],
)
def test_what_may_change_something_is_no_question(query: str) -> None:
    """Everything else counts as a change, and what is not text does too."""
    assert acts(query)
    assert acts(object())


def test_points_of_one_moment_stand_together() -> None:
    """A name behind the sign belongs to those before it."""
    assert [["a", "b"], ["c"]] == moments(["a", "= b", "c"])
