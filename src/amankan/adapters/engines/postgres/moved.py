"""
Whether definitions changed while they were read.

The server writes most of a definition from what its catalogue holds now, not from what it held at a snapshot, and a lock on
every table keeps nobody from making a function or a view anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, LiteralString

from psycopg import errors

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.session import Session, connected, row
from amankan.adapters.engines.postgres.survey import Survey

# How often a survey is begun. Where something changes all the time the last one counts, and the proof says whether it is right.
TRIES: Final = 3

# Each version of a row has the number of its transaction; temporary objects come and go and are of no dump.
_STATE: Final[LiteralString] = """
    with held (kind, id, made, schema) as (
        select 'function', oid::text, xmin::text, pronamespace from pg_proc
        union all select 'relation', oid::text, xmin::text, relnamespace from pg_class
        union all select 'type', oid::text, xmin::text, typnamespace from pg_type
        union all select 'constraint', oid::text, xmin::text, connamespace from pg_constraint
        union all select 'operator', oid::text, xmin::text, oprnamespace from pg_operator
        union all select 'column', attrelid || ' ' || attnum, a.xmin::text, c.relnamespace
            from pg_attribute a join pg_class c on c.oid = attrelid where attnum > 0
        union all select 'rule', w.oid::text, w.xmin::text, c.relnamespace from pg_rewrite w join pg_class c on c.oid = ev_class
        union all select 'trigger', t.oid::text, t.xmin::text, c.relnamespace
            from pg_trigger t join pg_class c on c.oid = tgrelid
        union all select 'index', indexrelid::text, i.xmin::text, c.relnamespace
            from pg_index i join pg_class c on c.oid = indrelid
    )
    select count(*), coalesce(sum(hashtextextended(concat_ws(' ', kind, id, made), 0)::numeric), 0)::text
    from held join pg_namespace n on n.oid = schema where nspname !~ '^pg_' and nspname <> 'information_schema'
"""

# What the server says where something is gone that was there at the snapshot.
_GONE: Final = (errors.InternalError_, errors.UndefinedTable, errors.UndefinedFunction, errors.UndefinedObject)


def steady_survey(session: Session, look: Callable[[], Survey], *, address: Address) -> Survey:
    """
    Return a survey during which no definition changed; the third one, whatever changed.

    Raises:
        what the survey raises; where something went away under it, the third time only.
    """
    for _ in range(TRIES - 1):
        try:
            found = look()
        except _GONE:
            session.execute("rollback")
            continue
        if _state(session) == _newest(address):
            return found
        session.execute("rollback")
    return look()


def _state(session: Session) -> tuple[int, str]:
    count, total = row(session, _STATE)
    return int(count), str(total)


def _newest(address: Address) -> tuple[int, str]:
    with connected(address) as session:
        return _state(session)
