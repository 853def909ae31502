-- Rows of this relation, and of those below it, that the running transaction has taken (or put in).
CREATE FUNCTION amankan_guard.counted(relation oid, verb text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (
        WITH RECURSIVE tree(part) AS (
            SELECT relation UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.part
        )
        SELECT sum(CASE verb
            WHEN 'DELETE' THEN pg_stat_get_xact_tuples_deleted(part)
            WHEN 'INSERT' THEN pg_stat_get_xact_tuples_inserted(part)
            ELSE pg_stat_get_xact_tuples_updated(part) END)
        FROM tree);
END $$;

-- What the server thinks the relation held before this transaction; 0 when it does not know.
CREATE FUNCTION amankan_guard.estimated(relation oid) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    leaf oid;
    live bigint := CASE WHEN current_setting('server_version_num')::integer >= 150000
        THEN pg_stat_get_live_tuples(relation)
        ELSE (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = relation) END;
BEGIN
    FOR leaf IN SELECT inhrelid FROM pg_inherits WHERE inhparent = relation LOOP
        live := live + amankan_guard.estimated(leaf);
    END LOOP;
    RETURN coalesce(live, 0);
END $$;

-- Does the relation hold at least this many rows now? Reads no further than needed;
-- by the server's estimate where the rows may not be read.
CREATE FUNCTION amankan_guard.holds(relation oid, rows bigint, taken bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET row_security = off AS $$
DECLARE
    found bigint;
    live constant bigint := amankan_guard.estimated(relation);
BEGIN
    -- An estimate may be twice too high, or as old as the last ANALYZE: small tables are read.
    IF live > greatest(4 * (rows + taken), 50000) THEN
        RETURN true;
    END IF;
    EXECUTE format('SELECT count(*) FROM (SELECT FROM %s LIMIT %s) AS found', relation::regclass, rows) INTO found;
    RETURN found >= rows;
EXCEPTION WHEN insufficient_privilege THEN
    RETURN live - taken >= rows;
END $$;

-- Does this transaction still run? A number of an earlier round of the counter may lie in the future.
CREATE FUNCTION amankan_guard.running(transaction bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN pg_xact_status(transaction::text::xid8) = 'in progress';
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN false;
END $$;

-- Rows of a small relation that this transaction wrote and that are still there: a row updated
-- a hundred times is one row. A row that we see and whose writer still runs is our own.
CREATE FUNCTION amankan_guard.written(relation oid) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET row_security = off AS $$
DECLARE
    found bigint;
BEGIN
    EXECUTE format($sql$
        SELECT coalesce(sum(rows), 0) FROM (
            SELECT (r.xmin::text::bigint - $1 %% 4294967296 + 4294967296) %% 4294967296 AS later, count(*) AS rows
            FROM %s AS r GROUP BY 1
        ) AS row_age
        WHERE CASE WHEN later < 2147483648 THEN amankan_guard.running($1 + later) END
        $sql$, relation::regclass) INTO found USING pg_current_xact_id()::text::bigint;
    RETURN found;
EXCEPTION WHEN insufficient_privilege THEN
    RETURN 9223372036854775807;
END $$;

-- Judge what the running transaction has done to a relation so far, by the server's counters, or by the rows that were
-- counted otherwise. Limits, from 0 on as in TG_ARGV: rows, share, share from, last rows.
CREATE FUNCTION amankan_guard.weigh(relation oid, verb text, limits text[], tallied bigint)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    most constant bigint := nullif(limits[0], '');
    share constant double precision := nullif(limits[1], '');
    share_from constant bigint := nullif(limits[2], '');
    last_rows constant bigint := nullif(limits[3], '');
    taken bigint := coalesce(tallied, amankan_guard.counted(relation, verb));
    moved bigint := 0;
    own bigint;
    written bigint;
    rule text;
    reason text;
    object_name constant text := (SELECT n.nspname || '.' || c.relname
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation);
BEGIN
    IF tallied IS NULL AND current_setting('track_counts') = 'off' THEN
        rule := 'blind';
        reason := 'rows cannot be counted while track_counts is off';
    ELSE
        IF verb = 'UPDATE' AND tallied IS NULL THEN
            -- A row that an update moves to another partition is counted as deleted there and inserted here.
            IF (SELECT relkind = 'p' FROM pg_class WHERE oid = relation) THEN
                moved := least(amankan_guard.counted(relation, 'DELETE'), amankan_guard.counted(relation, 'INSERT'));
            END IF;
            taken := taken + moved;
        END IF;
        IF taken > most THEN
            rule := lower(verb) || '-rows';
            reason := format('the transaction takes %s rows, the limit is %s', taken, most);
        ELSE
            -- Rows that the transaction put in itself are its own, as far as shares go. The server counts along
            -- what the session put in within its last second, and what was rolled back: so not for the last rows.
            own := taken - (amankan_guard.counted(relation, 'INSERT') - moved);
            IF verb = 'DELETE' AND taken > last_rows AND NOT amankan_guard.holds(relation, 1, taken) THEN
                rule := 'delete-last';
                reason := 'nothing would be left of it';
            ELSIF verb = 'DELETE' AND share < 1 AND taken >= share_from AND own < taken
                AND NOT amankan_guard.holds(relation, ceil(taken * (1 - share) / share)::bigint + taken - own, taken)
            THEN
                -- Those of its own that are still there were not deleted: they neither excuse others nor are what is left.
                written := amankan_guard.written(relation);
                own := least(taken, own + written);
                IF own >= share_from
                    AND NOT amankan_guard.holds(relation, ceil(own * (1 - share) / share)::bigint + written, taken)
                THEN
                    rule := 'delete-share';
                    reason := format('the transaction takes %s rows, more than %s %% of the table', own, round(share * 100));
                END IF;
            ELSIF share < 1 AND own >= share_from THEN
                IF verb = 'DELETE' AND NOT amankan_guard.holds(relation, ceil(own * (1 - share) / share)::bigint, taken)
                OR verb = 'UPDATE' AND NOT amankan_guard.holds(relation, ceil(own / share)::bigint, 0)
                    AND (tallied IS NOT NULL
                        OR amankan_guard.written(relation) - (taken - own) >= greatest(share_from, own * share))
                THEN
                    rule := lower(verb) || '-share';
                    reason := format('the transaction takes %s rows, more than %s %% of the table', own, round(share * 100));
                END IF;
            END IF;
        END IF;
    END IF;
    IF rule IS NOT NULL AND NOT amankan_guard.passes(verb, object_name) THEN
        PERFORM amankan_guard.refuse(rule, verb, relation, object_name, taken, reason);
    END IF;
END $$;

-- What the triggers that run as the app's role may ask for: a judgement by the server's own counters.
CREATE FUNCTION amankan_guard.judge(relation oid, verb text, limits text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM amankan_guard.weigh(relation, verb, limits, NULL);
END $$;
