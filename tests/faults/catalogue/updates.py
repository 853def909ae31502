"""Updates to releases that are sick, lossy, slow or sly, in a world that changes meanwhile."""

from __future__ import annotations

import os
import shutil
import socket
from functools import partial
from pathlib import Path

from tests.faults.born import Blow
from tests.faults.catalogue.operators import EITHER, await_sleep, wake
from tests.faults.catalogue.play import AS_BEFORE, DONE, Fault, Play
from tests.faults.scenarios import Scenario, words_of
from tests.faults.world import LIVE

# What an update that was not wanted ends with: refused, stopped by its rehearsal, gone back.
NOT_DONE = (3, 4, 5)

UPDATE = Scenario(name="fault", words=("update", "--tag", "2", "--yes"), builds=("1", "2"))
PLANNED = Scenario(name="fault", words=("update", "--plan", "PLAN", "--yes"), builds=("1", "2"), stage="planned")
FAR = Scenario(name="fault", words=(), builds=("3", "3"), stage="updated-far")

NOTE = "alter table orders add column note text;"


def release(play: Play, name: str = "2") -> Path:
    """Return the folder of a release."""
    return play.world.folder / "releases" / name


def sql(play: Play, text: str) -> None:
    """This is the migration that the new release brings."""
    (release(play) / "db" / "migrations" / "0002_note.sql").write_text(text)


def program(play: Play, file: str, code: str, *, name: str = "2") -> None:
    """The program of a release begins with this code."""
    path = release(play, name) / file
    path.write_text(path.read_text().replace("import psycopg\n", f"import psycopg\n\n{code}\n", 1))


def limit(play: Play, line: str) -> None:
    """The configuration has this limit."""
    path = play.world.folder / "amankan.toml"
    path.write_text(f"{path.read_text()}[limits]\n{line}\n")


def refused(play: Play) -> str:
    """The update is not done; returns what was said."""
    return play.refused(*UPDATE.words, statuses=NOT_DONE).err


def bad_migration(play: Play, *, text: str, line: str = "") -> None:
    """F076, F109 to F111: the migration loses rows, fails at a statement, leaves a half, or never ends."""
    sql(play, text)
    if line:
        limit(play, line)
    refused(play)


def overwriting_migration(play: Play) -> None:
    """F076: the migration gives a hundred rows another value; whoever says yes was told of exactly those."""
    sql(play, "update orders set amount = 7 where number < -400;")
    left = play.aman(*UPDATE.words)
    assert 0 == left.status, left.err
    assert "another value in 100 rows" in left.err, left.err


def bad_program(play: Play, *, file: str, code: str) -> None:
    """F083, F116, F122, F127, F128, F132: a program of the release crashes, lies, asks, wipes, or wants what is not there."""
    program(play, file, code)
    refused(play)


def good_program(play: Play, *, file: str, code: str) -> None:
    """F131, F133: a program is slow or writes what it may; that is no reason to refuse it."""
    program(play, file, code)
    left = play.aman(*UPDATE.words)
    assert 0 == left.status, left.err


def done_and_failed(play: Play) -> None:
    """F117: the migration tool did its work and says that it failed; nothing is guessed."""
    path = release(play) / "migrate.py"
    path.write_text(f"{path.read_text()}\nraise SystemExit(1)\n")
    left = play.aman(*UPDATE.words)
    assert left.status in {0, *NOT_DONE}, left.err


def loud_tool(play: Play) -> None:
    """F123: the tool prints the address of the database; nobody sees it."""
    program(play, "migrate.py", 'raise SystemExit("cannot use " + os.environ["DATABASE_URL"])')
    said = refused(play).encode()
    assert not any(secret in said for secret in play.world.ground.secrets()), said


def stale_program(play: Play) -> None:
    """F137: the new release carries the address of the original; from the dark it reaches nothing by it."""
    url = play.world.environment["DATABASE_URL"]
    program(play, "app.py", f'os.environ["DATABASE_URL"] = {url!r}')
    refused(play)


