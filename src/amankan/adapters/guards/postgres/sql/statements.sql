-- The triggers of every guarded table. The quick ones run with each statement of the app, so they look at
-- one counter and leave; every name in them is qualified, since they run as the app's role. What counts here is
-- how little is done: STABLE spares a snapshot, RETURN NEW (which is null) an expression, and a comparison less is
-- a tenth of a microsecond. See the decision "A plain trigger that does little".
-- The server keeps a session's counters, those of statements that failed too, until it has been idle
-- for a second: the flush lets the next transaction begin at zero. It is asked for before a DELETE works,
-- so that it is asked for even if the DELETE fails.
CREATE FUNCTION amankan_guard.on_flush() RETURNS trigger
LANGUAGE plpgsql STABLE AS $$
BEGIN
    -- flush
    RETURN NEW;
END $$;

CREATE FUNCTION amankan_guard.on_delete() RETURNS trigger
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF pg_catalog.pg_stat_get_xact_tuples_deleted(TG_RELID) OPERATOR(pg_catalog.<>) 1 THEN
        IF pg_catalog.pg_stat_get_xact_tuples_deleted(TG_RELID) OPERATOR(pg_catalog.>) 1
            OR pg_catalog.current_setting('track_counts') OPERATOR(pg_catalog.=) 'off'
        THEN
            PERFORM amankan_guard.judge(TG_RELID, TG_OP, TG_ARGV);
        END IF;
    END IF;
    RETURN NEW;
END $$;

-- An UPDATE runs far more often: its counter is flushed when it has passed 64, so up to 64 rows
-- of the same session's last second may be counted along. It is judged from the fewest rows that can be too many.
CREATE FUNCTION amankan_guard.on_update() RETURNS trigger
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF pg_catalog.pg_stat_get_xact_tuples_updated(TG_RELID) OPERATOR(pg_catalog.>) 64 THEN
        -- flush
        IF pg_catalog.pg_stat_get_xact_tuples_updated(TG_RELID) OPERATOR(pg_catalog.>=) TG_ARGV[4]::pg_catalog.int8 THEN
            PERFORM amankan_guard.judge(TG_RELID, TG_OP, TG_ARGV);
        END IF;
    END IF;
    RETURN NEW;
END $$;

-- For tables of which no more than 64 rows may be updated.
CREATE FUNCTION amankan_guard.on_few() RETURNS trigger
LANGUAGE plpgsql STABLE AS $$
BEGIN
    -- flush
    IF pg_catalog.pg_stat_get_xact_tuples_updated(TG_RELID) OPERATOR(pg_catalog.>=) TG_ARGV[4]::pg_catalog.int8 THEN
        PERFORM amankan_guard.judge(TG_RELID, TG_OP, TG_ARGV);
    END IF;
    RETURN NEW;
END $$;

-- For partitioned tables and parents: their rows are counted below them.
CREATE FUNCTION amankan_guard.on_tree() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    -- flush
    PERFORM amankan_guard.judge(TG_RELID, TG_OP, TG_ARGV);
    RETURN NULL;
END $$;

-- Where the server does not count (track_counts is off): the rows themselves, added up by transaction.
CREATE FUNCTION amankan_guard.on_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    now_taken bigint;
BEGIN
    SELECT count(*) INTO now_taken FROM taken_rows;
    IF now_taken > 0 THEN
        DELETE FROM amankan_guard.tally WHERE transaction < pg_snapshot_xmin(pg_current_snapshot());
        INSERT INTO amankan_guard.tally AS t (transaction, relation, verb, taken)
        VALUES (pg_current_xact_id(), TG_RELID, TG_OP, now_taken)
        ON CONFLICT (transaction, relation, verb) DO UPDATE SET taken = t.taken + excluded.taken
        RETURNING taken INTO now_taken;
        PERFORM amankan_guard.weigh(TG_RELID, TG_OP, TG_ARGV, now_taken);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION amankan_guard.on_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    object_name constant text := TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME;
BEGIN
    -- What has no page holds nothing, not even for another session: the table is locked by now.
    IF pg_relation_size(TG_RELID) > 0 AND NOT amankan_guard.passes(TG_OP, object_name) THEN
        PERFORM amankan_guard.refuse('truncate', TG_OP, TG_RELID, object_name, NULL, 'it would empty the table');
    END IF;
    RETURN NULL;
END $$;
