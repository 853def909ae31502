"""Servers that are the wrong one, away, or in the way."""

from __future__ import annotations

from functools import partial

from tests.faults.born import Blow
from tests.faults.catalogue.backups import FAILED, RESTORED, snapshots
from tests.faults.catalogue.operators import EITHER, MOMENTS, await_sleep, wake
from tests.faults.catalogue.play import AS_BEFORE, DONE, Fault, Play, held_lock
from tests.kit.postgres.build import find_build
from tests.kit.postgres.server import Server


def other_server(play: Play) -> None:
    """F001: the address leads to another server, with a database of the same name, while a run is open; it is left alone."""
    play.aman("restore", "--yes", blow=Blow(point=MOMENTS[3]))
    ground = play.world.ground
    with Server(find_build(ground.server.version)) as other, other.database("shop") as database:
        play.world.changes["DATABASE_URL"] = database.url
        left = play.refused("recover", statuses=(3, 6))
        assert left.status, left.err
        with other.connect() as session:
            names = session.execute("select datname from pg_database where datname like 'shop%'").fetchall()
            notes = session.execute("select count(*) from pg_shdescription where objoid > 16384").fetchone()
        assert ([("shop",)], (0,)) == (names, notes)
    play.change({})


def away(play: Play) -> None:
    """F037: the machine restarts; somebody recovers before the server is up, is told what to do, and does it."""
    play.aman("restore", "--yes", blow=Blow(point=MOMENTS[3]))
    play.world.ground.server.kill9()
    left = play.refused("recover", statuses=(6,))
    play.world.ground.server.start()
    assert 0 == play.aman(*(left.next or ("status",))).status, left.err


def crashed(play: Play, *, moment: str) -> None:
    """F103: every process of the server is killed at this moment, and it comes back at once."""
    running = play.start("restore", "--yes", blow=Blow(point=moment, blow="SIGSTOP"))
    await_sleep(play, running)
    play.world.ground.server.kill9()
    play.world.ground.server.start()
    wake(running)
    left = running.wait()
    assert "Traceback" not in left.err, left.err
    assert left.status in {0, *FAILED}, (left.status, left.err)


def old_tools(play: Play) -> None:
    """F010: only client programs of an older version are there; it is refused, with what to install."""
    before = snapshots(play)
    older = find_build(15).client_dir
    play.path(f"{older}:/usr/bin:/bin")
    left = play.refused("backup", statuses=(3,))
    assert "17" in left.err, left.err
    assert before == snapshots(play)


def idle_transaction(play: Play) -> None:
    """F020: somebody sits in a transaction; the restore waits for nobody without end."""
    with held_lock(play.world, "update orders set number = number where number = -1"):
        left = play.aman("restore", "--yes")
        assert left.status in {0, *FAILED}, (left.status, left.err)


def prepared_transaction(play: Play) -> None:
    """F019: an orphaned prepared transaction holds locks; it is named."""
    play.world.database.execute("begin; update orders set number = number where number = -1; prepare transaction 'forgotten'")
    try:
        left = play.aman("restore", "--yes")
        assert left.status in {0, *FAILED}, (left.status, left.err)
    finally:
        with play.world.ground.server.connect() as session:
            found = session.execute("select database from pg_prepared_xacts where gid = 'forgotten'").fetchone()
            assert found is not None
        with play.world.ground.server.connect(found[0]) as session:
            session.execute("rollback prepared 'forgotten'")


def settings_of_database(play: Play) -> None:
    """F101: settings and grants of the database are the same after names were exchanged."""
    role = play.world.ground.role.name
    play.world.database.execute(
        f"alter database shop set work_mem = '7MB'; alter role {role} in database shop set lock_timeout = '9s'; "
        "revoke connect on database shop from public"
    )
    question = """
        select (select array_agg(c order by c) from pg_db_role_setting s, unnest(s.setconfig) c where s.setdatabase = d.oid),
            datacl::text, pg_get_userbyid(datdba), encoding, datcollate
        from pg_database d where datname = 'shop'
    """
    before = play.world.database.rows(question)
    assert 0 == play.aman("backup").status
    play.world.database.execute("alter database shop reset work_mem; grant connect on database shop to public")
    left = play.aman("restore", "--yes")
    assert 0 == left.status, left.err
    assert before == play.world.database.rows(question)


FAULTS = (
    Fault(id="F001", endings=AS_BEFORE, act=other_server, scenario=RESTORED),
    Fault(id="F010", endings=AS_BEFORE, act=old_tools),
    Fault(id="F019", endings=EITHER, act=prepared_transaction, scenario=RESTORED),
    Fault(id="F020", endings=EITHER, act=idle_transaction, scenario=RESTORED),
    Fault(id="F037", endings=AS_BEFORE, act=away, scenario=RESTORED),
    Fault(id="F101", endings=DONE, act=settings_of_database, scenario=RESTORED),
    *(
        Fault(id=f"F103 at {number}", endings=EITHER, act=partial(crashed, moment=moment), scenario=RESTORED)
        for number, moment in enumerate(MOMENTS, start=1)
    ),
)