def changed_release(play: Play) -> None:
    """F085: between the plan and the update the release became another one under its name."""
    path = release(play) / "app.py"
    path.write_text(f"{path.read_text()}\n# other\n")
    play.refused(*words_of(play.world, PLANNED), statuses=(3,))


def rows_after_plan(play: Play) -> None:
    """F078: after the plan came rows that the migration cannot take; it fails on the clone, and nobody noticed."""
    sql(play, "alter table orders add constraint small check (amount < 1000);")
    assert 0 == play.aman("plan", "--tag", "2").status
    play.world.database.execute("insert into orders (number, amount) values (-9999, 5000)")
    play.refused(*words_of(play.world, PLANNED), statuses=NOT_DONE)


def downgrade(play: Play) -> None:
    """F024: the database knows migrations that the wanted release does not have."""
    play.refused("update", "--tag", "2", "--yes", statuses=NOT_DONE)


def unasked_rollback(play: Play) -> None:
    """F161: going back would lose rows, and nobody said yes: it is refused, and nothing is touched."""
    databases = play.databases()
    play.refused("rollback", statuses=(3,))
    assert databases == play.databases()


def stubborn_app(play: Play) -> None:
    """F092: the app does not listen to SIGTERM; it is killed, and no acknowledged row is lost."""
    for pid in play.world.pids("app.py"):
        os.kill(pid, 19)  # a stopped process does not end when it is asked to
    left = play.aman(*words_of(play.world, PLANNED))
    assert left.status in {0, *NOT_DONE}, left.err


def ghost(play: Play, *, server_too: bool) -> None:
    """F113, F114: the tool, or the whole server, dies while the migration's statement is at work on the clone."""
    sql(play, f"{NOTE} select pg_sleep(4);")
    running = play.start(*UPDATE.words)
    question = "select 1 from pg_stat_activity where datname like 'shop_new%' and query like '%pg_sleep(4)%'"
    with play.world.ground.server.connect() as session:
        play.until(lambda: session.execute(question).fetchall(), limit_seconds=240)
    if server_too:
        play.world.ground.server.kill9()
        play.world.ground.server.start()
        left = running.wait()
        assert left.status in {*NOT_DONE, 6}, left.err
    else:
        os.kill(running.pid, 9)
        running.wait()


def taken_port(play: Play) -> None:
    """F145: when the new release shall open, somebody else has its port; when that is free again it goes on."""
    running = play.start(
        *words_of(play.world, PLANNED), blow=Blow(point="journal: begun open, after sync lines.jsonl", blow="SIGSTOP")
    )
    await_sleep(play, running)
    with socket.create_server(("127.0.0.1", play.world.ground.port)):
        wake(running)
        left = running.wait()
        assert left.status in {6, *NOT_DONE}, left.err


def lost_release(play: Play) -> None:
    """F157: the folder of the old release is gone in the middle of an update that fails; it is back, or asked for."""
    point = "journal: begun migrate, after sync lines.jsonl"
    running = play.start(*words_of(play.world, PLANNED), blow=Blow(point=point, blow="SIGSTOP"))
    await_sleep(play, running)
    aside = play.world.folder.with_name(f"{play.world.folder.name}-aside")
    shutil.move(release(play, "1"), aside)
    os.kill(running.pid, 9)
    running.wait()
    left = play.aman("recover")
    if left.status != 0:
        assert 6 == left.status, left.err
        shutil.move(aside, release(play, "1"))
    else:
        shutil.rmtree(aside)


def old_clone(play: Play) -> None:
    """F104: a database is there that looks like the clone of an earlier run; it is neither used nor removed."""
    server = play.world.ground.server
    with server.database(f"{LIVE}_new_0badcafe"):
        left = play.aman(*words_of(play.world, PLANNED))
        assert 0 == left.status, left.err
        assert f"{LIVE}_new_0badcafe" in play.databases()


