"""The engine on real servers of every version: clients that come back, processes that are killed, names that are hostile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from tests.kit.postgres.build import find_build
from tests.kit.postgres.engines import ASIDE, CLAIM, CLONE, LIMIT_SECONDS, SECOND, AppServer, app_server, clone, engine_of
from tests.kit.postgres.server import Server

from amankan.adapters.engines.postgres.claims import end_sessions
from amankan.adapters.engines.postgres.maintenance import run_prefix, session_name
from amankan.errors import EngineFailed, Superseded, TimedOut
from amankan.model.claim import Claim

pytestmark = pytest.mark.real

LATER = replace(CLAIM, epoch=2)
WAIT_SECONDS = 20.0
ROOT = Path(__file__).parents[2]

# A process of ours that is at work on a copy when it is killed.
CHILD = """
import sys
from amankan.adapters.clocks.system import SystemClock
from amankan.adapters.engines.postgres.address import parse_address
from amankan.adapters.engines.postgres.engine import PostgresEngine
from amankan.model.claim import Claim
from amankan.model.secret import Secret
engine = PostgresEngine(parse_address(Secret(sys.stdin.readline().strip())), fingerprint=None, clock=SystemClock())
claim = Claim(run=sys.argv[1], epoch=1)
engine.copy(sys.argv[2], sys.argv[3], claim=claim, limit_seconds=60)
"""


@pytest.fixture
def app(postgres: Server) -> Iterator[AppServer]:
    """Yield an app's database on each version in turn, on which our claim stands."""
    with app_server(postgres) as made:
        made.engine.claim(CLAIM, identity=made.engine.identify(made.live))
        yield made


def wait_for(true: Callable[[], object]) -> None:
    """Return as soon as something is true."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Client(threading.Thread):
    """A client that writes without pause, comes back whenever it was thrown out, and counts what was acknowledged."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url, self.acknowledged, self.leaving = url, 0, threading.Event()

    def run(self) -> None:
        while not self.leaving.is_set():
            with suppress(psycopg.Error), psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
                while not self.leaving.is_set():
                    connection.execute("insert into orders (customer, sum) values (1, 1)")
                    self.acknowledged += 1


def test_clients_that_come_back(app: AppServer, record_property: Callable[[str, object], None]) -> None:
    """While clients try to come back all the time, nobody is inside, nothing acknowledged is lost, and the swap is quick."""
    clients = [Client(app.server.url(app.live)) for _ in range(8)]
    for client in clients:
        client.start()
    wait_for(lambda: sum(client.acknowledged for client in clients) > 100)
    try:
        clone(app)
        began = time.monotonic()
        app.engine.rename(((app.live, ASIDE), (CLONE, app.live)), claim=CLAIM)
        took_seconds = time.monotonic() - began
        fence_count = sum(client.acknowledged for client in clients)
        held = {table.table: table.rows for table in app.engine.fingerprint(app.live).tables}
        assert 500 + fence_count == held["orders"]
        app.engine.admit(app.live, claim=CLAIM)
        wait_for(lambda: sum(client.acknowledged for client in clients) > fence_count)
    finally:
        for client in clients:
            client.leaving.set()
        for client in clients:
            client.join()
    record_property("swap_seconds", took_seconds)
    print(f"PostgreSQL {app.server.version}: swap {took_seconds:.3f} s, {fence_count} rows acknowledged")  # noqa: T201


def test_a_swap_is_quick(app: AppServer) -> None:
    """Both names change within 0.2 s, where nothing else holds the machine up."""
    clone(app)
    there, back = ((app.live, ASIDE), (CLONE, app.live)), ((app.live, CLONE), (ASIDE, app.live))
    took_seconds = []
    for names in (there, back) * 4:
        began = time.monotonic()
        app.engine.rename(names, claim=CLAIM)
        took_seconds.append(time.monotonic() - began)
    assert min(took_seconds) < 0.2


