"""The recipe in a snapshot, followed to the letter with standard tools alone, brings everything back on an empty machine."""

import os
import re
import shutil
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from psycopg import sql
from tests.kit.postgres.build import find_build
from tests.kit.postgres.database import Database
from tests.kit.postgres.fixtures import Servers
from tests.kit.postgres.server import Server
from tests.kit.vaults import RELEASE, FrozenClock

from amankan.adapters.stores.folder import FolderStore
from amankan.model.database import Making
from amankan.model.dumped import Dumped
from amankan.model.fingerprint import Fingerprint
from amankan.model.identity import Identity
from amankan.model.pace import Pace
from amankan.model.project import OUTSIDE, LeftOut, ProjectFile, ProjectFiles, ProjectFolder, Why
from amankan.ports.progress import Progress
from amankan.testing.archiver import MemoryArchiver, Silence
from amankan.vault.age import Recipient
from amankan.vault.keys import make_identity_file
from amankan.vault.sealed import Policy, SealedVault, Surroundings
from amankan.vault.signature import Keyring, make_signing_key

pytestmark = pytest.mark.real

SNAPSHOT = "20260105T020000Z-shop-00000001"
TOOLS = ("bash", "age", "zstd", "psql", "pg_restore", "sha256sum", "mktemp", "rm", "sed", "tar", "mkdir")
HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "restore-by-hand.md"
LIMIT_SECONDS = 120
OWNER = 'o\'wner "of" $HOME'
SCHEMA = """
create table "Orders" (id int generated always as identity primary key, note text);
insert into "Orders" (note) select 'note ' || n from generate_series(1, 1000) n;
create view "a'b" as select count(*) from "Orders";
"""
CONTENT = "select count(*), md5(string_agg(note, ',' order by id)) from \"Orders\""
SETTINGS = b"""
alter database :"DBNAME" set default_transaction_read_only = on;
comment on database :"DBNAME" is 'the shop''s';
"""


