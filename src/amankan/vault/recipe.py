"""The recipe that lies in every snapshot: how to restore it by hand, with standard tools and without Amankan."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from amankan.model.database import Making
from amankan.model.project import OUTSIDE, RENDERED, Along
from amankan.model.release import Release
from amankan.model.sentence import visible
from amankan.vault.manifest import Part, Source

RECIPE = "RESTORE.md"
# Settings of a database or role that would disturb a restore, overruled for the length of it.
OPTIONS = "-c default_transaction_read_only=off -c statement_timeout=0 -c lock_timeout=0 -c row_security=off"
# What else a database may say of itself before it is filled.
PLACING = "-c default_tablespace= -c role=none -c session_preload_libraries= -c default_transaction_isolation=read\\ committed"
# Amounts of money were written with a point, whatever the country of the server that reads them; NULL in an array is no word.
READING = f"{OPTIONS} {PLACING} -c lc_monetary=C -c array_nulls=on -c transform_null_equals=off"
# The note of the time zone in which the original server worked, where it has one.
ZONE = r"s|^-- time zone of the original: \([A-Za-z0-9_+/:.,<>-]*\)$| -c TimeZone=\1|p"
_SECTION = "\n## {title}\n\n{words}```bash\n{lines}\n```\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a recipe tells besides the names of the parts."""

    source: Source
    release: Release
    project: Along | None = None


def write_recipe(snapshot: str, around: Around, *, parts: Iterable[Part]) -> bytes:
    """Return the text of `RESTORE.md` for one snapshot, with its own names; each block runs in bash as it is."""
    named = {part.name.partition(".")[0]: part for part in parts}
    source = around.source
    making = source.making or Making(name="restored")
    encrypted = "key" in named
    sections = (
        _check(named.values()),
        _open_key() if encrypted else "",
        _project(_plain(named["project"], encrypted), around) if "project" in named else "",
        _roles(_plain(named["globals"], encrypted)),
        _database(making),
        _settings(_plain(named["settings"], encrypted), _connection(making.name)),
        _content(named, encrypted=encrypted, connection=_connection(making.name)),
        _forget_key() if encrypted else "",
    )
    return (_opening(snapshot, source, making=making) + "".join(sections)).encode()


def _opening(snapshot: str, source: Source, *, making: Making) -> str:
    major, name = source.server_version.partition(".")[0], _code(making.name)
    tools = f"`bash`, `age`, `sed`, `tar`, `zstd`, and `psql` and `pg_restore` of PostgreSQL {major} or newer"
    return f"""# Restore {snapshot} by hand

This folder holds the database `{name}` of {source.engine} {visible(source.server_version)}.

You need {tools}, and nothing of Amankan.
You need a server of that version or newer, and a superuser there.
Set `PGHOST`, `PGPORT`, `PGUSER` and what else is needed until `psql --dbname=postgres` reaches that server.
Restoring runs code that lies in the backup: restore only what you trust.

Open `bash` in this folder and do the steps in order; stop at the first that fails.

```bash
set -euo pipefail
umask 077
```
"""


def _section(title: str, words: str, *, lines: str) -> str:
    return _SECTION.format(title=title, words=f"{words}\n\n" if words else "", lines=lines)


def _plain(part: Part, encrypted: bool) -> str:
    name = shlex.quote(part.name)
    if not encrypted:
        return f"zstd --decompress --stdout {name}"
    return f'age --decrypt --identity "$RUN_KEY" {name} | zstd --decompress --stdout'


def _check(parts: Iterable[Part]) -> str:
    sums = "\n".join(f"{part.stored.sha256}  {part.name}" for part in parts)
    return _section("See that the files are whole", "", lines=f"sha256sum --check --strict <<'END'\n{sums}\nEND")


def _open_key() -> str:
    words = "`RECOVERY_KEY` is the path of your own age identity file, the one that was never on the server.\n"
    words += "What comes out opens this one snapshot only; the last step deletes it."
    lines = ': "${RECOVERY_KEY:?is the path of your age identity file}"\nRUN_KEY="$(mktemp)"\n'
    lines += "trap 'rm -f -- \"$RUN_KEY\"' EXIT\n"
    return _section("Open the key", words, lines=lines + 'age --decrypt --identity "$RECOVERY_KEY" key.age > "$RUN_KEY"')


def _forget_key() -> str:
    return _section("Forget the key", "", lines='rm -f -- "$RUN_KEY"')


