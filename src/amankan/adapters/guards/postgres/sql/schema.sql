-- The guard's own room: what it is, its limits, its leaves, and the ring in which refusals are kept.
CREATE SCHEMA amankan_guard;

-- One row: which guard this is and which database it was installed in.
CREATE TABLE amankan_guard.state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    format integer NOT NULL,
    level text NOT NULL CHECK (level IN ('watch', 'limit', 'deny')),
    app_role text,
    owner_role text,
    system_identifier text NOT NULL,
    database_oid oid NOT NULL,
    database_name text NOT NULL,
    installed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Limits by table name; '*' stands for any run of characters; the longest pattern that fits wins.
CREATE TABLE amankan_guard.rule (
    pattern text PRIMARY KEY,
    free boolean NOT NULL DEFAULT false,
    delete_rows bigint,
    delete_share double precision,
    delete_share_from_rows bigint NOT NULL DEFAULT 10,
    delete_last_rows bigint NOT NULL DEFAULT 1,
    update_rows bigint,
    update_share double precision,
    update_share_from_rows bigint NOT NULL DEFAULT 100
);

-- Leaves to pass. Bound to one database of one cluster, so that a copy brings none along.
CREATE TABLE amankan_guard.permit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    why text NOT NULL CHECK (why <> ''),
    tables text[],
    role_name text,
    run text,
    granted_by text NOT NULL DEFAULT session_user,
    granted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    system_identifier text NOT NULL,
    database_oid oid NOT NULL
);

-- What was done under a permit; these transactions commit, so a plain row is enough.
CREATE TABLE amankan_guard.passage (
    permit bigint NOT NULL,
    transaction xid8 NOT NULL,
    verb text NOT NULL,
    object text NOT NULL,
    role_name text NOT NULL,
    passed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (permit, transaction, verb, object)
);

-- What the installation changed outside this schema, and the statement that takes it back.
CREATE TABLE amankan_guard.change (
    number integer PRIMARY KEY,
    kind text NOT NULL,
    object text NOT NULL,
    undo text NOT NULL
);

-- Rows taken by the running transaction, where the server does not count them (track_counts is off).
CREATE TABLE amankan_guard.tally (
    transaction xid8 NOT NULL,
    relation oid NOT NULL,
    verb text NOT NULL,
    taken bigint NOT NULL,
    PRIMARY KEY (transaction, relation, verb)
);

-- A refusal rolls its transaction back, and a row would go with it; the value of a sequence stays.
-- So the last 16 refusals are kept as 96 bytes each, in twelve sequences of eight bytes.
CREATE SEQUENCE amankan_guard.refusal;
DO $$
BEGIN
    FOR slot IN 0..15 LOOP
        FOR part IN 0..11 LOOP
            EXECUTE pg_catalog.format(
                'CREATE SEQUENCE amankan_guard.refusal_%s_%s MINVALUE -9223372036854775808', slot, part);
        END LOOP;
    END LOOP;
END $$;