def other_role(play: Play) -> None:
    """F124: the migration changes what belongs to the whole server; it is found, and the update is not done in silence."""
    sql(play, f"{NOTE} create role intruder;")
    left = play.aman(*UPDATE.words)
    with play.world.ground.server.connect() as session:
        found = session.execute("select 1 from pg_roles where rolname = 'intruder'").fetchall()
        session.execute("drop role if exists intruder")
    assert left.status != 0 or "intruder" in left.out + left.err, "a role was made and nobody was told"
    assert left.status == 0 or not found, "the role was left behind"


WIPE = 'psycopg.connect(os.environ["DATABASE_URL"], autocommit=True).execute("delete from orders where number < -100")'
VISIT = (
    'psycopg.connect(os.environ["DATABASE_URL"], autocommit=True).execute("create table if not exists visits (at timestamptz)")'
)

BAD_MIGRATIONS = {
    "F076 delete": ("delete from orders where number < -400;", ""),
    "F109 first": (f"select 1 / 0; {NOTE}", ""),
    "F109 last": (f"{NOTE} create index by_note on orders (note); select 1 / 0;", ""),
    "F110": (f"{NOTE} commit; select 1 / 0;", ""),
    "F111": (f"{NOTE} select pg_sleep(1000);", "migrate_seconds = 3"),
}
BAD_PROGRAMS = {
    "F083": ("app.py", 'os.environ["NEW_VARIABLE"]'),
    "F116": ("migrate.py", "raise SystemExit(0)"),
    "F122": ("migrate.py", "input('really? ')"),
    "F127 at once": ("app.py", "raise SystemExit(1)"),
    "F127 later": ("app.py", "import threading\nthreading.Timer(0.3, os._exit, [1]).start()"),
    "F128": ("app.py", "psycopg.connect = None"),
    "F132": ("app.py", WIPE),
}
GOOD_PROGRAMS = {
    "F131": ("app.py", "import time\ntime.sleep(5)"),
    "F133": ("app.py", VISIT),
}

FAULTS = (
    *(
        Fault(id=id, endings=AS_BEFORE, act=partial(bad_migration, text=text, line=line), scenario=UPDATE)
        for id, (text, line) in BAD_MIGRATIONS.items()
    ),
    *(
        Fault(id=id, endings=AS_BEFORE, act=partial(bad_program, file=file, code=code), scenario=UPDATE)
        for id, (file, code) in BAD_PROGRAMS.items()
    ),
    *(
        Fault(id=id, endings=DONE, act=partial(good_program, file=file, code=code), scenario=UPDATE)
        for id, (file, code) in GOOD_PROGRAMS.items()
    ),
    Fault(id="F024", endings=AS_BEFORE, act=downgrade, scenario=FAR),
    Fault(id="F076 overwrite", endings=DONE, act=overwriting_migration, scenario=UPDATE),
    Fault(id="F078", endings=AS_BEFORE, act=rows_after_plan, scenario=UPDATE),
    Fault(id="F085", endings=AS_BEFORE, act=changed_release, scenario=PLANNED),
    Fault(id="F092", endings=EITHER, act=stubborn_app, scenario=PLANNED),
    Fault(id="F104", endings=DONE, act=old_clone, scenario=PLANNED),
    Fault(id="F113", endings=AS_BEFORE, act=partial(ghost, server_too=False), scenario=UPDATE),
    Fault(id="F114", endings=AS_BEFORE, act=partial(ghost, server_too=True), scenario=UPDATE),
    Fault(id="F117", endings=EITHER, act=done_and_failed, scenario=UPDATE),
    Fault(id="F123", endings=AS_BEFORE, act=loud_tool, scenario=UPDATE),
    Fault(id="F124", endings=EITHER, act=other_role, scenario=UPDATE),
    Fault(id="F137", endings=AS_BEFORE, act=stale_program, scenario=UPDATE),
    Fault(id="F145", endings=DONE, act=taken_port, scenario=PLANNED),
    Fault(id="F157", endings=AS_BEFORE, act=lost_release, scenario=PLANNED),
    Fault(id="F161", endings=AS_BEFORE, act=unasked_rollback, scenario=FAR),
)