def _project(plain: str, around: Around) -> str:
    tar = 'tar --extract --file=- --keep-old-files --numeric-owner --directory="$PROJECT_FOLDER"'
    words = "The Compose file, its variables and secrets, `amankan.toml`: what the app is started from.\n"
    words += "`PROJECT_FOLDER` is a folder for them, best one with the name of the old; nothing in it is overwritten.\n"
    words += "Where it is not set they come into a new folder, which the last line names.\n"
    words += f"Files that lay elsewhere come to `{OUTSIDE}` in it: move each to the path that follows there.\n"
    words += f"`{RENDERED}` is the project with every variable filled in, as `docker compose` showed it.\n"
    words += (
        "Where PostgreSQL is a service of the project, start it alone now, drop the empty database that it made for itself,\n"
    )
    words += "and go on with its address as `PGHOST`; when all is done, start everything: `docker compose up --detach`."
    if around.release.images:
        images = (f"{each.service}: `{_code(each.reference)}` is `{each.digest}`" for each in around.release.images)
        words += "\nThe release that the data belongs to: " + ", ".join(images) + "."
    if around.project is not None and around.project.left_out:
        missing = ", ".join(f"`{_code(each.path)}` ({each.why})" for each in around.project.left_out)
        words += f"\nNot in it: {missing}."
    asked = ': "${PROJECT_FOLDER:=$(mktemp --directory)}"\nmkdir --parents -- "$PROJECT_FOLDER"\n'
    told = 'echo "the files are in $PROJECT_FOLDER"'
    return _section("Bring back the project's files", words, lines=f"{asked}{plain} |\n  {tar}\n{told}")


def _code(text: str) -> str:
    return visible(text).replace("`", "'")


def _roles(plain: str) -> str:
    words = "A role that is there already is left as it is: `psql` shows an error for it and goes on."
    return _section("Bring back the roles", words, lines=f"{plain} |\n  psql --no-psqlrc --quiet --dbname=postgres")


def _database(making: Making) -> str:
    texts = (
        ("ENCODING", making.encoding),
        ("LOCALE_PROVIDER", "" if making.provider == "libc" else making.provider),
        ("LC_COLLATE", making.collate),
        ("LC_CTYPE", making.ctype),
        (f"{making.provider.upper()}_LOCALE", making.locale),
        ("ICU_RULES", making.rules),
    )
    options = [f"OWNER {_identifier(making.owner)}"] if making.owner else []
    options += [f"{word} {_literal(text)}" for word, text in texts if text]
    lines = "\n  ".join((f"CREATE DATABASE {_identifier(making.name)}", "TEMPLATE template0", *options))
    end = _end(lines)
    psql = "psql --no-psqlrc --set=ON_ERROR_STOP=1"
    block = f"{psql} --dbname=postgres <<'{end}'\n{lines};\n{end}"
    if making.drops:
        # Before the content, so that what was dropped is not in its way, and nothing in it stands in the way of this.
        drops = "".join(f"{statement};\n" for statement in making.drops)
        block += f"\n{psql} --dbname={_connection(making.name)} <<'END'\n{drops}END"
    return _section("Make the database", "It must not exist yet: never restore over something.", lines=block)


def _content(named: Mapping[str, Part], *, encrypted: bool, connection: str) -> str:
    # Tablespaces are places of the machine that the snapshot comes from.
    restore = f"pg_restore --exit-on-error --no-tablespaces --dbname={connection}"
    plain, settings = (_plain(named[stem], encrypted) for stem in ("dump", "settings"))
    zone = f'ZONE="$({settings} | sed -n {shlex.quote(ZONE)})"\n'
    lines = f'{zone}{plain} |\n  PGOPTIONS={shlex.quote(READING)}"$ZONE" {restore}'
    words = "`pg_restore` stops at its first error; everything comes to the server's own place, without other tablespaces.\n"
    words += "What is computed from moments meanwhile is computed in the time zone of the original."
    return _section("Bring back the content", words, lines=lines)


def _settings(plain: str, connection: str) -> str:
    words = "They come first, since what is computed while the content comes in may depend on them."
    psql = "psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1"
    lines = f"{plain} |\n  PGOPTIONS={shlex.quote(OPTIONS)} {psql} --dbname={connection}"
    return _section("Bring back the settings and rights of the database", words, lines=lines)


def _connection(name: str) -> str:
    """Return a connection string as one shell word; a bare name with `=` in it would be read as something else."""
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    return shlex.quote(f"dbname='{escaped}'")


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _end(lines: str) -> str:
    """Return a word that ends a here-document and is no line of it, whatever a name holds."""
    end = "END"
    while end in lines.splitlines():
        end += "_"
    return end
