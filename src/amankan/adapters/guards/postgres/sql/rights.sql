-- The app's role calls one function itself, from triggers that run as that role (and later one from an event trigger). Nobody may write a refusal
-- or a passage by hand. Triggers ask for no right when they fire.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA amankan_guard FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amankan_guard.judge(oid, text, text[], bigint) TO PUBLIC;
