"""Whether the database server and our role in it can carry an update."""

from __future__ import annotations

from typing import Final

from amankan.model.marker import Marker
from amankan.model.sentence import say
from amankan.model.units import duration_text
from amankan.operations.marked import mismatch, remedy
from amankan.operations.preflight.judgement import Judgement, fault, named, stricter, warning, well
from amankan.operations.preflight.looks import Looks, ServerLook, ToolsLook

# How long a transaction may stand open before it will hold up a fence: whoever works commits within minutes.
IDLE_SECONDS: Final = 300.0

# Clocks that agree better than this cannot bring the order of backups into doubt.
SKEW_SECONDS: Final = 5.0


def answers(looks: Looks) -> Judgement:
    """The database of the configuration answers."""
    answer = looks.answer
    if answer.why is not None:
        return fault(answer.why, say("correct database.url in amankan.toml, or start the database"))
    return well(say("PostgreSQL {version} answers for {database}", version=answer.version, database=answer.database))


def mark(looks: Looks) -> Judgement:
    """The database is marked as that of this app in this environment."""
    found, ours = _server(looks).marker, Marker(app=looks.app, environment=looks.environment)
    wrong = mismatch(ours, found)
    if wrong is not None and found is not None:
        return fault(wrong, remedy(found))
    if found is None:
        return well(say("the database is not marked yet; the first backup or update marks it"))
    return well(say("the database is marked as {app} in {environment}", app=found.app, environment=found.environment))


def pooler(looks: Looks) -> Judgement:
    """No pooler stands between that takes sessions apart."""
    if looks.answer.pooled == "transaction":
        return fault(
            say("a pooler shares sessions between transactions, which breaks locks and snapshots"),
            say("write the server's own address as admin_url"),
        )
    if looks.answer.pooled:
        return warning(
            say("a pooler stands between, and whether it keeps sessions together is not sure"),
            say("write the server's own address as admin_url"),
        )
    return well(say("the server is reached directly"))


def version(looks: Looks) -> Judgement:
    """The server is of a version that we know, with its faults of security mended."""
    server = _server(looks)
    shown = f"{server.facts.version}.{server.minor}"
    if server.floor is None:
        return fault(say("PostgreSQL {version} is none of 14 to 18", version=shown), say("use PostgreSQL 14 to 18"))
    if server.minor < server.floor:
        floor = f"{server.facts.version}.{server.floor}"
        return warning(
            say("PostgreSQL {version} is older than {floor}, which mends CVE-2026-116314", version=shown, floor=floor),
            say("update the server to {floor} or later", floor=floor),
        )
    return well(say("PostgreSQL {version} has the known faults mended", version=shown))


def tools(looks: Looks) -> Judgement:
    """Client programs of the server's version are here, and not older than is safe."""
    found = looks.tools
    assert isinstance(found, ToolsLook)
    if found.minor is None:
        return fault(
            say("pg_dump, pg_restore and psql of PostgreSQL {major} are not on this machine", major=found.major),
            say("apt install postgresql-client-{major}", major=found.major),
        )
    shown = f"{found.major}.{found.minor}"
    if found.floor is not None and found.minor < found.floor:
        floor = f"{found.major}.{found.floor}"
        return warning(
            say("pg_restore {version} is older than {floor}: a foreign archive could run code", version=shown, floor=floor),
            say("update the database's image to {floor} or later", floor=floor)
            if found.carried
            else say("apt install --only-upgrade postgresql-client-{major}", major=found.major),
        )
    if found.carried:
        return well(say("pg_dump, pg_restore and psql {version} come out of the database's image", version=shown))
    return well(say("pg_dump, pg_restore and psql {version} are here", version=shown))


def extensions(looks: Looks) -> Judgement:
    """The throwaway server, in which a backup is proved, has every extension of production."""
    found = looks.tools
    assert isinstance(found, ToolsLook)
    if found.lacking:
        return fault(
            say("backups cannot be proved here: the extensions {names} are not on this machine", names=named(found.lacking)),
            say("install the packages of these extensions for PostgreSQL {major}", major=found.major),
        )
    return well(say("every extension of the database is on this machine too"))


def standby(looks: Looks) -> Judgement:
    """The server is no standby."""
    if _server(looks).facts.standby:
        return fault(
            say("this server is a standby, which can only be read"), say("write the primary's address as database.url")
        )
    return well(say("the server is a primary"))


