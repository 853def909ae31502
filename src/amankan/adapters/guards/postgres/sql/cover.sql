-- Literals with a backslash are written E'...': they mean the same whatever standard_conforming_strings is.
-- The rule that a table falls under: the longest pattern that fits.
CREATE FUNCTION amankan_guard.ruled(object_name text) RETURNS amankan_guard.rule
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r FROM amankan_guard.rule r
    WHERE object_name LIKE replace(replace(replace(replace(r.pattern, E'\\', E'\\\\'), '%', E'\\%'), '_', E'\\_'), '*', '%')
    ORDER BY length(r.pattern) DESC, r.pattern LIMIT 1
$$;

-- Tables of the app: no system's, no extension's, no session's own, none of the guard itself. What lies below a table
-- that a rule leaves free is free as well: a DELETE that names the upper one takes the rows of the lower ones along.
CREATE FUNCTION amankan_guard.ours(relation oid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = relation AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
          AND n.nspname NOT LIKE E'pg\\_%' AND n.nspname NOT IN ('information_schema', 'amankan_guard')
          AND NOT EXISTS (SELECT FROM pg_depend d
              WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
          AND NOT EXISTS (
              WITH RECURSIVE above(part) AS (
                  SELECT c.oid UNION SELECT i.inhparent FROM pg_inherits i JOIN above ON i.inhrelid = above.part)
              SELECT FROM above JOIN pg_class a ON a.oid = above.part JOIN pg_namespace s ON s.oid = a.relnamespace
              WHERE a.relkind IN ('r', 'p') AND (amankan_guard.ruled(s.nspname || '.' || a.relname)).free))
$$;

-- The triggers that a table must have.
CREATE FUNCTION amankan_guard.wanted(relation oid)
RETURNS TABLE (trigger_name name, verb text, function_name name, arguments text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH facts AS (
        SELECT r.*, EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid) OR c.relkind = 'p' AS parent,
            current_setting('track_counts') = 'off' AS blind
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
            amankan_guard.ruled(n.nspname || '.' || c.relname) AS r
        WHERE c.oid = relation AND amankan_guard.ours(relation)
    )
    SELECT 'amankan_guard_truncate', 'TRUNCATE', 'on_truncate', '{}'::text[] FROM facts
    UNION ALL
    SELECT 'amankan_guard_flush', 'DELETE', 'on_flush', '{}'::text[] FROM facts WHERE NOT blind
    UNION ALL
    SELECT 'amankan_guard_delete', 'DELETE',
        CASE WHEN blind THEN 'on_rows' WHEN parent THEN 'on_tree' ELSE 'on_delete' END,
        ARRAY[coalesce(delete_rows::text, ''), coalesce(delete_share::text, ''),
            delete_share_from_rows::text, delete_last_rows::text] FROM facts
    UNION ALL
    SELECT 'amankan_guard_update', 'UPDATE',
        CASE WHEN blind THEN 'on_rows' WHEN parent THEN 'on_tree' WHEN fewest <= 64 THEN 'on_few' ELSE 'on_update' END,
        ARRAY[coalesce(update_rows::text, ''), coalesce(update_share::text, ''),
            update_share_from_rows::text, '', fewest::text]
    FROM facts, least(update_rows + 1, CASE WHEN update_share < 1 THEN update_share_from_rows END) AS fewest
    WHERE update_rows IS NOT NULL OR update_share < 1
$$;

-- The triggers that are wanted and not as they should be.
CREATE FUNCTION amankan_guard.lacking(relation oid)
RETURNS TABLE (trigger_name name, verb text, function_name name, arguments text[], enabled "char")
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT w.trigger_name, w.verb, w.function_name, w.arguments, t.tgenabled
    FROM amankan_guard.wanted(relation) w
    LEFT JOIN pg_trigger t ON t.tgrelid = relation AND t.tgname = w.trigger_name
    LEFT JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.oid IS NULL OR t.tgenabled <> 'A' OR p.proname <> w.function_name
       -- Of the whole statement, at the right time, for this verb alone and whichever columns it names.
       OR t.tgtype <> CASE WHEN w.function_name IN ('on_truncate', 'on_flush') THEN 2 ELSE 0 END
           + CASE w.verb WHEN 'DELETE' THEN 8 WHEN 'UPDATE' THEN 16 ELSE 32 END
       OR t.tgattr::text <> ''
       OR p.pronamespace <> 'amankan_guard'::regnamespace OR t.tgqual IS NOT NULL
       OR t.tgargs <> coalesce((SELECT string_agg(convert_to(a, 'UTF8') || E'\\x00'::bytea, ''::bytea ORDER BY place)
            FROM unnest(w.arguments) WITH ORDINALITY AS u(a, place)), ''::bytea)
$$;

-- A table has all of its triggers, always enabled. Runs as whoever may make triggers there.
CREATE FUNCTION amankan_guard.cover(relation oid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    missing record;
BEGIN
    FOR missing IN SELECT * FROM amankan_guard.lacking(relation) LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %I %s %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION amankan_guard.%I(%s)',
            missing.trigger_name,
            CASE WHEN missing.function_name IN ('on_truncate', 'on_flush') THEN 'BEFORE' ELSE 'AFTER' END,
            missing.verb, relation::regclass,
            CASE missing.function_name WHEN 'on_rows' THEN 'REFERENCING OLD TABLE AS taken_rows' ELSE '' END,
            missing.function_name,
            (SELECT string_agg(quote_literal(a), ', ') FROM unnest(missing.arguments) a));
    END LOOP;
    FOR missing IN SELECT * FROM amankan_guard.lacking(relation) LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', relation::regclass, missing.trigger_name);
    END LOOP;
END $$;
