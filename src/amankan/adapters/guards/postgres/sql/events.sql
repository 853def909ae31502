-- What DROP, ALTER and CREATE do is seen here, whoever does it. These functions belong to the superuser
-- who installed them: only such a one may have event triggers.

-- A witness is written before a command that could take the guard itself along. As long as its check is
-- outstanding the server refuses to drop the witness's table; at the end of the transaction the check looks,
-- and takes the witness back. Where even the check is gone, the witness has no business here, by its foreign key.
CREATE TABLE amankan_guard.nobody (id bigint PRIMARY KEY);
CREATE TABLE amankan_guard.witness (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    CONSTRAINT "the guard would be gone" FOREIGN KEY (id) REFERENCES amankan_guard.nobody DEFERRABLE INITIALLY DEFERRED
);

CREATE FUNCTION amankan_guard.testify() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM amankan_guard.witness WHERE id = NEW.id;
    IF (SELECT count(*) FROM pg_event_trigger WHERE evtname LIKE E'amankan\\_guard\\_%' AND evtenabled = 'A') < 4 THEN
        PERFORM amankan_guard.refuse('tamper', 'DROP FUNCTION', NULL, 'amankan_guard', NULL,
            'it would take a part of the guard away');
    END IF;
    RETURN NULL;
END $$;

-- Triggers of one row run in the order of their names: this one before the server's own of the foreign key.
CREATE CONSTRAINT TRIGGER "A testify" AFTER INSERT ON amankan_guard.witness
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION amankan_guard.testify();
ALTER TABLE amankan_guard.witness ENABLE ALWAYS TRIGGER "A testify";

-- Before a command: leave a witness; and tell a role that owns nothing here, in our words and with a record,
-- what the server would refuse without either. Not where a command asks IF EXISTS: what it names may not exist.
CREATE FUNCTION amankan_guard.begin_command(verb text, role_name name) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF verb IN ('DROP FUNCTION', 'DROP PROCEDURE', 'DROP ROUTINE', 'DROP SCHEMA', 'DROP EXTENSION',
        'DROP LANGUAGE', 'DROP OWNED') THEN
        -- A session may have asked for its checks at once; this one looks when all is done.
        SET CONSTRAINTS amankan_guard."A testify", amankan_guard."the guard would be gone" DEFERRED;
        INSERT INTO amankan_guard.witness DEFAULT VALUES;
    END IF;
    IF verb IN ('DROP TABLE', 'DROP SCHEMA', 'DROP SEQUENCE', 'DROP OWNED', 'DROP TYPE', 'DROP TRIGGER',
        'ALTER TABLE', 'ALTER TRIGGER', 'DROP EXTENSION', 'DROP FUNCTION')
        AND (SELECT level = 'deny' FROM amankan_guard.state)
        AND coalesce(current_query(), '') !~* 'if[[:space:]]+exists'
        AND NOT EXISTS (
            SELECT FROM pg_shdepend d
            WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o' AND d.classid <> 'pg_largeobject'::regclass
              AND d.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
              AND pg_has_role(role_name, d.refobjid, 'USAGE'))
        AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = role_name)
    THEN
        PERFORM amankan_guard.refuse('owner', verb, NULL, 'database ' || current_database(), NULL,
            format('role %s owns nothing here', role_name));
    END IF;
END $$;

CREATE FUNCTION amankan_guard.on_begin() RETURNS event_trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM amankan_guard.begin_command(TG_TAG, current_user);
END $$;

-- After a drop: nothing that held rows is gone, and nothing of the guard.
CREATE FUNCTION amankan_guard.on_drop() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    dropped record;
    table_name text;
BEGIN
    FOR dropped IN SELECT * FROM pg_event_trigger_dropped_objects() LOOP
        CONTINUE WHEN dropped.is_temporary;
        IF dropped.schema_name = 'amankan_guard' AND dropped.object_type <> 'trigger'
            OR dropped.object_type = 'schema' AND dropped.object_name = 'amankan_guard'
            OR dropped.object_type = 'trigger' AND dropped.address_names[3] LIKE E'amankan\\_guard\\_%'
                AND to_regclass(format('%I.%I', dropped.address_names[1], dropped.address_names[2])) IS NOT NULL
                AND amankan_guard.ours(to_regclass(format('%I.%I', dropped.address_names[1], dropped.address_names[2])))
        THEN
            PERFORM amankan_guard.refuse('tamper', TG_TAG, NULL, dropped.object_identity, NULL, 'it is a part of the guard');
        END IF;
        CONTINUE WHEN dropped.object_type NOT IN ('table', 'table column', 'schema', 'sequence', 'composite type column');
        CONTINUE WHEN dropped.object_type = 'sequence' AND NOT dropped.original;
        table_name := CASE dropped.object_type WHEN 'schema' THEN dropped.object_name
            ELSE dropped.address_names[1] || '.' || dropped.address_names[2] END;
        CONTINUE WHEN dropped.object_type <> 'schema' AND (amankan_guard.ruled(table_name)).free;
        IF NOT amankan_guard.passes(TG_TAG, table_name) THEN
            PERFORM amankan_guard.refuse('drop', TG_TAG, NULL, table_name, NULL,
                format('it would drop the %s %s', dropped.object_type, dropped.object_identity));
        END IF;
    END LOOP;
END $$;

-- Before a table is written anew: a change of type may lose, and an unlogged table is emptied by a crash.
CREATE FUNCTION amankan_guard.on_rewrite() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    relation constant oid := pg_event_trigger_table_rewrite_oid();
    reason constant integer := pg_event_trigger_table_rewrite_reason();
    table_name constant text := (SELECT n.nspname || '.' || c.relname
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation);
    why text;