def role(looks: Looks) -> Judgement:
    """Our role may make a clone and swap it in."""
    server = _server(looks)
    facts = server.facts
    if not facts.owner and not facts.superuser:
        return stricter(
            looks,
            say("role {role} does not own the database {database}, so it can neither fence nor swap it",
                role=server.role, database=server.database),
            remedy=say("ALTER DATABASE \"{database}\" OWNER TO \"{role}\"", role=server.role, database=server.database),
        )  # fmt: skip
    if not facts.may_create_databases:
        return fault(
            say("role {role} may not create databases, so it can neither copy nor rename one", role=server.role),
            say('ALTER ROLE "{role}" CREATEDB', role=server.role),
        )
    kind = say("a superuser") if facts.superuser else say("owner, may create databases")
    return well(say("role {role} can clone and swap: {kind}", role=server.role, kind=kind))


def app_role(looks: Looks) -> Judgement:
    """The app cannot take the guard away or drop what it does not own."""
    server = _server(looks)
    if server.app_superuser:
        return warning(
            say("the app comes as the superuser {role}, whom no guard can hold", role=server.app_role),
            say("give the app a role of its own without SUPERUSER, and write the address of {role} as admin_url",
                role=server.app_role),
        )  # fmt: skip
    return well(say("the app comes as {role}, no superuser", role=server.app_role))


def readable(looks: Looks) -> Judgement:
    """Our role sees every row, so that a backup is complete."""
    server = _server(looks)
    if server.hidden:
        return fault(
            say("role {role} may not read {count} objects: {names}",
                role=server.role, count=len(server.hidden), names=named(server.hidden)),
            say("GRANT pg_read_all_data TO \"{role}\"; ALTER ROLE \"{role}\" BYPASSRLS", role=server.role),
        )  # fmt: skip
    return well(say("role {role} reads every table, sequence and large object", role=server.role))


def sessions(looks: Looks) -> Judgement:
    """Nobody but the app writes, and whoever is connected can be asked to leave."""
    server = _server(looks)
    if server.facts.unstoppable:
        return fault(
            say("role {role} may not end the sessions of {names}", role=server.role, names=named(server.facts.unstoppable)),
            say('GRANT pg_signal_backend TO "{role}"; end sessions of superusers by hand', role=server.role),
        )
    ours = {server.role, server.app_role}
    others = tuple(sorted({f"{each.user} ({each.name or '-'})" for each in server.facts.sessions if each.user not in ours}))
    if others:
        return warning(
            say("others are connected too, and an update ends their sessions: {names}", names=named(others)),
            say("tell them of the update, or stop them before it"),
        )
    return well(say("nobody but the app's role is connected"))


def idle(looks: Looks) -> Judgement:
    """No transaction stands open for long."""
    found = [each for each in _server(looks).idlers if each.seconds >= IDLE_SECONDS]
    if found:
        worst = max(found, key=lambda each: each.seconds)
        return warning(
            say("session {pid} of {user} is idle in a transaction for {time}",
                pid=worst.pid, user=worst.user, time=duration_text(worst.seconds)),
            say("SELECT pg_terminate_backend({pid})", pid=worst.pid),
        )  # fmt: skip
    return well(say("no transaction stands open"))


def prepared(looks: Looks) -> Judgement:
    """No prepared transaction holds locks."""
    found = _server(looks).facts.prepared
    if found:
        return fault(
            say("prepared transactions hold locks: {names}", names=named(found)),
            say("COMMIT PREPARED '{name}' or ROLLBACK PREPARED '{name}'", name=found[0]),
        )
    return well(say("no prepared transaction is open"))


def replication(looks: Looks) -> Judgement:
    """Nothing is bound to the database's number, so that a swap is possible."""
    facts = _server(looks).facts
    found = (*facts.logical_slots, *facts.subscriptions)
    if found:
        return warning(
            say("an update works in place, for these are bound to the database: {names}", names=named(found)),
            say("let it be so, or drop the slots and subscriptions that nobody needs"),
        )
    return well(say("no logical slot or subscription is bound to the database"))


def belongings(looks: Looks) -> Judgement:
    """What belongs to the database itself can be brought to a clone."""
    facts = _server(looks).facts
    found = (
        *facts.foreign_settings,
        *facts.foreign_labels,
        *(("IS_TEMPLATE",) if facts.is_template and not facts.superuser else ()),
    )
    if found:
        return warning(
            say(
                "our role could not bring these settings to a clone: {names}",
                names=named(tuple(each.partition("=")[0] for each in found)),
            ),
            say("write the address of a superuser as admin_url"),
        )
    return well(say("settings of the database can be brought to a clone"))


