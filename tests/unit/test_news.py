"""How an operation that did not end as asked is told to people elsewhere."""

from __future__ import annotations

import pytest

from amankan.cli.news import NIGHTLY, bad_news
from amankan.errors import (
    AmankanError,
    ConfigurationFault,
    ConsentMissing,
    Interrupted,
    KeyRefused,
    Locked,
    LossFound,
    OwnFault,
    RolledBack,
    SnapshotDamaged,
    Stopped,
)
from amankan.model.message import Tone
from amankan.model.sentence import say

CASES: list[tuple[type[AmankanError], str, Tone]] = [
    (Interrupted, "update interrupted", Tone.WARNING),
    (ConsentMissing, "update refused", Tone.WARNING),
    (Locked, "update refused", Tone.WARNING),
    (LossFound, "update refused: the rehearsal failed", Tone.WARNING),
    (RolledBack, "update failed; everything is as before", Tone.FAILURE),
    (Stopped, "update stopped: hands are needed", Tone.FAILURE),
    (ConfigurationFault, "update refused", Tone.WARNING),
    (KeyRefused, "update failed", Tone.FAILURE),
    (SnapshotDamaged, "update failed", Tone.FAILURE),
    (OwnFault, "update failed", Tone.FAILURE),
]


@pytest.mark.parametrize(("kind", "what", "tone"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_an_error_is_told_by_what_it_means(kind: type[AmankanError], what: str, tone: Tone) -> None:
    """The title says how it ended, the text has the three lines of the error."""
    error = kind(say("cannot go on"))
    news = bad_news("update", error)
    assert (what, tone) == (str(news.what), news.tone)
    assert ["cannot go on", f"production: {error.production}", f"next: {error.next}"] == [str(line) for line in news.more]


@pytest.mark.parametrize("operation", sorted(NIGHTLY))
def test_a_night_without_a_backup_is_a_failure(operation: str) -> None:
    """What nobody watches is a failure where it was only refused, and a warning where somebody stopped it."""
    error = Locked(say("cannot go on"))
    assert (f"{operation} refused", Tone.FAILURE) == (str(bad_news(operation, error).what), bad_news(operation, error).tone)
    assert Tone.WARNING is bad_news(operation, Interrupted(say("cannot go on"))).tone
