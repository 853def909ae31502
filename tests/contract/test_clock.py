"""The promises of `ports.clock`, kept by the clocks of this machine and by the simulated ones."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.contract.makers import CLOCKS

from amankan.ports.clock import Chance, Clock


@pytest.fixture(params=CLOCKS, ids=str)
def made(request: pytest.FixtureRequest) -> tuple[Clock, Chance]:
    """Return a clock and its chance."""
    return CLOCKS[request.param]()


def test_wall_time_is_in_utc(made: tuple[Clock, Chance]) -> None:
    """Wall time says that it is in UTC."""
    assert timedelta(0) == made[0].now().utcoffset()


def test_ticks_only_grow(made: tuple[Clock, Chance]) -> None:
    """Ticks never go back, and a pause lets as many pass as it says."""
    clock = made[0]
    for seconds in (0.0, 0.02):
        before = clock.ticks()
        clock.pause(seconds)
        assert seconds <= clock.ticks() - before + 1e-9


def test_tokens_differ(made: tuple[Clock, Chance]) -> None:
    """A token is eight lower-case hex digits, and a hundred of them are different."""
    tokens = {made[1].token() for _ in range(100)}
    assert 100 == len(tokens)
    assert set() == {token for token in tokens if len(token) != 8 or not set(token) <= set("0123456789abcdef")}
