"""What is near an update and in its way: poolers, others who write, disks without room, keys of nobody, extensions."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count, takewhile
from pathlib import Path

import psycopg

from tests.faults.born import Blow
from tests.faults.catalogue.operators import await_sleep, wake
from tests.faults.catalogue.play import AS_BEFORE, DONE, Fault, Play
from tests.faults.catalogue.updates import NOT_DONE, NOTE, PLANNED, UPDATE, sql
from tests.faults.scenarios import words_of
from tests.faults.world import LIVE
from tests.kit.pgbouncer import pooled

# Whoever else writes counts down from here.
OTHERS = -1_000_000

TRANSACTION_ENDED = (
    "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(5)%' and pid <> pg_backend_pid()"
)
SLEEPS = "select datname from pg_stat_activity where datname like 'shop_new%' and query like '%pg_sleep(5)%'"


def pooler(play: Play) -> None:
    """F005: between tool and server there is a pooler that parts sessions; the update is refused, with what to write."""
    folder = play.world.folder.with_name(f"{play.world.folder.name}-pooler")
    folder.mkdir()
    try:
        with pooled(play.world.database, folder, mode="transaction", ignored="options,extra_float_digits") as url:
            play.world.changes["DATABASE_URL"] = url
            play.refused(*UPDATE.words, statuses=(3, 6))
            play.change({})
    finally:
        shutil.rmtree(folder)


def narrow_vault(play: Play) -> None:
    """F009: the disk of the vault has no room for another backup; the update is refused before it begins."""
    folder = play.small_disk("backups", 8 << 20)
    play.fill(folder, left_bytes=16 << 10)
    play.refused(*UPDATE.words, statuses=(3, 5, 6))


def lacking_extension(play: Play) -> None:
    """F015: production has an extension that the machine of the proof does not have; it is named, and nothing begins."""
    build = play.world.ground.server.build
    share = subprocess.run([str(build.program("pg_config")), "--sharedir"], capture_output=True, text=True, check=True).stdout
    name = f"rare{os.getpid()}"
    control = Path(share.strip()) / "extension" / f"{name}.control"
    script = control.with_name(f"{name}--1.sql")
    try:
        control.write_text("default_version = '1'\n")
        script.write_text("create function rare() returns int language sql as 'select 1';\n")
        play.world.database.execute(f"create extension {name}")
    finally:
        control.unlink()
        script.unlink()
    left = play.refused(*UPDATE.words, statuses=(3, 4, 5))
    assert name in left.err, left.err


def other_writer(play: Play) -> None:
    """F018: somebody else writes into the same database all the time; none of the rows that it was told of is lost."""
    ended = threading.Event()
    thread = threading.Thread(target=_report, args=(play, ended), daemon=True)
    thread.start()
    try:
        left = play.aman(*words_of(play.world, PLANNED))
        assert left.status in {0, *NOT_DONE}, left.err
    finally:
        ended.set()
        thread.join()
    assert min(play.world.witness.acknowledged) < OTHERS, "nobody wrote"


def _report(play: Play, ended: threading.Event) -> None:
    """Rows are written until the end is told, by sessions of its own; nobody knows of one that failed whether it is there."""
    url, numbers = play.world.ground.server.url(LIVE), count(OTHERS - 1, -1)
    while not ended.wait(0.01):
        with suppress(psycopg.Error):
            _write(play, ended, url=url, numbers=numbers)


def _write(play: Play, ended: threading.Event, *, url: str, numbers: Iterator[int]) -> None:
    with psycopg.connect(url, autocommit=True, application_name="report", connect_timeout=5) as session:
        for number in takewhile(lambda _: not ended.wait(0.01), numbers):
            session.execute("insert into orders (number) values (%s)", [number])
            play.world.witness.acknowledged.add(number)


def wrong_recipient(play: Play) -> None:
    """F027: a letter of the recipient is another one; no backup is made that nobody can read."""
    path = play.world.folder / "amankan.toml"
    text = path.read_text()
    at = text.index("age1") + 20
    path.write_text(text[:at] + ("q" if text[at] != "q" else "p") + text[at + 1 :])
    before = sorted((play.world.folder / "backups").iterdir())
    play.refused(*UPDATE.words, statuses=(2, 3, 12))
    assert before == sorted((play.world.folder / "backups").iterdir())
    path.write_text(text)


def lost_session(play: Play) -> None:
    """F112: the session of the migration is ended in its middle, so that its outcome is unknown."""
    sql(play, f"{NOTE} select pg_sleep(5);")
    running = play.start(*UPDATE.words)
    with play.world.ground.server.connect() as session:
        play.until(lambda: session.execute(SLEEPS).fetchall(), limit_seconds=240)
        session.execute(TRANSACTION_ENDED)
    left = running.wait()
    assert left.status in NOT_DONE, left.err


def full_server(play: Play, *, moment: str) -> None:
    """F100, F120: the disk of the server is full when the clone is made, or when it is migrated."""
    with _small_server(play) as data:
        running = play.start(*words_of(play.world, PLANNED), blow=Blow(point=moment, blow="SIGSTOP"))
        await_sleep(play, running)
        filler = play.fill(data)
        wake(running)
        left = running.wait()
        filler.unlink()
        assert left.status in {*NOT_DONE, 6}, left.err
        play.aman("recover")


@contextmanager
def _small_server(play: Play) -> Iterator[Path]:
    """The server lies on a disk of its own that has little room."""
    server = play.world.ground.server
    data = server.data_dir
    aside = data.with_name("data.aside")
    server.stop()
    data.rename(aside)
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512m", "tmpfs", str(data)], check=True)
    _copy(aside, data)
    server.start()
    try:
        yield data
    finally:
        server.stop("immediate")
        shutil.rmtree(aside)
        _copy(data, aside)
        subprocess.run(["umount", "--lazy", str(data)], check=True)
        data.rmdir()
        aside.rename(data)
        server.start()


def _copy(source: Path, into: Path) -> None:
    into.mkdir(exist_ok=True)
    subprocess.run(["cp", "--archive", f"{source}/.", str(into)], check=True)


FAULTS = (
    Fault(id="F005", endings=AS_BEFORE, act=pooler, scenario=UPDATE),
    Fault(id="F009", endings=AS_BEFORE, act=narrow_vault, scenario=UPDATE),
    Fault(id="F015", endings=AS_BEFORE, act=lacking_extension, scenario=UPDATE),
    Fault(id="F018", endings=(*AS_BEFORE, *DONE), act=other_writer, scenario=PLANNED),
    Fault(id="F027", endings=AS_BEFORE, act=wrong_recipient, scenario=UPDATE),
    Fault(id="F112", endings=AS_BEFORE, act=lost_session, scenario=UPDATE),
    Fault(
        id="F100",
        endings=AS_BEFORE,
        act=partial(full_server, moment="journal: begun clone, after sync lines.jsonl"),
        scenario=PLANNED,
    ),
    Fault(
        id="F120",
        endings=(*AS_BEFORE, *DONE),
        act=partial(full_server, moment="journal: begun migrate, after sync lines.jsonl"),
        scenario=PLANNED,
    ),
)
