"""The proof of a guard: forbidden statements, tried against the live guard in transactions that cannot commit."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from amankan.adapters.guards.postgres.facts import guarded, survey
from amankan.adapters.guards.postgres.install import speaking
from amankan.adapters.guards.postgres.ring import carry_over, remembered
from amankan.adapters.guards.postgres.script import quoted
from amankan.errors import Refused
from amankan.model.guard import Trial
from amankan.model.sentence import say

Connection = psycopg.Connection[Any]

# The guard's own refusal, and the server's: not the owner, no right, in use as a template.
REFUSED_STATES = ("AMG01", "42501", "55006", "42809", "23503")

# A table of its own with 300 rows; the trap makes every commit of the transaction fail.
STAGE = """
CREATE TEMPORARY TABLE amankan_trap (only_one integer, UNIQUE (only_one) DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP;
INSERT INTO amankan_trap VALUES (1), (1);
CREATE SCHEMA amankan_trial;
CREATE TABLE amankan_trial.first (id integer PRIMARY KEY, word text NOT NULL);
CREATE TABLE amankan_trial.second (id integer REFERENCES amankan_trial.first ON DELETE CASCADE);
INSERT INTO amankan_trial.first SELECT n, 'word ' || n FROM generate_series(1, 300) AS n;
INSERT INTO amankan_trial.second SELECT id FROM amankan_trial.first;
"""

WATCH = (
    "DROP TABLE amankan_trial.second",
    "DROP TABLE amankan_trial.first CASCADE",
    "DROP SCHEMA amankan_trial CASCADE",
    "ALTER TABLE amankan_trial.first DROP COLUMN word",
    "ALTER TABLE amankan_trial.first ALTER COLUMN word TYPE varchar(3) USING left(word, 3)",
    "ALTER TABLE amankan_trial.second SET UNLOGGED",
    # Seen at the end of the transaction, which a trial never reaches: so it is asked for.
    'DROP FUNCTION amankan_guard.on_drop() CASCADE; SET CONSTRAINTS amankan_guard."A testify" IMMEDIATE',
    "DROP SCHEMA amankan_guard CASCADE",
)
LIMIT = (
    "TRUNCATE amankan_trial.second",
    "TRUNCATE amankan_trial.first CASCADE",
    "DELETE FROM amankan_trial.second",
    "DELETE FROM amankan_trial.first",
    "DO $$ BEGIN FOR n IN 1..300 LOOP DELETE FROM amankan_trial.second WHERE id = n; END LOOP; END $$",
    "WITH gone AS (DELETE FROM amankan_trial.second RETURNING 1) SELECT count(*) FROM gone",
)
UPDATES = "DO $$ BEGIN FOR n IN 1..{times} LOOP UPDATE amankan_trial.first SET word = 'same'; END LOOP; END $$"
MOST_UPDATES = 1_000_000
TRIGGERS = (
    "ALTER TABLE amankan_trial.first DISABLE TRIGGER ALL",
    "ALTER TABLE amankan_trial.first DISABLE TRIGGER amankan_guard_delete",
    "DROP TRIGGER amankan_guard_delete ON amankan_trial.first",
    "CREATE TABLE amankan_trial.third AS SELECT * FROM amankan_trial.first; DELETE FROM amankan_trial.third",
)
ROWS = 300


def trial(connection: Connection) -> tuple[Trial, ...]:
    """
    Return each forbidden statement of the guard's level with what came of it; nothing of it stays in the database.

    The statements run as the app's role where the guard knows it and the connection may become it, and as if no permit
    held: the guard itself is tried.

    Raises:
        Refused: there is no guard, or the default limits leave the trial's own tables free; nothing was tried.
    """
    with speaking(say("try the guard")):
        if not guarded(connection):
            raise Refused(say("cannot try the guard: there is none"), next=say("aman guard install"))
        state = connection.execute("SELECT level, app_role, owner_role FROM amankan_guard.state").fetchone()
        assert state is not None
        level, app_role, owner_role = state
        statements, before = _statements(connection, level), remembered(connection)
        tried = [_on_own_tables(connection, one, become=app_role, owner=owner_role) for one in statements]
        _forget(connection, before, refused=sum(noted for _, noted in tried))
        return tuple(one for one, _ in tried) + _on_catalogue(connection)


def _forget(connection: Connection, before: dict[str, int], *, refused: int) -> None:
    """The record of refusals is what it was; where somebody else was refused meanwhile, it stays as it is."""
    if remembered(connection).get("refusal", 0) == before.get("refusal", 0) + refused:
        carry_over(connection, before)


def _statements(connection: Connection, level: str) -> tuple[str, ...]:
    """What must be refused at this level, with these limits, and with or without event triggers."""
    events = connection.execute("SELECT count(*) FROM pg_event_trigger WHERE evtname ~ '^amankan_guard_'").fetchone()
    seen = events is not None and events[0] > 0
    if level == "watch":
        return WATCH
    rule = connection.execute("SELECT free, update_rows FROM amankan_guard.ruled('amankan_trial.first')").fetchone()
    assert rule is not None
    free, update_rows = rule
    if free:
        raise Refused(say("cannot try the guard: a rule leaves the schema amankan_trial free"))
    statements = (WATCH if seen else ()) + LIMIT + (TRIGGERS if seen else ())
    # Not the shares: rows that a transaction put in itself are its own, and the trial has no others.
    if update_rows is not None and update_rows <= MOST_UPDATES:
        statements += (UPDATES.format(times=update_rows // ROWS + 1),)
    return statements


def _on_own_tables(connection: Connection, statement: str, *, become: str | None, owner: str | None) -> tuple[Trial, bool]:
    """Return what came of a statement, and whether the guard has noted it."""
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL application_name = 'aman guard test'")
        _run(connection, STAGE)
        _run(connection, "UPDATE amankan_guard.permit SET revoked_at = pg_catalog.clock_timestamp() WHERE revoked_at IS NULL")
        _cover(connection)
        if become is not None:
            _hand_over(connection, become, owner=owner or become)
        return _try(connection, statement)


def _cover(connection: Connection) -> None:
    """Where no event trigger did it, the trial's tables get their triggers like those of an installation."""
    _run(
        connection,
        "SELECT amankan_guard.cover(c.oid) FROM pg_catalog.pg_class c, amankan_guard.state s"
        " WHERE c.relnamespace = 'amankan_trial'::pg_catalog.regnamespace AND c.relkind = 'r' AND s.level <> 'watch'"
        " AND NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger WHERE evtname ~ '^amankan_guard_')",
    )


def _hand_over(connection: Connection, role: str, *, owner: str) -> None:
    """The tables belong to whom the app's own belong, and the app's role uses them as it uses its own."""
    app = quoted(role)
    _run(
        connection,
        f"GRANT USAGE, CREATE ON SCHEMA amankan_trial TO {quoted(owner)};"
        f"GRANT USAGE ON SCHEMA amankan_trial TO {app};"
        f"ALTER TABLE amankan_trial.first OWNER TO {quoted(owner)};"
        f"ALTER TABLE amankan_trial.second OWNER TO {quoted(owner)};"
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA amankan_trial TO {app};"
        f"SET LOCAL ROLE {app}",
    )


def _try(connection: Connection, statement: str) -> tuple[Trial, bool]:
    try:
        with connection.transaction(force_rollback=True):
            _run(connection, statement)
    except psycopg.Error as fault:
        said = say("{said}", said=fault.diag.message_primary or str(fault))
        noted = fault.sqlstate == REFUSED_STATES[0]
        return Trial(statement=statement, refused=fault.sqlstate in REFUSED_STATES, answer=said), noted
    return Trial(statement=statement, refused=False, answer=say("it passed")), False


def _on_catalogue(connection: Connection) -> tuple[Trial, ...]:
    """What cannot be tried inside a transaction is read from the catalogue."""
    facts = survey(connection, None)
    statement = f"DROP DATABASE {quoted(facts.database)} WITH (FORCE)"
    passes = say("the database is no template: its owner can drop it")
    answer = say("the database is a template") if facts.is_template else passes
    return (Trial(statement=statement, refused=facts.is_template, answer=answer),)


def _run(connection: Connection, statement: str) -> None:
    connection.execute(sql.SQL(statement))
