"""Who is told how an update and a way back ended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.kit.aman import kill_at
from tests.kit.receiver import SECRET, Receiver
from tests.kit.store import Store

pytestmark = pytest.mark.real


@pytest.fixture
def receiver(store: Store) -> Iterator[Receiver]:
    """Somebody who is told, and looks at the store while that happens."""
    with Receiver(meanwhile=lambda: store.page()[:3]) as found:
        path = store.folder / "amankan.toml"
        path.write_text(f'{path.read_text()}\n[notify]\nurls = [{{ env = "NOTIFY_URL" }}]\n')
        store.aman.environment["NOTIFY_URL"] = found.url
        yield found


def test_each_ending_is_told_when_the_store_is_open(store: Store, receiver: Receiver) -> None:
    """Refused, updated, gone back: one message each, in front of the fence; a plan and an update without work tell nothing."""
    refused = store.aman.run("update", "--tag", "broken", "--yes", status=4)
    store.aman.run("plan", "--tag", "v2", status=0)
    updated = store.aman.run("update", "--tag", "v2", "--yes", status=0)
    store.aman.run("update", "--tag", "v2", "--yes", status=0)
    store.aman.run("rollback", "--yes", status=0)
    app = store.aman.run("status", "--json", status=0).document["app"]
    assert [
        f"warning: {app}: update refused: the rehearsal failed",
        f"success: {app}: updated to v2 (verified)",
        f"success: {app}: rolled back to v1 (verified)",
    ] == receiver.titles
    assert refused.lines == receiver.messages[0]["message"].splitlines()
    assert updated.out.splitlines()[0] == receiver.messages[1]["message"]
    assert ["v1 ", "v2 ", "v1 "] == receiver.seen
    kept = [path for path in store.folder.rglob("*") if path.is_file()]
    assert [] == [path for path in kept if SECRET.encode() in path.read_bytes()]


def test_what_a_crash_left_is_told_when_it_is_recovered(store: Store, receiver: Receiver) -> None:
    """A run that is found unfinished is no ending; the refusal of another operation is, and the recovery."""
    with store.aman.start("update", "--tag", "v2", "--yes") as running:
        kill_at(running, "rehearse")
    store.aman.run("status", status=0)
    assert [] == receiver.messages
    store.aman.run("backup", status=3)
    recovered = store.aman.run("recover", status=0)
    app = store.aman.run("status", "--json", status=0).document["app"]
    assert [
        f"failure: {app}: backup refused",
        f"info: {app}: what a crash left behind was recovered",
    ] == receiver.titles
    assert recovered.out.strip() == receiver.messages[1]["message"]
