"""The promise of `ports.migrator`, kept by every migration tool."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contract.cases import CLAIM, MigratorCase
from tests.contract.makers import MIGRATORS

from amankan.errors import MigrationFailed, Superseded
from amankan.model.database import Ledger

LIMIT_SECONDS = 60.0


@pytest.fixture(params=MIGRATORS, ids=str)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MigratorCase]:
    """Yield a database and a migration tool of one kind."""
    with MIGRATORS[request.param](tmp_path) as made:
        yield made


def test_releases_say_what_they_bring(case: MigratorCase) -> None:
    """A newer release expects more than a database holds that is at the older one."""
    older, newer = case.migrator.expected(case.before), case.migrator.expected(case.after)
    assert older == case.migrator.expected(case.before)
    assert not Ledger(applied=older).holds(newer)


def test_a_migrated_database_holds_what_the_release_expects(case: MigratorCase) -> None:
    """The ledger says before what the old release brings and after what the new one does; migrating may be repeated."""
    ledger = case.migrator.ledger(case.database)
    assert sorted(case.migrator.expected(case.before)) == sorted(ledger.applied)
    assert not ledger.holds(case.migrator.expected(case.after))
    for _ in range(2):
        case.migrator.migrate(case.after, database=case.database, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
        ledger = case.migrator.ledger(case.database)
        assert ((), sorted(case.migrator.expected(case.after))) == (ledger.failed, sorted(ledger.applied))


def test_what_is_not_there_is_not_migrated(case: MigratorCase) -> None:
    """A database that is not there has no ledger and cannot be migrated."""
    with pytest.raises(MigrationFailed):
        case.migrator.ledger("nowhere")
    with pytest.raises(MigrationFailed):
        case.migrator.migrate(case.after, database="nowhere", claim=CLAIM, limit_seconds=LIMIT_SECONDS)


def test_a_superseded_process_migrates_nothing(case: MigratorCase) -> None:
    """Under a claim that does not stand nothing is migrated."""
    before = case.migrator.ledger(case.database)
    with pytest.raises(Superseded):
        late = replace(CLAIM, epoch=0)
        case.migrator.migrate(case.after, database=case.database, claim=late, limit_seconds=LIMIT_SECONDS)
    assert before == case.migrator.ledger(case.database)
