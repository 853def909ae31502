"""Backups under faults: programs that lie, servers and lines that go away, disks that are full, bytes that rot."""

from __future__ import annotations

import os
import threading
from functools import partial
from pathlib import Path

from tests.faults.born import Blow
from tests.faults.catalogue.play import AS_BEFORE, DONE, Fault, Play, held_lock
from tests.faults.catalogue.proxy import Proxy
from tests.faults.scenarios import Scenario

# What a backup that could not be made ends with: refused, gone back, stopped.
FAILED = (3, 5, 6)

RESTORED = Scenario(name="fault", words=(), lays_by=True)


def snapshots(play: Play) -> set[str]:
    """Return the names of all folders in the vault that hold something."""
    return {path.name for path in (play.world.folder / "backups").iterdir() if any(path.iterdir())}


def _fails(play: Play) -> None:
    """A backup fails, and nothing that could be taken for one is left."""
    before = snapshots(play)
    left = play.refused("backup", statuses=FAILED)
    assert before == snapshots(play), left.err


def _fails_or_is_whole(play: Play) -> None:
    """A backup fails as above; or what was taken away was not needed, and what is there restores to what the server said."""
    before = snapshots(play)
    left = play.aman("backup", "--json")
    if left.status == 0:
        assert left.document["backup"]["snapshot"]["proved"]
        return
    assert left.status in FAILED, left.err
    assert before == snapshots(play), left.err


def cut_dump(play: Play, *, percent: float) -> None:
    """F039: the dump program writes a part and says that all went well."""
    play.shim("pg_dump", f"content = whole()\nwrite(content[: int(len(content) * {percent} / 100)])")
    _fails_or_is_whole(play)


def failing_dump(play: Play) -> None:
    """F040: it fails after half of its output."""
    play.shim("pg_dump", "content = whole()\nwrite(content[: len(content) // 2])\nsys.stdout.flush()\nsys.exit(1)")
    _fails_or_is_whole(play)


def dying_dump(play: Play) -> None:
    """F040: it is killed after half of its output."""
    act = "content = whole()\nwrite(content[: len(content) // 2])\nsys.stdout.flush()\nos.kill(os.getpid(), 9)"
    play.shim("pg_dump", act)
    _fails_or_is_whole(play)


def other_line_ends(play: Play) -> None:
    """F042: a terminal turns its line ends into two characters."""
    play.shim("pg_dump", "write(whole().replace(b'\\n', b'\\r\\n'))")
    _fails_or_is_whole(play)


def noisy_dump(play: Play) -> None:
    """F040: it floods its messages and asks a question; nobody is there to read either."""
    play.shim("pg_dump", "sys.stderr.write('x' * 5_000_000)\nsys.stdin.read()\nos.execv(REAL[0], REAL)")
    left = play.aman("backup")
    assert 0 == left.status, left.err


def cut_line(play: Play, *, after_bytes: int) -> None:
    """F044: the connection is cut after so many bytes."""
    server = play.world.ground.server
    with Proxy(server.port, cut_after_bytes=after_bytes) as proxy:
        url = play.world.environment["DATABASE_URL"].replace(f":{server.port}/", f":{proxy.port}/")
        play.world.changes["DATABASE_URL"] = url
        left = play.aman("backup")
        assert left.status in {0, 6, *FAILED}, (left.status, left.err)
    play.change({})


def restarted(play: Play, *, mode: str) -> None:
    """F045: the server restarts while a dump runs."""
    running = play.start("backup", blow=Blow(point="verb: begun backup, after FolderStore.put (2)", blow="SIGSTOP"))
    play.until(lambda: _state(running.pid) == "T")
    if mode == "kill":
        play.world.ground.server.kill9()
        play.world.ground.server.start()
    else:
        play.world.ground.server.restart(mode)
    _tell(running.pid, 18)
    left = running.wait()
    assert left.status in {0, *FAILED}, (left.status, left.err)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def _tell(pid: int, number: int) -> None:
    os.kill(pid, number)


def full_vault(play: Play, *, left_bytes: int) -> None:
    """F046: the disk of the vault is full, or becomes so."""
    folder = play.small_disk("backups", 4 << 20)
    before = snapshots(play)
    filler = play.fill(folder, left_bytes=left_bytes)
    left = play.refused("backup", statuses=FAILED)
    filler.unlink()
    assert before == snapshots(play), (left.err, sorted(str(path) for path in folder.rglob("*")))