def blocked_copy(server: Server, blocker: psycopg.Connection[tuple[object, ...]]) -> Callable[[], list[tuple[int, ...]]]:
    """Every copy of the clone waits until `blocker` ends its transaction; returns what tells the waiting ones."""
    blocker.execute("begin")
    blocker.execute(sql.SQL("comment on database {} is null").format(sql.Identifier(CLONE)))

    def waiting() -> list[tuple[int, ...]]:
        with server.connect() as connection:
            return connection.execute("select pid from pg_stat_activity where query ilike 'create database%'").fetchall()

    return waiting


def test_killed_in_the_middle_of_a_copy(app: AppServer) -> None:
    """The statement of a killed process goes on, the next epoch ends it, and no copy appears afterwards."""
    clone(app)
    app.engine.close()
    with app.server.connect() as blocker:
        waiting = blocked_copy(app.server, blocker)
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, CLAIM.run, CLONE, SECOND], stdin=subprocess.PIPE, cwd=ROOT, text=True
        ) as child:
            assert child.stdin is not None
            child.stdin.write(app.server.url(app.live) + "\n")
            child.stdin.flush()
            wait_for(waiting)
            os.kill(child.pid, signal.SIGKILL)
        time.sleep(0.3)
        assert 1 == len(waiting())
        after = engine_of(app.server, live=app.live)
        after.claim(LATER, identity=after.identify(app.live))
        after.settle(LATER)
        assert [] == waiting()
        blocker.execute("rollback")
    assert None is after.database(SECOND)
    with pytest.raises(Superseded):
        app.engine.admit(app.live, claim=CLAIM)
    after.copy(CLONE, SECOND, claim=LATER, limit_seconds=LIMIT_SECONDS)
    state = after.database(SECOND)
    assert state is not None
    assert CLAIM.run == state.mark
    after.close()


