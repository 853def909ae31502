-- Nobody has a right here that is not written below, whatever default privileges gave when the room was made.
DO $$
DECLARE
    given record;
BEGIN
    FOR given IN
        SELECT format('%s amankan_guard.%I', CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relname) AS object, grantee
        FROM pg_catalog.pg_class, pg_catalog.aclexplode(relacl)
        WHERE relnamespace = 'amankan_guard'::pg_catalog.regnamespace AND relkind IN ('r', 'S') AND grantee <> relowner
        UNION
        SELECT format('FUNCTION %s', p.oid::pg_catalog.regprocedure), grantee
        FROM pg_catalog.pg_proc p, pg_catalog.aclexplode(coalesce(proacl, pg_catalog.acldefault('f', proowner)))
        WHERE pronamespace = 'amankan_guard'::pg_catalog.regnamespace AND grantee <> proowner
        UNION
        SELECT 'SCHEMA amankan_guard', grantee FROM pg_catalog.pg_namespace, pg_catalog.aclexplode(nspacl)
        WHERE nspname = 'amankan_guard' AND grantee <> nspowner
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %s', given.object,
            CASE WHEN given.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(given.grantee)) END);
    END LOOP;
END $$;

-- A dump by any role takes the guard along, so any role may read here; what is kept holds no row of the app.
GRANT USAGE ON SCHEMA amankan_guard TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA amankan_guard TO PUBLIC;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA amankan_guard TO PUBLIC;

-- The app's role calls two functions itself, from triggers that run as that role. Nobody may write a refusal or a passage
-- by hand. Triggers ask for no right when they fire.
GRANT EXECUTE ON FUNCTION amankan_guard.judge(oid, text, text[]) TO PUBLIC;
DO $$
BEGIN
    IF pg_catalog.to_regprocedure('amankan_guard.begin_command(text, name)') IS NOT NULL THEN
        GRANT EXECUTE ON FUNCTION amankan_guard.begin_command(text, name) TO PUBLIC;
    END IF;
END $$;
