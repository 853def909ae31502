"""The normal life of an ERP on a guarded database: its traffic, its updates, and what a person types by mistake."""

from __future__ import annotations

import pytest
from tests.kit.docker.command import CommandFailed
from tests.real.compose.place import Shop
from tests.real.compose.test_update import kept, paying, ready

pytestmark = pytest.mark.real


def test_updates_of_a_guarded_shop(ocn: Shop) -> None:
    """Two updates pass the guard that they were planned for; it stands whole afterwards and refuses what would empty."""
    aman, project = ready(ocn), ocn.project
    path = aman.folder / "amankan.toml"
    path.write_text(path.read_text().replace("downtime_seconds = 60", "downtime_seconds = 600"))
    aman.run("guard", "install", "--yes", status=0)
    with paying(project) as payments:
        for tag in ("v2", "v3"):
            said = aman.run("update", "--tag", tag, "--yes", "--json", status=0).document["update"]
            assert "updated" == said["outcome"]
            assert "whole" == aman.run("status", "--json", status=0).document["guard"]["state"]
            assert [] == aman.run("permit", "--list", "--json", status=0).document["permits"]
    assert payments.acknowledged <= kept(project)
    aman.run("guard", "test", status=0)
    before = aman.run("guard", "status", "--json", status=0).document["guard"]["refused"]
    for statement in ("TRUNCATE payments", "DELETE FROM payments", "DROP TABLE invoices CASCADE"):
        with pytest.raises(CommandFailed) as refused:
            project.sql(statement)
        assert "cannot run " in refused.value.output
    seen = aman.run("guard", "status", "--json", status=0).document["guard"]
    assert before + 3 == seen["refused"], seen["refusals"]