OURS = {"uid": os.geteuid(), "gid": os.getegid()}
PROJECT = ProjectFiles(
    folders=(ProjectFolder(path="secrets", mode=0o750, **OURS),),
    files=(
        ProjectFile(path=".env", content=b"A=1\n", mode=0o600, **OURS),
        ProjectFile(path="-rf *", content=b"", mode=0o644, **OURS),
        ProjectFile(path="secrets/\udcff\n", content=b"\0", mode=0o440, **OURS),
        ProjectFile(path=f"{OUTSIDE}/etc/shop/{'long' * 40}/a", content=b"b", mode=0o755, **OURS),
    ),
    left_out=(LeftOut(path="`touch pwned`\n```bash\ntouch pwned\n```\n", why=Why.MISSING),),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """A dump by `pg_dump` itself, for a test that has no use for another archiver."""

    database: Database

    @property
    def globals(self) -> bytes:
        """The role that owns the database."""
        role = sql.Identifier(OWNER).as_string(None)
        return f"create role {role};\n".encode()

    @property
    def settings(self) -> bytes:
        """A setting that would stop a restore, and a comment."""
        return SETTINGS

    def pieces(self) -> Generator[bytes, None, None]:
        """Return the archive, uncompressed."""
        words: list[str] = [str(self.database.server.build.program("pg_dump")), "--format=custom", "--compress=0"]
        environment = os.environ | self.database.server.client_environment(self.database.name)
        # As ours are made: with a point in amounts of money, wherever the server stands.
        environment["PGOPTIONS"] = "-c lc_monetary=C"
        yield subprocess.run(words, env=environment, capture_output=True, check=True, timeout=LIMIT_SECONDS).stdout

    def finish(self) -> Dumped:
        """Return what was dumped; the fingerprint is not looked at here."""
        encoding, collate, ctype, public = self.database.rows(
            "select pg_encoding_to_char(encoding), datcollate, datctype, to_regnamespace('public') is not null"
            " from pg_database where datname = current_database()"
        )[0]
        without = () if public else ("extension plpgsql", "schema public")
        return Dumped(
            engine="postgresql",
            server_version=self.database.value("show server_version"),
            tool_version="",
            identity=Identity(system="1", oid=1),
            fingerprint=Fingerprint(tables=(), schema="0" * 64),
            plain_bytes=0,
            making=Making(
                name=self.database.name, owner=OWNER, encoding=encoding, collate=collate, ctype=ctype, without=without
            ),
        )


class HandArchiver(MemoryArchiver):
    """Dumps one database by hand."""

    def __init__(self, database: Database) -> None:
        """Dump this database, whatever is asked for."""
        super().__init__()
        self.database = database

    @contextmanager
    def dump(self, database: str, *, pace: Pace, progress: Progress) -> Iterator[ByHand]:  # type: ignore[override]
        """Begin a dump."""
        yield ByHand(database=self.database)


@pytest.fixture(scope="module")
def empty(postgres_servers: Servers) -> Iterator[Server]:
    """A server that has never seen anything."""
    with Server(find_build(17)) as server:
        yield server


def snapshot(folder: Path, database: Database, recipients: tuple[Recipient, ...]) -> Path:
    """Return the folder of a snapshot of the database."""
    archiver = HandArchiver(database)
    surroundings = Surroundings(
        store=FolderStore(folder),
        archiver=archiver,
        founder=archiver,
        clock=FrozenClock(),
        progress=Silence(),
        project=lambda: PROJECT,
    )
    policy = Policy(app="shop", recipients=recipients, keyring=Keyring(signing=make_signing_key()))
    SealedVault(surroundings, policy).take(SNAPSHOT, database=database.name, release=RELEASE, label="backup")
    return folder / SNAPSHOT


def blocks(page: Path) -> str:
    """Return the commands of a page."""
    return "\n".join(re.findall(r"```bash\n(.*?)\n```\n", page.read_text(), flags=re.DOTALL))


def follow(
    folder: Path, server: Server, *, key: Path, page: Path | None = None, into: str = "-new folder/$shop"
) -> "subprocess.CompletedProcess[str]":
    """Run every block of the recipe, or of another page, in one shell that knows the standard tools alone."""
    tools = key.parent / "tools"
    tools.mkdir()
    for tool in TOOLS:
        found = server.client_dir / tool if tool in {"psql", "pg_restore"} else shutil.which(tool)
        assert found is not None, f"{tool} is missing"
        (tools / tool).symlink_to(found)
    environment = server.client_environment() | {"PATH": str(tools), "RECOVERY_KEY": str(key), "LC_ALL": "C.UTF-8"}
    environment |= {"PROJECT_FOLDER": str(key.parent / into)} if into else {"TMPDIR": str(key.parent)}
    environment.pop("PGDATABASE")
    return subprocess.run(
        [str(tools / "bash"), "-c", blocks(page or folder / "RESTORE.md")],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def brought_back(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return permissions and content of every file below a folder, by its path."""
    return {
        os.fsencode(path.relative_to(folder)).decode(errors="surrogateescape"): (
            path.stat().st_mode & 0o7777,
            path.read_bytes(),
        )
        for path in folder.rglob("*")
        if path.is_file()
    }


NAMES = ["shop", "a'b\"c\\d", "x=y host=evil", "one\nEND\ntwo", "$(touch pwned)`touch pwned`", "-t", "%s {} ü", "postgres://x"]


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "packed"])
@pytest.mark.parametrize("name", NAMES)
def test_the_recipe_brings_everything_back(
    any_postgres: Server, empty: Server, tmp_path: Path, name: str, sealed: bool
) -> None:
    """Content, owner, settings and comment are back, whatever the database is called."""
    recipient = make_identity_file(tmp_path / "recovery.key")
    with any_postgres.database(name) as database:
        database.execute(SCHEMA)
        content = database.rows(CONTENT)
        folder = snapshot(tmp_path / "vault", database, (recipient,) if sealed else ())
    with Database(server=empty, name=name) as restored:
        done = follow(folder, empty, key=tmp_path / "recovery.key", into="-new folder/$shop" if sealed else "")
        assert (0, "") == (done.returncode, done.stderr.replace(f'ERROR:  role "{OWNER}" already exists\n', ""))
        assert content == restored.rows(CONTENT)
        (told,) = re.findall("^the files are in (.+)$", done.stdout, flags=re.MULTILINE)
        assert {file.path: (file.mode, file.content) for file in PROJECT.files} == brought_back(Path(told))
        assert 0o750 == (Path(told) / "secrets").stat().st_mode & 0o7777
        assert "on" == restored.value("show default_transaction_read_only")
        assert "the shop's" == restored.value(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"
        )
        assert OWNER == restored.value(
            "select datdba::regrole::text from pg_database where datname = current_database()"
        ).strip('"').replace('""', '"')
    assert not list(tmp_path.rglob("pwned"))


def test_the_recipe_needs_no_tablespace(any_postgres: Server, empty: Server, tmp_path: Path) -> None:
    """A table that lay in a tablespace, and amounts of money, are back on a server without that tablespace."""
    recipient = make_identity_file(tmp_path / "recovery.key")
    place = any_postgres.data_dir.parent / "elsewhere"
    place.mkdir(mode=0o700)
    owner = any_postgres.data_dir.stat()
    os.chown(place, owner.st_uid, owner.st_gid)
    with any_postgres.database("shop") as database:
        database.execute(SCHEMA)
        database.execute(f"create tablespace elsewhere location '{place}'")
        database.execute("create table placed (paid money) tablespace elsewhere")
        database.execute("insert into placed select (n * 1234.56)::numeric::money from generate_series(1, 3) n")
        paid = database.rows("select paid::numeric from placed order by 1")
        folder = snapshot(tmp_path / "vault", database, (recipient,))
    Database(server=any_postgres, name="postgres").execute("drop tablespace elsewhere")
    place.rmdir()
    with Database(server=empty, name="shop") as restored:
        done = follow(folder, empty, key=tmp_path / "recovery.key")
        assert (0, paid) == (done.returncode, restored.rows("select paid::numeric from placed order by 1"))


def test_the_recipe_leaves_out_what_was_dropped(any_database: Database, empty: Server, tmp_path: Path) -> None:
    """A schema and an extension that every new database has, and the original lacks, are not there afterwards."""
    recipient = make_identity_file(tmp_path / "recovery.key")
    any_database.execute("drop schema public; drop extension plpgsql; create schema app; create table app.t as select 7 as n")
    folder = snapshot(tmp_path / "vault", any_database, (recipient,))
    with Database(server=empty, name=any_database.name) as restored:
        done = follow(folder, empty, key=tmp_path / "recovery.key")
        assert (0, [(7,)]) == (done.returncode, restored.rows("select n from app.t"))
        assert [(None, 0)] == restored.rows("select to_regnamespace('public'), (select count(*) from pg_extension)")


def test_the_recipe_computes_alike(
    any_postgres: Server, empty: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is computed while content comes in is computed under the settings of the database and in its time zone."""
    recipient = make_identity_file(tmp_path / "recovery.key")
    setting = b"-- time zone of the original: Asia/Jakarta\nalter database :\"DBNAME\" set app.region = 'eu';\n"
    monkeypatch.setitem(globals(), "SETTINGS", setting)
    with any_postgres.database("shop") as database:
        database.execute(
            "set timezone = 'Asia/Jakarta'; set app.region = 'eu';"
            "create table t as select timestamptz '2026-01-01 20:00+00' at;"
            "create materialized view v as select at::date::text || current_setting('app.region') as told from t"
        )
        folder = snapshot(tmp_path / "vault", database, (recipient,))
    with Database(server=empty, name="shop") as restored:
        done = follow(folder, empty, key=tmp_path / "recovery.key")
        assert (0, [("2026-01-02eu",)]) == (done.returncode, restored.rows("select told from v"))


@pytest.mark.parametrize("part", ["dump.pgc.zst.age", "globals.sql.zst.age", "key.age"])
def test_the_recipe_stops_at_a_damaged_file(any_database: Database, empty: Server, tmp_path: Path, part: str) -> None:
    """Where a file was changed the recipe ends before a database is made."""
    recipient = make_identity_file(tmp_path / "recovery.key")
    any_database.execute(SCHEMA)
    folder = snapshot(tmp_path / "vault", any_database, (recipient,))
    content = bytearray((folder / part).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / part).write_bytes(content)
    before = [name for (name,) in Database(server=empty, name="postgres").rows("select datname from pg_database")]
    done = follow(folder, empty, key=tmp_path / "recovery.key")
    assert 0 != done.returncode
    assert f"{part}: FAILED" in done.stdout
    after = [name for (name,) in Database(server=empty, name="postgres").rows("select datname from pg_database")]
    assert before == after


def test_the_recipe_stops_at_a_wrong_key(any_database: Database, empty: Server, tmp_path: Path) -> None:
    """With somebody else's key the recipe ends before a database is made."""
    recipient = make_identity_file(tmp_path / "recovery.key")
    make_identity_file(tmp_path / "other.key")
    any_database.execute(SCHEMA)
    folder = snapshot(tmp_path / "vault", any_database, (recipient,))
    done = follow(folder, empty, key=tmp_path / "other.key")
    assert 0 != done.returncode
    assert "no identity matched" in done.stderr


def test_the_page_about_restoring_by_hand_is_true(any_postgres: Server, empty: Server, tmp_path: Path) -> None:
    """The commands of the page restore a snapshot in one go."""
    recipient = make_identity_file(tmp_path / "recovery.key")
    with any_postgres.database("shop") as database:
        database.execute(SCHEMA)
        content = database.rows(CONTENT)
        folder = snapshot(tmp_path / "vault", database, (recipient,))
    with Database(server=empty, name="shop") as restored:
        done = follow(folder, empty, key=tmp_path / "recovery.key", page=HOW_TO)
        assert (0, content) == (done.returncode, restored.rows(CONTENT))
