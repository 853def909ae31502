"""What holds for all suites of ports."""

from collections.abc import Iterator

import pytest
from tests.contract.makers import SERVERS


@pytest.fixture(scope="session", autouse=True)
def real_servers() -> Iterator[None]:
    """The real servers that a maker started end with the session."""
    yield
    SERVERS.close()
