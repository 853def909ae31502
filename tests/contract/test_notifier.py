"""What every messenger promises to an operation that has ended: it tells, or says who was not told, soon and quietly."""

from __future__ import annotations

import time

from tests.kit.receiver import SECRET, Receiver

from amankan.adapters.notifiers.apprise import Address, AppriseNotifier
from amankan.model.message import Message, Tone
from amankan.model.secret import Secret

MESSAGE = Message(title="ocn: updated to v2 (verified)", text="eins\nzwei — ✓", tone=Tone.WARNING)
# Nobody listens there: a port of the system that is in no use on any machine of today.
NOWHERE = f"json://127.0.0.1:1/{SECRET}"


def notifier(*urls: str, limit_seconds: float = 30.0) -> AppriseNotifier:
    """Return a messenger to some addresses."""
    addresses = tuple(Address(name=f"notify.urls[{place}]", url=Secret(url)) for place, url in enumerate(urls))
    return AppriseNotifier(addresses, limit_seconds=limit_seconds)


def test_everybody_is_told_the_same() -> None:
    """Each address gets the message whole, and nobody is complained of."""
    with Receiver() as one, Receiver() as other:
        assert () == notifier(one.url, other.url).tell(MESSAGE)
        assert one.messages == other.messages
        [told] = one.messages
    assert (MESSAGE.title, MESSAGE.text, "warning") == (told["title"], told["message"], told["type"])
    assert [f"/{SECRET}"] == one.paths


def test_whoever_was_not_told_is_named_with_the_reason() -> None:
    """A refusal, a closed door and a text that is no address are told by their places, and the rest is told all the same."""
    with Receiver(status=403) as angry, Receiver() as good:
        told = notifier(angry.url, NOWHERE, f"nonsense://{SECRET}", SECRET, good.url).tell(MESSAGE)
        assert 1 == len(good.messages)
    assert [
        "notify.urls[0] was not told how it ended: it answered with status 403",
        "notify.urls[1] was not told how it ended: it could not be reached, or did not take the message",
        "notify.urls[2] was not told how it ended: Apprise does not understand the address",
        "notify.urls[3] was not told how it ended: Apprise does not understand the address",
    ] == [str(sentence) for sentence in told]


def test_nobody_waits_longer_than_the_limit() -> None:
    """A service that never answers is given up, the others were told, and the limit holds for all together."""
    with Receiver() as slow, Receiver() as slower, Receiver() as good:
        slow.patience.clear()
        slower.patience.clear()
        begun = time.monotonic()
        told = notifier(f"{slow.url}?rto=60", f"{slower.url}?rto=60", good.url, limit_seconds=6.0).tell(MESSAGE)
        assert time.monotonic() - begun < 8.0
        assert 1 == len(good.messages)
    assert [
        "notify.urls[0] was not told how it ended: no answer came within 6 s",
        "notify.urls[1] was not told how it ended: no answer came within 6 s",
    ] == [str(sentence) for sentence in told]


def test_a_process_that_comes_too_late_is_ended() -> None:
    """Where not even the messenger itself is ready within the limit, nothing is raised."""
    with Receiver() as good:
        told = notifier(good.url, limit_seconds=0.01).tell(MESSAGE)
        assert [] == good.messages
    assert ["notify.urls[0] was not told how it ended: no answer came within 0 s"] == [str(sentence) for sentence in told]


def test_a_strange_address_is_found_without_a_message() -> None:
    """Looking tells nobody anything."""
    with Receiver() as good:
        assert ("notify.urls[1]",) == notifier(good.url, f"nonsense://{SECRET}", "ntfy://topic").strange()
        assert [] == good.messages
