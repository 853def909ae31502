"""What of a project's volumes no backup has."""

from __future__ import annotations

import pytest

from amankan.adapters.runtimes.compose.belongings import kept_beside
from amankan.adapters.runtimes.compose.project import Project, Words


def beside(*mounts: Words) -> tuple[str, ...]:
    """Return what no backup has of a project whose app has these mounts, and whose database has a volume."""
    database = {"volumes": [{"type": "volume", "source": "rows", "target": "/data"}]}
    return kept_beside(Project(model={"services": {"app": {"volumes": list(mounts)}, "db": database}}), database="db")


@pytest.mark.parametrize(
    ("mount", "told"),
    [
        ({"type": "volume", "source": "uploads", "target": "/u"}, ("app: uploads",)),
        ({"type": "bind", "source": "/tmp", "target": "/u"}, ("app: /tmp",)),
        ({"type": "volume", "source": "uploads", "target": "/u", "read_only": True}, ()),
        ({"type": "volume", "target": "/u"}, ()),
        ({"type": "bind", "source": "/var/run/docker.sock", "target": "/s"}, ()),
        ({"type": "bind", "source": "/dev/null", "target": "/n"}, ()),
        ({"type": "tmpfs", "target": "/t"}, ()),
    ],
)
def test_what_is_written_beside_the_database_is_told(mount: Words, told: tuple[str, ...]) -> None:
    """A volume or folder that a service writes to is told; the database's own, and what is only read, is not."""
    assert told == beside(mount)
