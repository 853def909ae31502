"""Every precondition by name, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from amankan.model.sentence import say
from amankan.model.verdict import Finding, Level, Verdict
from amankan.operations.preflight import around, backups, server
from amankan.operations.preflight.judgement import Check, Judgement, examine
from amankan.operations.preflight.looks import Looks, Unseen, VaultLook

Judge = Callable[[Looks], Judgement]


def _check(id: str, part: str, *, judge: Judge) -> Check:
    return Check(id=id, seen=lambda looks: getattr(looks, part), judge=judge)


def _way(looks: Looks) -> object:
    """Return how the database answers, or why it could not be told what stands before it."""
    silent = looks.answer.why is not None and not looks.answer.pooled
    return Unseen(why=say("the database does not answer")) if silent else looks.answer


def _links(looks: Looks) -> object:
    """Return the vault, or None where there is nothing in it that could hold together."""
    empty = isinstance(looks.vault, VaultLook) and looks.vault.count == 0 and not looks.vault.breaks
    return None if empty else looks.vault


CHECKS: Final = (
    _check("operation", "operation", judge=backups.operation),
    _check("database", "answer", judge=server.answers),
    _check("identity", "server", judge=backups.identity),
    _check("mark", "server", judge=server.mark),
    _check("version", "server", judge=server.version),
    _check("tools", "tools", judge=server.tools),
    _check("extensions", "tools", judge=server.extensions),
    _check("standby", "server", judge=server.standby),
    Check(id="pooler", seen=_way, judge=server.pooler),
    _check("role", "server", judge=server.role),
    _check("app-role", "server", judge=server.app_role),
    _check("readable", "server", judge=server.readable),
    _check("guard", "guard", judge=backups.guard),
    _check("sessions", "server", judge=server.sessions),
    _check("idle", "server", judge=server.idle),
    _check("prepared", "server", judge=server.prepared),
    _check("replication", "server", judge=server.replication),
    _check("belongings", "server", judge=server.belongings),
    _check("collation", "server", judge=server.collation),
    _check("foreign-tables", "server", judge=server.foreign),
    _check("foreign-keys", "server", judge=server.unchecked),
    _check("tablespaces", "server", judge=server.tablespaces),
    _check("unlogged", "server", judge=server.unlogged),
    _check("migrations", "server", judge=server.migrations),
    _check("clock", "server", judge=server.clock),
    _check("backup", "vault", judge=backups.backup),
    Check(id="chain", seen=_links, judge=backups.chain),
    _check("project-files", "project", judge=backups.project_files),
    _check("beside", "beside", judge=backups.beside),
    _check("encryption", "keys", judge=backups.encryption),
    _check("key-place", "keys", judge=backups.key_place),
    _check("kept", "keeps", judge=backups.kept),
    _check("room", "rooms", judge=backups.room),
    _check("app", "runtime", judge=around.running),
    _check("app-told", "runtime", judge=around.told),
    _check("volume", "container", judge=around.volume),
    _check("database-unchanged", "container", judge=around.unchanged),
    _check("database-port", "container", judge=around.port),
    _check("registry", "images", judge=around.registry),
    _check("http", "http", judge=around.http),
    _check("log", "logs", judge=around.log),
    _check("password", "password", judge=around.password),
    _check("git", "secrets", judge=around.tracked),
    _check("files", "secrets", judge=around.readable_files),
    _check("notify", "messengers", judge=around.told_people),
)

# Whoever updates in spite of one of these would lose data, or fail behind the fence. The others are for a person to weigh.
STOPPING: Final = frozenset(
    {
        *(
            "operation",
            "database",
            "identity",
            "mark",
            "version",
            "tools",
            "extensions",
            "standby",
            "pooler",
            "role",
            "readable",
            "sessions",
        ),
        *("prepared", "migrations", "guard", "kept", "room", "app-told", "volume", "database-unchanged"),
    }
)


def hindrances(verdict: Verdict) -> tuple[Finding, ...]:
    """Return the faults that an update must refuse to begin with."""
    return tuple(each for each in verdict.findings if each.level is Level.STOP and each.code in STOPPING)


def preflight(looks: Looks) -> Verdict:
    """Return what every precondition that applies to this app says."""
    return examine(looks, CHECKS)
