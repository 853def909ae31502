"""`aman export`: a snapshot written out for other tools."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from amankan import wiring
from amankan.cli.choose import choose, refuse_unreadable
from amankan.cli.desk import Desk
from amankan.cli.key import KeyFile
from amankan.cli.operate import at_work
from amankan.cli.project import export_project
from amankan.errors import ConfigurationFault
from amankan.model.sentence import say
from amankan.model.units import size_text

ARCHIVE: Final = ".dump"
PLAIN: Final = ".sql"
PACKED: Final = ".sql.gz"

# A gzip stream with its header; source: zlib manual, deflateInit2.
GZIP_BITS: Final = 31


def export(
    desk: Desk,
    first: Annotated[str, typer.Argument(metavar="[ID]", help="The snapshot; by default the newest proved one.")] = "",
    *,
    second: Annotated[str, typer.Argument(metavar="FILE", help="A new file: .dump, .sql or .sql.gz.")] = "",
    project: Annotated[
        Path | None,
        typer.Option(
            "--project", metavar="FOLDER", help="Bring back the Compose file, .env and secrets instead, into a folder."
        ),
    ] = None,
    vault: Annotated[
        str, typer.Option("--vault", metavar="LOCATION", help="With --project: where the vault is; no amankan.toml is needed.")
    ] = "",
    key: KeyFile = None,
) -> None:
    """Write a snapshot out, unencrypted: as an archive of pg_dump, as plain SQL, or the files that the app is started from."""
    if project is not None and not second:
        export_project(desk, first, folder=project, vault=vault, key=key)
        return
    if project is not None or vault:
        raise ConfigurationFault(
            say("cannot export a file and the project's files at once"), next=say("aman export --project FOLDER")
        )
    if not first:
        raise ConfigurationFault(say("cannot export: no file is named"), next=say("aman export --help"))
    id, file = (first, second) if second else ("", first)
    path = Path(file).absolute()
    if not path.name.endswith((ARCHIVE, PLAIN, PACKED)):
        raise ConfigurationFault(
            say("cannot export to {path}: its name should end with .dump, .sql or .sql.gz", path=file),
            next=say("aman export --help"),
        )
    if not path.parent.is_dir():
        raise ConfigurationFault(
            say("cannot export to {path}: there is no folder {folder}", path=file, folder=str(path.parent)),
            next=say("aman export --help"),
        )
    with at_work(desk, why="export", recovery=key) as work:
        snapshot = choose(work, id)
        refuse_unreadable(work, snapshot)
        pieces: Iterable[bytes] = work.house.vault.read(snapshot.id)
        if not path.name.endswith(ARCHIVE):
            pieces = wiring.plain_sql(work.house, pieces, snapshot=snapshot)
        size_bytes = wiring.write_out(path, packed(pieces) if path.name.endswith(PACKED) else pieces)
    document = {"snapshot": snapshot.id, "file": str(path), "size_bytes": size_bytes}
    sentence = say("{id} is in {path}: {size}, not encrypted", id=snapshot.id, path=str(path), size=size_text(size_bytes))
    desk.printer.answer({"export": document}, lambda: desk.printer.line(sentence))


def packed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the pieces as one gzip stream."""
    packer = zlib.compressobj(wbits=GZIP_BITS)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()
