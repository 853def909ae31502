"""What is shown, act by act."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from amankan.demo.play import Play
from amankan.journal.account import Standing
from amankan.model.sentence import Sentence, say
from amankan.model.units import duration_text
from amankan.wiring.demonstration import open_first

# A shop that is open confirms one purchase in a few hundredths of a second.
FEW: Final = 10
OPEN_SECONDS: Final = 30.0
UPDATE_SECONDS: Final = 120.0
REFUSED: Final = 3
LOSS: Final = 4
# How users say that an operation was killed in its midst: behind the fence, when the copy is there.
KILLED_AT: Final = "migrate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that is shown: what, why it matters, and how."""

    title: Sentence
    why: Sentence
    act: Callable[[Play], None]


def open_shop(play: Play) -> None:
    """The shop is open, and somebody buys there."""
    open_first(play.place.settings)
    bought = play.writer.await_more(FEW, limit_seconds=OPEN_SECONDS)
    play.expect(bought, say("the shop is open at {address}, and somebody buys without a pause", address=play.place.address))


def protect(play: Play) -> None:
    """Backups are sealed and proved, and the guard stands in the database."""
    play.aman("key", "new")
    play.aman("backup", "--label", "before anything")
    play.aman("guard", "install", "--yes")
    newest = play.asked("status")["last_backup"] or {}
    play.expect(bool(newest.get("proved")), say("the backup is proved: it was restored and compared"))


def update_well(play: Play) -> None:
    """A good release runs, on migrated rows."""
    play.writer.begin_anew()
    play.aman("update", "--tag", "v2", "--yes")
    play.expect(play.release() == "v2", say("release {release} runs", release="v2"))
    [(towns,)] = play.place.ground.ask("select count(*) from public.customers where town <> ''")
    play.expect(towns > 0, say("{count} customers have their town, which the migration found in their address", count=towns))
    _go_on_buying(play)
    wait = duration_text(play.writer.purchases().longest_wait_seconds)
    play.expect(True, say("the longest wait between two purchases was {time}", time=wait))
    play.expect_no_loss()


def refuse_loss(play: Play) -> None:
    """A release that would lose rows is refused before anything happened."""
    play.writer.begin_anew()
    rows = play.rows()
    play.aman("plan", "--tag", "v3", status=LOSS)
    lost = _foretold_loss(play)
    play.expect(lost > 0, say("the plan names {count} rows that would go", count=lost))
    play.expect(play.release() == "v2", say("release {release} runs, as before", release="v2"))
    play.expect(play.rows() >= rows, say("no row is gone"))
    _go_on_buying(play)
    wait = duration_text(play.writer.purchases().longest_wait_seconds)
    play.expect(True, say("meanwhile the longest wait between two purchases was {time}", time=wait))
    play.expect_no_loss()


def take_back(play: Play) -> None:
    """A release that breaks down under customers is taken back, with what they bought meanwhile."""
    play.aman("update", "--tag", "v4", "--yes")
    unwell = play.newest().evidence("health") == "stop"
    play.expect(unwell, say("the breakdown was seen, and told with the way back"))
    play.aman("rollback", "--yes")
    play.expect(play.release() == "v2", say("release {release} runs again", release="v2"))
    _go_on_buying(play)
    play.expect_no_loss()


def refuse_seed(play: Play) -> None:
    """The seed is refused, by the tool and by the database itself."""
    rows = play.rows()
    play.aman("seed", "--yes", status=REFUSED)
    play.expect(play.script("seed.py", release="v2") != 0, say("the seed script failed against the live database"))
    play.expect(play.rows() >= rows, say("no row is gone"))
    play.expect_no_loss()


def recover(play: Play) -> None:
    """An update that is killed in its midst is undone."""
    with play.shown("update", "--tag", "v5", "--yes") as running:
        begun = play.await_truth(lambda: running.ended() or _stands_at(play, KILLED_AT), limit_seconds=UPDATE_SECONDS)
        killed = begun and not running.ended()
        running.kill()
    play.teller.command("kill -9")
    play.expect(killed, say("the update was killed behind the fence: nobody could write, and nothing was open"))
    play.aman("status")
    play.aman("recover")
    play.expect(play.release() == "v2", say("release {release} runs, as before", release="v2"))
    play.expect(play.newest().ending is not None, say("nothing is left unfinished"))
    _go_on_buying(play)
    play.expect_no_loss()


def drill(play: Play) -> None:
    """The newest backup was restored as if everything were gone, and a receipt says how long it took."""
    play.aman("drill")
    receipts = list((play.place.folder / ".amankan" / "receipts").glob("*"))
    play.expect(bool(receipts), say("the receipt is there"))


def _foretold_loss(play: Play) -> int:
    """Return how many rows the newest operation's plan says would be lost."""
    path = play.place.folder / ".amankan" / "plans" / f"{play.newest().run}.json"
    if not path.exists():
        return 0
    return sum(int(table["lost"]) for table in json.loads(path.read_text())["plan"]["data"])


def _go_on_buying(play: Play) -> None:
    going_on = play.writer.await_more(FEW, limit_seconds=OPEN_SECONDS)
    play.expect(going_on, say("the shop is open and confirms purchases"))


def _stands_at(play: Play, step: str) -> bool:
    newest = play.newest()
    return newest.ending is None and any(each.name == step and each.standing is Standing.BEGUN for each in newest.steps)


ACTS: Final = (
    Act(
        title=say("A shop"),
        why=say("a small web app on a PostgreSQL of its own, with a customer who never stops buying"),
        act=open_shop,
    ),
    Act(
        title=say("Protect it"),
        why=say("a key, a backup that counts because it was restored, and a guard inside the database"),
        act=protect,
    ),
    Act(
        title=say("A good update"),
        why=say("the new release migrates a copy; names are swapped when the copy is proved"),
        act=update_well,
    ),
    Act(
        title=say("A migration that loses rows"),
        why=say("it is tried on a copy first, and what would be lost is counted"),
        act=refuse_loss,
    ),
    Act(
        title=say("A release that breaks down under customers"),
        why=say("no rehearsal finds this one: it works until somebody buys"),
        act=take_back,
    ),
    Act(
        title=say("A seed in production"),
        why=say("it deletes everything first, as seeds do; the guard inside the database is for whoever goes around the tool"),
        act=refuse_seed,
    ),
    Act(
        title=say("kill -9 in the midst of an update"),
        why=say("as a power failure or an impatient colleague would"),
        act=recover,
    ),
    Act(
        title=say("A drill"),
        why=say("whether the backup can be restored is not a matter of belief"),
        act=drill,
    ),
)
