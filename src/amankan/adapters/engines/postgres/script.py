"""SQL given to psql, and databases made for a load."""

from __future__ import annotations

from psycopg import sql

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.reach import database_word
from amankan.adapters.engines.postgres.session import connected
from amankan.adapters.engines.postgres.settings import client
from amankan.adapters.engines.postgres.tools import Tools
from amankan.errors import CommandFailed, EngineFailed
from amankan.model.database import Making
from amankan.model.sentence import say
from amankan.proc.run import run


def run_script(address: Address, tools: Tools, *, script: bytes) -> None:
    """
    Every statement of the script was done in the database of the address.

    Raises:
        EngineFailed: psql stopped at the first that failed; those before it are done.
    """
    words = ("--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--output=/dev/null", "--file=-")
    to = f"--dbname={database_word(address.database)}"
    try:
        with client(tools, address, "psql", *words, to) as program:
            run(program.command, given=script, handles=program.handles)
    except CommandFailed as fault:
        reason = say("cannot prepare {name}: {reason}", name=address.database, reason=str(fault))
        raise EngineFailed(reason) from fault


def make_database(address: Address, making: Making, *, major: int) -> None:
    """
    There is a new, empty database of the address's name in which a dump of the one that `making` tells of fits.

    Raises:
        EngineFailed: there is one of that name, or the server does not have the locale: nothing was made. Or this role
            may not drop what the original lacks: then it was.
    """
    options = [("TEMPLATE", sql.Identifier("template0")), ("ENCODING", sql.Literal(making.encoding))]
    if making.owner:
        options.append(("OWNER", sql.Identifier(making.owner)))
    for word, value in (("LC_COLLATE", making.collate), ("LC_CTYPE", making.ctype)):
        if value:
            options.append((word, sql.Literal(value)))
    if making.provider != "libc" and major >= 15:
        options.append(("LOCALE_PROVIDER", sql.Literal(making.provider)))
        options.append((f"{making.provider.upper()}_LOCALE", sql.Literal(making.locale)))
        if making.rules and major >= 16:
            options.append(("ICU_RULES", sql.Literal(making.rules)))
    written = sql.SQL(" ").join(sql.SQL(word) + sql.SQL(" ") + value for word, value in options)
    with connected(address.at("postgres")) as session:
        session.execute(sql.SQL("create database {} ").format(sql.Identifier(address.database)) + written)
    drop_lacking(address, making)


def drop_lacking(address: Address, making: Making) -> None:
    """
    An empty database has nothing of what every new one has and the one that `making` tells of lacks; may be repeated.

    It must be so before a load: no archive drops it, and a fingerprint is read back at the load's end.
    """
    if making.drops:
        with connected(address) as session:
            for statement in making.drops:
                session.execute(statement)


def drop_database(address: Address) -> None:
    """There is no database of the address's name; may be repeated."""
    with connected(address.at("postgres")) as session:
        session.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(address.database)))
