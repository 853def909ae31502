-- What pg_dump of a database leaves out, or says only with --create.
do $$
declare
    here text := quote_ident(current_database());
begin
    execute 'comment on database ' || here || ' is ''a zoo''''s database''';
    execute 'alter database ' || here || ' set work_mem = ''5MB''';
    execute 'alter database ' || here || ' set search_path = zoo, public, "with ""quote"';
    execute 'alter database ' || here || ' set zoo.setting = ''it''''s; \ here''';
    execute 'alter database ' || here || ' connection limit 55';
    execute 'alter role zoo_app in database ' || here || ' set lock_timeout = ''3s''';
    execute 'alter role zoo_app in database ' || here || ' set search_path = zoo_parts, zoo';
    execute 'alter role zoo_reader in database ' || here || ' set "TimeZone" = ''Asia/Jakarta''';
    execute 'revoke temporary, connect on database ' || here || ' from public';
    execute 'grant connect on database ' || here || ' to zoo_reader, zoo_guarded';
    execute 'grant create, connect, temporary on database ' || here || ' to zoo_app with grant option';
end
$$;