def short_files(play: Play) -> None:
    """F046: no file may become longer than some kilobytes."""
    blow = Blow(limits=(("RLIMIT_FSIZE", 8192),))
    left = play.aman("backup", blow=blow)
    assert left.status in FAILED, (left.status, left.err)


def locked_table(play: Play) -> None:
    """F047: somebody holds a table; the backup ends within its limit and says why."""
    with held_lock(play.world, "lock table orders in access exclusive mode"):
        _fails(play)


def broken_backups(play: Play) -> None:
    """F057: five backups in a row are broken; retention leaves every proved one."""
    before = snapshots(play)
    play.shim("pg_dump", "write(whole()[:100])")
    for _ in range(5):
        play.refused("backup", statuses=FAILED)
    assert [] == play.aman("prune", "--json").document["prune"]["deleted"]
    assert before == snapshots(play), (before, snapshots(play))


def rotten(play: Play) -> None:
    """F052: one bit of a stored dump flips; drill and restore refuse it before anything is made, and a new backup is whole."""
    [snapshot] = (play.world.folder / "backups").iterdir()
    [dump] = snapshot.glob("dump.*")
    content = bytearray(dump.read_bytes())
    place = play.chance.randrange(len(content))
    content[place] ^= 1 << play.chance.randrange(8)
    dump.write_bytes(content)
    databases = play.databases()
    for words in (("drill",), ("restore", "--yes")):
        play.refused(*words, statuses=(13,))
    assert databases == play.databases()


def connected_clients(play: Play) -> None:
    """F154: twenty clients reconnect all the time while a restore swaps names."""
    ended = threading.Event()

    def disturb() -> None:
        while not ended.wait(0.02):
            try:
                with play.world.database.connect(application_name="worker") as session:
                    session.execute("select pg_sleep(0.01)")
            except OSError:
                continue
            except Exception as fault:  # noqa: BLE001 - what a client is told while names change
                assert "psycopg" in type(fault).__module__, fault

    clients = [threading.Thread(target=disturb, daemon=True) for _ in range(20)]
    for client in clients:
        client.start()
    try:
        left = play.aman("restore", "--yes")
        assert 0 == left.status, left.err
    finally:
        ended.set()
        for client in clients:
            client.join()


FAULTS = (
    *(
        Fault(id=f"F039 at {percent} %", endings=(*AS_BEFORE, *DONE), act=partial(cut_dump, percent=percent))
        for percent in (1, 30, 60, 90, 99.9)
    ),
    Fault(id="F041", endings=AS_BEFORE, act=partial(cut_dump, percent=0)),
    Fault(id="F040 status 1", endings=(*AS_BEFORE, *DONE), act=failing_dump),
    Fault(id="F040 killed", endings=(*AS_BEFORE, *DONE), act=dying_dump),
    Fault(id="F040 noise", endings=DONE, act=noisy_dump),
    Fault(id="F042", endings=(*AS_BEFORE, *DONE), act=other_line_ends),
    *(
        Fault(id=f"F044 after {size} bytes", endings=(*AS_BEFORE, *DONE), act=partial(cut_line, after_bytes=size))
        for size in (10, 500, 2000, 8000, 20_000, 60_000)
    ),
    *(
        Fault(id=f"F045 {mode}", endings=(*AS_BEFORE, *DONE), act=partial(restarted, mode=mode))
        for mode in ("fast", "immediate", "kill")
    ),
    *(
        Fault(id=f"F046 {left} bytes left", endings=AS_BEFORE, act=partial(full_vault, left_bytes=left))
        for left in (0, 4096, 12_288)
    ),
    Fault(id="F046 short files", endings=AS_BEFORE, act=short_files),
    Fault(id="F047", endings=AS_BEFORE, act=locked_table),
    Fault(id="F052", endings=AS_BEFORE, act=rotten),
    Fault(id="F057", endings=AS_BEFORE, act=broken_backups),
    Fault(id="F154", endings=DONE, act=connected_clients, scenario=RESTORED),
)
