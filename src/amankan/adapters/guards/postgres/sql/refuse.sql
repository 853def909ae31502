-- Is there a leave for this object (null: for everything) in this database, for this role and run, now?
CREATE FUNCTION amankan_guard.permitted(object text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.id FROM amankan_guard.permit p
    WHERE p.revoked_at IS NULL
      AND p.expires_at > clock_timestamp()
      AND p.database_oid = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (p.role_name IS NULL OR p.role_name = session_user)
      AND (p.run IS NULL OR p.run = current_setting('application_name'))
      AND (p.tables IS NULL OR permitted.object = ANY (p.tables))
      AND p.system_identifier = (SELECT s.system_identifier::text FROM pg_control_system() s)
    ORDER BY p.id LIMIT 1
$$;

-- The changes of a publisher come in through a worker of the server; stopping them would stop replication.
CREATE FUNCTION amankan_guard.replicating() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT current_query() IS NULL AND EXISTS (
        SELECT FROM pg_stat_activity WHERE pid = pg_backend_pid() AND backend_type LIKE 'logical replication%')
$$;

-- May this pass? True leaves a trace of the passage.
CREATE FUNCTION amankan_guard.passes(verb text, object text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    leave bigint := amankan_guard.permitted(object);
BEGIN
    IF leave IS NULL THEN
        RETURN amankan_guard.replicating();
    END IF;
    INSERT INTO amankan_guard.passage (permit, transaction, verb, object, role_name)
    VALUES (leave, pg_current_xact_id(), passes.verb, coalesce(passes.object, '*'), session_user)
    ON CONFLICT DO NOTHING;
    RETURN true;
END $$;

-- Bytes cut or filled with zeros to exactly this length.
CREATE FUNCTION amankan_guard.padded(bytes bytea, size integer) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT substr(bytes || decode(repeat('00', size), 'hex'), 1, size)
$$;

-- Keep one refusal in the ring and return its number. No row data.
CREATE FUNCTION amankan_guard.note(rule text, verb text, object oid, taken bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rules constant text[] := ARRAY['drop', 'rewrite', 'truncate', 'delete-rows', 'delete-share', 'delete-last',
        'update-rows', 'update-share', 'tamper', 'blind', 'owner'];
    verbs constant text[] := ARRAY['DELETE', 'UPDATE', 'TRUNCATE', 'DROP TABLE', 'ALTER TABLE', 'DROP SCHEMA',
        'DROP OWNED', 'DROP TYPE', 'ALTER TYPE', 'DROP SEQUENCE', 'DROP EXTENSION', 'DROP FUNCTION',
        'DROP TRIGGER', 'DROP DOMAIN'];
    number constant bigint := nextval('amankan_guard.refusal');
    record bytea;
BEGIN
    record := int8send((extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
        || oidsend(coalesce(object, 0::oid))
        || oidsend(coalesce((SELECT oid FROM pg_roles WHERE rolname = session_user), 0::oid))
        || int8send(coalesce(taken, 0))
        || int4send(pg_backend_pid())
        || set_byte(E'\\x00'::bytea, 0, coalesce(array_position(rules, rule), 0))
        || set_byte(E'\\x00'::bytea, 0, coalesce(array_position(verbs, verb), 0))
        || int2send((number % 32768)::smallint);
    record := amankan_guard.padded(record || coalesce(inet_send(inet_client_addr()), ''::bytea), 56);
    record := amankan_guard.padded(record || convert_to(current_setting('application_name'), 'UTF8'), 96);
    FOR part IN 0..11 LOOP
        PERFORM setval(format('amankan_guard.refusal_%s_%s', number % 16, part)::regclass,
            ('x' || encode(substr(record, part * 8 + 1, 8), 'hex'))::bit(64)::bigint);
    END LOOP;
    RETURN number;
END $$;

-- Refuse: recorded, then raised with the rule, the rows, the table and the way out.
CREATE FUNCTION amankan_guard.refuse(rule text, verb text, object oid, object_name text, taken bigint, reason text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number constant bigint := amankan_guard.note(rule, verb, object, taken);
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'AMG01',
        MESSAGE = format('cannot run %s on %s: %s', verb, object_name, reason),
        DETAIL = format('Refused by the guard of database %s: rule %s, %s rows, table %s, refusal %s.',
            current_database(), rule, coalesce(taken::text, 'no count of'), object_name, number),
        HINT = CASE rule
            WHEN 'tamper' THEN 'Nothing was changed. The guard goes by: aman guard remove'
            WHEN 'owner' THEN 'Nothing was changed. Migrations run by: aman update'
            WHEN 'blind' THEN 'Nothing was changed. Set track_counts to on'
            ELSE format('Nothing was changed. If this is meant: aman permit --minutes 15 --why "..." --tables %s',
                CASE WHEN object_name ~ '^[a-z0-9_.]+$' THEN object_name
                    ELSE '''' || replace(object_name, '''', E'''\\''''') || '''' END) END;
END $$;