BEGIN
    IF NOT amankan_guard.ours(relation) OR pg_relation_size(relation) = 0 THEN
        RETURN;
    END IF;
    why := CASE
        WHEN reason & 4 <> 0 THEN 'the change of a column''s type may lose what it holds'
        WHEN reason & 1 <> 0 AND (SELECT relpersistence = 'p' FROM pg_class WHERE oid = relation)
            THEN 'an unlogged table is emptied by a crash' END;
    IF why IS NOT NULL AND NOT amankan_guard.passes(TG_TAG, table_name) THEN
        PERFORM amankan_guard.refuse('rewrite', TG_TAG, relation, table_name, NULL, why);
    END IF;
END $$;

-- A table that has the guard's triggers and that they would no longer be wanted on: by a new name that a rule leaves
-- free, below a table that is free, or since an extension took it in. Then nothing would hold its triggers, nor stop its columns from being changed.
CREATE FUNCTION amankan_guard.keep_ours(command text, relation oid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lost record;
BEGIN
    FOR lost IN SELECT c.oid, n.nspname || '.' || c.relname AS name
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE t.tgname = 'amankan_guard_truncate' AND p.pronamespace = 'amankan_guard'::regnamespace
          AND NOT amankan_guard.ours(c.oid)
          AND (keep_ours.relation IS NULL OR c.oid IN (
              WITH RECURSIVE tree(part) AS (
                  SELECT keep_ours.relation UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.part)
              SELECT part FROM tree))
    LOOP
        IF NOT amankan_guard.passes(command, lost.name) THEN
            PERFORM amankan_guard.refuse('tamper', command, lost.oid, lost.name, NULL, 'it would leave the table unguarded');
        END IF;
    END LOOP;
END $$;

-- After a command: what is new is covered, what was changed is whole again, nothing is switched off.
CREATE FUNCTION amankan_guard.on_end() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    command record;
    relation oid;
    disabled name;
BEGIN
    FOR command IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
        CONTINUE WHEN TG_TAG = 'REINDEX';
        IF command.schema_name = 'amankan_guard' THEN
            PERFORM amankan_guard.refuse('tamper', TG_TAG, NULL, command.object_identity, NULL, 'it is a part of the guard');
        END IF;
        CONTINUE WHEN command.in_extension OR (SELECT level = 'watch' FROM amankan_guard.state);
        relation := CASE
            WHEN command.classid = 'pg_class'::regclass AND command.object_type = 'table' THEN command.objid
            WHEN command.classid = 'pg_trigger'::regclass
                THEN (SELECT tgrelid FROM pg_trigger WHERE oid = command.objid) END;
        -- Whatever the ALTER is called: ALTER INDEX renames a table too.
        IF command.object_type = 'table' AND TG_TAG LIKE 'ALTER %' OR TG_TAG IN ('ALTER SCHEMA', 'ALTER EXTENSION', 'CREATE EXTENSION') THEN
            PERFORM amankan_guard.keep_ours(TG_TAG, relation);
        END IF;
        IF TG_TAG IN ('ALTER SCHEMA', 'ALTER EXTENSION') THEN
            PERFORM amankan_guard.cover(c.oid) FROM pg_class c WHERE amankan_guard.ours(c.oid);
        END IF;
        CONTINUE WHEN relation IS NULL OR NOT amankan_guard.ours(relation);
        SELECT l.trigger_name INTO disabled FROM amankan_guard.lacking(relation) l
        WHERE l.enabled IN ('D', 'R')
          AND NOT amankan_guard.passes(TG_TAG, (SELECT n.nspname || '.' || c.relname
              FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation));
        IF FOUND THEN
            PERFORM amankan_guard.refuse('tamper', TG_TAG, relation, relation::regclass::text, NULL,
                format('it would switch off the trigger %s', disabled));
        END IF;
        -- Under a permit other triggers may stay off. The guard's own are on again at once: they let pass what is permitted,
        -- and nobody would think of them when it has ended.
        CONTINUE WHEN TG_TAG = 'CREATE TRIGGER' AND EXISTS (
            SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
            WHERE t.oid = command.objid AND p.pronamespace = 'amankan_guard'::regnamespace AND t.tgenabled = 'O');
        PERFORM amankan_guard.cover(relation);
        PERFORM amankan_guard.cover(inhparent) FROM pg_inherits WHERE inhrelid = relation;
        -- A table that is no parent any more counts its own rows again.
        PERFORM amankan_guard.cover(t.tgrelid) FROM pg_trigger t
        WHERE t.tgfoid = 'amankan_guard.on_tree'::regproc AND t.tgname = 'amankan_guard_delete'
          AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = t.tgrelid)
          AND (SELECT relkind = 'r' FROM pg_class WHERE oid = t.tgrelid);
    END LOOP;
END $$;

CREATE EVENT TRIGGER amankan_guard_begin ON ddl_command_start EXECUTE FUNCTION amankan_guard.on_begin();
CREATE EVENT TRIGGER amankan_guard_drop ON sql_drop EXECUTE FUNCTION amankan_guard.on_drop();
CREATE EVENT TRIGGER amankan_guard_rewrite ON table_rewrite EXECUTE FUNCTION amankan_guard.on_rewrite();
CREATE EVENT TRIGGER amankan_guard_end ON ddl_command_end EXECUTE FUNCTION amankan_guard.on_end();
ALTER EVENT TRIGGER amankan_guard_begin ENABLE ALWAYS;
ALTER EVENT TRIGGER amankan_guard_drop ENABLE ALWAYS;
ALTER EVENT TRIGGER amankan_guard_rewrite ENABLE ALWAYS;
ALTER EVENT TRIGGER amankan_guard_end ENABLE ALWAYS;