def collation(looks: Looks) -> Judgement:
    """Text is sorted as when the indexes were made."""
    server = _server(looks)
    facts, database = server.facts, server.database
    if facts.collation_differs and not facts.collation_known:
        return warning(
            say(
                "the machine does not say how it sorts text, and did when the indexes of {database} were made",
                database=database,
            ),
            say('go back to an image of the C library from before, or REINDEX DATABASE "{database}"', database=database),
        )
    if facts.collation_differs:
        return warning(
            say("the machine sorts text otherwise than when the indexes of {database} were made", database=database),
            say('REINDEX DATABASE "{database}"; ALTER DATABASE "{database}" REFRESH COLLATION VERSION', database=database),
        )
    if facts.aged_indexes:
        return warning(
            say("the machine sorts text otherwise than when {count} indexes of {database} were made",
                count=facts.aged_indexes, database=database),
            say('REINDEX DATABASE "{database}"; ALTER COLLATION ... REFRESH VERSION', database=database),
        )  # fmt: skip
    return well(say("the collation is that with which the indexes were made"))


def foreign(looks: Looks) -> Judgement:
    """All rows lie in this database."""
    found = _server(looks).foreign_tables
    if found:
        return warning(
            say("rows of foreign tables are in no backup: {names}", names=named(found)),
            say("back up the server that they lie on"),
        )
    return well(say("no table lies on another server"))


def unchecked(looks: Looks) -> Judgement:
    """Foreign keys are enforced as a restore makes them."""
    found = _server(looks).unchecked
    if found:
        return warning(
            say("triggers of foreign keys were turned off, which no backup brings back: {names}", names=named(found)),
            say("ALTER TABLE ... ENABLE TRIGGER ALL on each, or drop the foreign keys"),
        )
    return well(say("foreign keys are enforced as a restore makes them"))


def tablespaces(looks: Looks) -> Judgement:
    """Everything lies in the database's own tablespace."""
    found = _server(looks).placed
    if found:
        return warning(
            say("a restore brings to the database's own tablespace: {names}", names=named(found)),
            say("after a restore: ALTER TABLE ... SET TABLESPACE on each"),
        )
    return well(say("everything lies in the database's own tablespace"))


def unlogged(looks: Looks) -> Judgement:
    """No table is emptied by a crash of the server."""
    found = _server(looks).unlogged
    if found:
        return warning(
            say("a crash of the server empties: {names}", names=named(found)),
            say("ALTER TABLE ... SET LOGGED on each whose rows are worth something"),
        )
    return well(say("no table is emptied by a crash of the server"))


def clock(looks: Looks) -> Judgement:
    """The clocks of this machine and of the server agree."""
    skew = _server(looks).skew_seconds
    if abs(skew) > SKEW_SECONDS:
        return warning(
            say("the clocks of this machine and of the server differ by {seconds:.0f} s", seconds=abs(skew)),
            say("timedatectl set-ntp true"),
        )
    return well(say("the clocks of this machine and of the server agree"))


def migrations(looks: Looks) -> Judgement:
    """No migration was left half done, and a tool that kept a ledger is configured."""
    server = _server(looks)
    if server.unfinished:
        return fault(
            say("a migration was begun and never finished: {names}", names=named(server.unfinished)),
            say("look what it left, then tell the tool: npx prisma migrate resolve --applied or --rolled-back {name}",
                name=server.unfinished[0]),
        )  # fmt: skip
    if server.ledger and not looks.migrates:
        return warning(
            say("the database has the table {table}, and database.migrate says nothing", table=server.ledger),
            say("write the command of the migration tool as database.migrate"),
        )
    if not server.ledger and looks.migrates:
        return warning(
            say("database.migrate names a tool, and the database has no ledger of one"),
            say("let the tool migrate once, or take database.migrate away"),
        )
    if not looks.migrates:
        return well(say("nothing migrates, and the database has no ledger of a tool"))
    return well(say("the ledger {table} has no unfinished migration", table=server.ledger))


def _server(looks: Looks) -> ServerLook:
    assert isinstance(looks.server, ServerLook)
    return looks.server
