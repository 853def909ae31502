set client_min_messages = error;
-- Roles belong to the whole server: several zoos on one server share them.
do $$
begin
    perform pg_advisory_xact_lock(4242);
    if not exists (select from pg_roles where rolname = 'zoo_owner') then
        create role zoo_owner nologin;
        create role zoo_group nologin noinherit;
        create role zoo_reader login password 'reader' connection limit 7 valid until '2099-12-31';
        create role zoo_app login password 'app' in role zoo_group;
        create role zoo_guarded login password 'guarded';
        create role "zoo ""a'b;drop role zoo_app;--" nologin;
        grant zoo_owner to zoo_app with admin option;
        alter role zoo_app set statement_timeout = '17min';
        alter role zoo_app set search_path = zoo, public;
        alter role zoo_reader set default_transaction_read_only = on;
        comment on role zoo_owner is 'owns the zoo';
    end if;
end
$$;
