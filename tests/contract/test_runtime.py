"""The promise of `ports.runtime`, kept by whatever keeps apps running."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.cases import CLAIM, RUN, RuntimeCase
from tests.contract.makers import RUNTIMES

from amankan.model.release import Release

LIMIT_SECONDS = 60.0


@pytest.fixture(params=RUNTIMES, ids=str)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RuntimeCase]:
    """Yield an app at work under one kind of runtime."""
    with RUNTIMES[request.param](tmp_path) as made:
        yield made


def digests(release: Release) -> dict[str, str]:
    """Return the image digests of a release by service."""
    return {image.service: image.digest for image in release.images}


def test_the_inventory_is_the_app(case: RuntimeCase) -> None:
    """Services are sorted, at least one runs and is open, nothing is in the dark, and asking changes nothing."""
    state = case.runtime.inventory()
    assert sorted(service.service for service in state.services) == [service.service for service in state.services]
    assert any(service.running and service.open for service in state.services)
    assert () == state.dark
    assert case.runtime.release().runs_the_images_of(case.before)
    assert state == case.runtime.inventory()


def test_nothing_runs_after_a_halt(case: RuntimeCase) -> None:
    """After halting, once or twice, no service runs, none has traffic and none comes back by itself."""
    before = case.runtime.inventory().services
    for _ in range(2):
        case.runtime.halt(CLAIM)
        services = case.runtime.inventory().services
        assert [service.service for service in before] == [service.service for service in services]
        assert [(False, False)] * len(services) == [(service.running, service.open) for service in services]
        assert set() == {service.restart for service in services} & {"always", "unless-stopped"}


def test_a_placed_release_does_not_run(case: RuntimeCase) -> None:
    """After placing, once or twice, the services are those of the release, with their restart policies, and do not run."""
    before = case.runtime.inventory().services
    case.runtime.halt(CLAIM)
    for _ in range(2):
        case.runtime.place(case.after, services=before, claim=CLAIM)
        services = case.runtime.inventory().services
        expected = digests(case.after)
        assert [expected.get(service.service, service.digest) for service in before] == [each.digest for each in services]
        assert [service.restart for service in before] == [service.restart for service in services]
        assert [(False, False)] * len(services) == [(service.running, service.open) for service in services]
    assert case.runtime.release().runs_the_images_of(case.after)


def test_an_opened_release_is_as_before(case: RuntimeCase) -> None:
    """After halt, place and open, once or twice, the services are as before, but for the digests of another release."""
    before = case.runtime.inventory()
    for release in (case.before, case.after):
        case.runtime.halt(CLAIM)
        case.runtime.place(release, services=before.services, claim=CLAIM)
        for _ in range(2):
            case.runtime.open(before.services, claim=CLAIM)
            expected = [(each.running, each.open, each.restart) for each in before.services]
            services = case.runtime.inventory().services
            assert expected == [(each.running, each.open, each.restart) for each in services]
        assert case.runtime.release().runs_the_images_of(release)
        assert (release is case.before) == (before == case.runtime.inventory())


def test_what_starts_in_the_dark_leaves_the_app_alone(case: RuntimeCase) -> None:
    """A release that is started in the dark is listed with its run, database and digests, and the app stays as it is."""
    before = case.runtime.inventory()
    case.runtime.start(case.after, database=case.database, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    now = case.runtime.inventory()
    assert before.services == now.services
    assert [(RUN, case.database, set(digests(case.after).values()))] == [
        (dark.run, dark.database, set(dark.digests)) for dark in now.dark
    ]
    for _ in range(2):
        case.runtime.stop(CLAIM)
        assert before == case.runtime.inventory()


def test_settling_may_be_repeated(case: RuntimeCase) -> None:
    """Ending what is not at work changes nothing."""
    before = case.runtime.inventory()
    case.runtime.settle(CLAIM)
    case.runtime.settle(CLAIM)
    assert before == case.runtime.inventory()