def test_the_server_dies_in_the_middle_of_a_copy() -> None:
    """After a crash of the server the claim stands, no copy is there, and the same engine goes on."""
    with Server(find_build(17)) as server, app_server(server) as app:
        app.engine.claim(CLAIM, identity=app.engine.identify(app.live))
        clone(app)
        faults: list[Exception] = []

        def copy() -> None:
            try:
                app.engine.copy(CLONE, SECOND, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
            except EngineFailed as fault:
                faults.append(fault)

        with closing(server.connect()) as blocker:
            waiting = blocked_copy(server, blocker)
            thread = threading.Thread(target=copy)
            thread.start()
            wait_for(waiting)
            server.kill9()
            thread.join()
        server.start()
        assert 1 == len(faults)
        assert (CLAIM, None) == (app.engine.claimed(), app.engine.database(SECOND))
        app.engine.settle(CLAIM)
        app.engine.copy(CLONE, SECOND, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
        assert app.engine.fingerprint(CLONE) == app.engine.fingerprint(SECOND)


def test_a_server_that_was_restarted(app: AppServer) -> None:
    """A verb that writes finds the server again after a restart, and the claim with it."""
    app.server.restart()
    app.engine.shut(app.live, claim=CLAIM)
    app.server.restart()
    app.engine.admit(app.live, claim=CLAIM)
    assert CLAIM == app.engine.claimed()


def test_a_limit_ends_a_copy(app: AppServer) -> None:
    """A copy that takes too long is ended by the server, and leaves nothing."""
    clone(app)
    with app.server.connect() as blocker:
        blocked_copy(app.server, blocker)
        with pytest.raises(TimedOut):
            app.engine.copy(CLONE, SECOND, claim=CLAIM, limit_seconds=0.5)
        blocker.execute("rollback")
    assert None is app.engine.database(SECOND)


def test_a_server_that_is_frozen(any_postgres: Server) -> None:
    """A backend that does not even answer is left after the limit, and what it was at is ended by settling."""
    with app_server(any_postgres) as app:
        app.engine.claim(CLAIM, identity=app.engine.identify(app.live))
        clone(app)
        with closing(any_postgres.connect()) as blocker:
            waiting = blocked_copy(any_postgres, blocker)
            frozen: list[int] = []

            def freeze() -> None:
                wait_for(waiting)
                frozen.append(waiting()[0][0])
                os.kill(frozen[0], signal.SIGSTOP)

            thread = threading.Thread(target=freeze)
            thread.start()
            with pytest.raises(TimedOut):
                app.engine.copy(CLONE, SECOND, claim=CLAIM, limit_seconds=1.0)
            thread.join()
            os.kill(frozen[0], signal.SIGCONT)
            app.engine.settle(CLAIM)
            assert [] == waiting()
        assert None is app.engine.database(SECOND)
        app.engine.copy(CLONE, SECOND, claim=CLAIM, limit_seconds=LIMIT_SECONDS)


def test_two_hosts_claim_at_once(postgres: Server) -> None:
    """Of many processes of different runs that claim at the same moment exactly one is let in."""
    with app_server(postgres) as app:
        identity, won = app.engine.identify(app.live), list[str]()
        start = threading.Barrier(6)

        def claim(number: int) -> None:
            engine = engine_of(postgres, live=app.live)
            ours = Claim(run=f"run-{number}", epoch=1)
            start.wait()
            with suppress(Superseded):
                engine.claim(ours, identity=identity)
                won.append(ours.run)
            engine.close()

        threads = [threading.Thread(target=claim, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        standing = app.engine.claimed()
        assert standing is not None
        assert [standing.run] == won


def test_a_prepared_transaction(app: AppServer) -> None:
    """A database in which a prepared transaction waits is not shut, and the error names it."""
    with psycopg.connect(app.server.url(app.live)) as connection:
        connection.execute("insert into orders (customer) values (2)")
        connection.execute("prepare transaction 'left behind'")
    with pytest.raises(EngineFailed, match="left behind"):
        app.engine.shut(app.live, claim=CLAIM)
    state = app.engine.database(app.live)
    assert state is not None
    assert state.admits
    with app.server.connect(app.live) as connection:
        connection.execute("rollback prepared 'left behind'")


def test_what_a_full_disk_left_half_dropped_goes(app: AppServer) -> None:
    """A copy whose removal the server began and could not end can be altered by nobody; it is dropped all the same."""
    app.engine.shut(app.live, claim=CLAIM)
    name = f"{app.live}_new_{CLAIM.run[-8:]}"
    app.engine.copy(app.live, name, claim=CLAIM, limit_seconds=60)
    with app.server.connect() as connection:
        connection.execute("update pg_database set datconnlimit = -2 where datname = %s", [name])
    app.engine.drop(name, claim=CLAIM)
    assert app.engine.database(name) is None


def test_sessions_of_other_runs_stay(app: AppServer) -> None:
    """Settling ends every session of this run but our own, and none of a run whose name begins alike."""
    longer = Claim(run=CLAIM.run + "0", epoch=1)
    with (
        app.server.connect(application_name=session_name(CLAIM)) as ours,
        app.server.connect(application_name=session_name(longer)) as theirs,
    ):
        app.engine.settle(CLAIM)
        with pytest.raises(psycopg.OperationalError):
            ours.execute("select 1")
        end_sessions(theirs, CLAIM.run)
        assert (1,) == theirs.execute("select 1").fetchone()
    assert 63 >= len((run_prefix("ü" * 200) + "1234567890").encode())


def test_what_works_in_a_database_of_the_run_is_ended(app: AppServer) -> None:
    """A migration tool that outlived its run is ended by the database it is in; who is in a database named alike stays."""
    foreign = CLONE + "0"
    with app.server.connect() as session:
        for name in (CLONE, foreign):
            session.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    try:
        with (
            app.server.connect(CLONE, application_name="prisma") as tool,
            app.server.connect(foreign, application_name="prisma") as other,
        ):
            app.engine.settle(CLAIM)
            with pytest.raises(psycopg.OperationalError):
                tool.execute("select 1")
            assert (1,) == other.execute("select 1").fetchone()
    finally:
        with app.server.connect() as session:
            for name in (CLONE, foreign):
                session.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
