"""What the probes make of what they see."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from amankan.adapters.probes.asking import web
from amankan.adapters.probes.data import DataProbe
from amankan.adapters.probes.http import HttpProbe, Patience
from amankan.adapters.probes.logs import LogProbe, kind_of
from amankan.adapters.probes.running import RunningProbe
from amankan.adapters.probes.sql import SqlProbe
from amankan.errors import ConfigurationFault, EngineFailed, ProbeFailed
from amankan.model.app import Limits
from amankan.model.release import Release
from amankan.model.sentence import say
from amankan.model.verdict import Level
from amankan.testing.clock import SimClock
from amankan.testing.world import World

RELEASE = Release(label="v2", images=())


class Scripted:
    """A release that answers by a list, the last word of it for ever; 0 is no answer."""

    def __init__(self, *statuses: int) -> None:
        """Answer these."""
        self.statuses = list(statuses)

    def ask_dark(self, url: str, *, run: str, release: Release) -> int:
        """Answer the next."""
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if status == 0:
            raise ProbeFailed(say("cannot ask {url}", url=url))
        return status

    def ask_live(self, url: str, *, release: Release) -> int:
        """Answer the next."""
        return self.ask_dark(url, run="", release=release)


@pytest.mark.parametrize(
    ("statuses", "level"),
    [
        ((200,), Level.PASS),
        ((302,), Level.PASS),
        ((0, 0, 0, 200), Level.PASS),
        ((200, 500, 200, 500, 200), Level.PASS),
        ((200, 200, 500), Level.STOP),
        ((400,), Level.STOP),
        ((500,), Level.STOP),
        ((0,), Level.STOP),
    ],
)
def test_answers_must_be_good_in_a_row(statuses: tuple[int, ...], level: Level) -> None:
    """A release passes once it answered well three times in a row, however it began, and stops when patience ends."""
    clock = SimClock(World())
    for look in ("dark", "live"):
        probe = HttpProbe(("http://x/",), door=Scripted(*statuses), clock=clock, patience=Patience(limit_seconds=20.0))
        dark = look == "dark"
        verdict = probe.dark(RELEASE, run="r", database="d") if dark else probe.live(RELEASE)
        assert level is verdict.level


@pytest.mark.parametrize("url", ["ftp://x/", "file:///etc/passwd", "gopher://x", "//x", "x", "http://", "http://u:p@x/"])
def test_only_the_web_is_asked(url: str) -> None:
    """An address of another kind, or with a password, is never asked."""
    with pytest.raises(ProbeFailed) as refused:
        web(url)
    assert "u:p" not in str(refused.value)


class Told:
    """A log of the app and one of the dark."""

    def __init__(self, live: tuple[str, ...], dark: tuple[str, ...]) -> None:
        """Say these."""
        self.live, self.dark = live, dark

    def lines(self, *, run: str = "") -> tuple[str, ...]:
        """Return one of them."""
        return self.dark if run else self.live


def test_only_new_complaints_stop() -> None:
    """A line that matches stops, unless the app said the same before with other numbers."""
    live = ("2026-01-05T10:00:00 ERROR job 17 late", "started")
    for dark, level in (
        (("2026-01-06T11:11:11 ERROR job 18 late", "ready"), Level.PASS),
        (("2026-01-06T11:11:11 ERROR table gone",), Level.STOP),
        ((), Level.PASS),
    ):
        probe = LogProbe(("ERROR", "Unhandled"), source=Told(live, dark))
        assert level is probe.dark(RELEASE, run="r", database="d").level


def test_the_baseline_outlives_the_old_release() -> None:
    """What the old release said is no news when the new one says it to the world."""
    told = Told(("ERROR 1",), ())
    probe = LogProbe(("ERROR",), source=told)
    probe.dark(RELEASE, run="r", database="d")
    told.live = ("ERROR 2",)
    assert Level.PASS is probe.live(RELEASE).level
    told.live = ("ERROR worse",)
    assert Level.STOP is probe.live(RELEASE).level


def test_a_wrong_pattern_is_refused() -> None:
    """A pattern that is no regular expression is a fault of the configuration."""
    with pytest.raises(ConfigurationFault):
        LogProbe(("(",), source=Told((), ()))


def test_what_changes_each_time_is_left_out() -> None:
    """Times, numbers, identifiers and colours make no difference between two lines."""
    first = "\x1b[31m10:00:01 error in 550e8400-e29b-41d4-a716-446655440000 at 0x7ffe12 commit deadbeefcafe01"
    second = "\x1b[0m23:59:59 error in 00000000-e29b-41d4-a716-446655440009 at 0x1 commit deadbeefcafe02"
    assert kind_of(first) == kind_of(second)


class Health:
    """Conditions by a list, the last for ever."""

    def __init__(self, *conditions: str) -> None:
        """Be like this."""
        self.left = list(conditions)

    def conditions(self, *, run: str = "") -> tuple[tuple[str, str], ...]:
        """Return the next."""
        condition = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        return (("app", condition),) if condition else ()


@pytest.mark.parametrize(
    ("conditions", "level"),
    [
        (("ok",), Level.PASS),
        (("ok", "ok", "exited, exit status 1"), Level.STOP),
        (("",), Level.STOP),
        (("unhealthy",), Level.STOP),
    ],
)
def test_a_release_goes_on_running(conditions: tuple[str, ...], level: Level) -> None:
    """A release that ends within the time that is watched stops, and so does one without any container."""
    probe = RunningProbe(Health(*conditions), clock=SimClock(World()))
    assert level is probe.dark(RELEASE, run="r", database="d").level


class Fragile(Scripted):
    """A release that runs until it was asked three times."""

    def conditions(self, *, run: str = "") -> tuple[tuple[str, str], ...]:
        """Say whether it runs."""
        return (("app", "ok" if len(self.statuses) > 1 else "exited"),)


def test_it_is_asked_while_it_is_watched() -> None:
    """The questions are a part of the time that is watched, and what an answer makes end is seen."""
    patience = Patience(successes=3, pause_seconds=0.25, limit_seconds=1.0)
    for answers, codes in (
        ((200, 200, 200, 200, 200), []),
        ((200, 200, 200, 200), ["running"]),
        ((500, 500), ["http", "running"]),
    ):
        clock, app = SimClock(World()), Fragile(*answers)
        questions = HttpProbe(("http://app/",), door=app, clock=clock, patience=patience)
        began = clock.ticks()
        probe = RunningProbe(app, clock=clock, questions=questions, steady_seconds=1.0)
        verdict = probe.dark(RELEASE, run="r", database="d")
        assert codes == sorted(finding.code for finding in verdict.findings if finding.level is Level.STOP)
        assert ["http", "running"] == sorted(finding.code for finding in verdict.findings)
        assert codes == ["http", "running"] or 1.0 <= clock.ticks() - began < 1.3


def test_nobody_asks_what_does_not_run() -> None:
    """A release that ended is not asked."""
    app, clock = Fragile(200), SimClock(World())
    questions = HttpProbe(("http://app/",), door=app, clock=clock)
    verdict = RunningProbe(app, clock=clock, questions=questions).dark(RELEASE, run="r", database="d")
    assert ["running"] == [finding.code for finding in verdict.findings]


@pytest.mark.parametrize("answer", [None, False, 1, "true", "t", [True]])
def test_only_true_is_true(answer: object) -> None:
    """Null, numbers and words are not true, and each question goes to the right database."""
    asked: list[str] = []

    def ask(database: str, sql: str) -> object:
        asked.append(database)
        return answer if sql == "odd" else True

    probe = SqlProbe((("good", "even"), ("bad", "odd")), database="live", ask=ask)
    verdict = probe.dark(RELEASE, run="r", database="dark")
    assert [Level.PASS, Level.STOP] == [finding.level for finding in verdict.findings]
    assert Level.STOP is probe.live(RELEASE).level
    assert ["dark", "dark", "live", "live"] == asked


def test_a_question_that_fails_stops() -> None:
    """A check that could not be made is a finding that stops."""

    def ask(database: str, sql: str) -> object:
        raise EngineFailed(say("cannot read {database}", database=database))

    assert Level.STOP is SqlProbe((("x", "select"),), database="live", ask=ask).live(RELEASE).level


def test_lost_rows_stop_beyond_the_budget() -> None:
    """Between two looks no table loses more rows than it may; a table that is gone lost all."""
    held: list[Mapping[str, int]] = [{"a": 10, "sessions": 10, "gone": 1}, {"a": 10, "sessions": 5, "gone": 1}, {"a": 9}]
    limits = Limits(lost_rows=(("*", 0), ("sessions", 5)))
    probe = DataProbe(lambda _: held.pop(0), database="live", limits=limits)
    assert Level.PASS is probe.dark(RELEASE, run="r", database="dark").level
    assert Level.PASS is probe.live(RELEASE).level
    assert ["a", "gone"] == [dict(finding.sentence.facts)["table"] for finding in probe.live(RELEASE).findings]
