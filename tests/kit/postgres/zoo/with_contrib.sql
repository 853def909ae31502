create schema zoo_extensions;
create extension pg_trgm schema zoo_extensions;
create extension hstore schema zoo_extensions;
create extension citext schema zoo_extensions;
create extension btree_gist schema zoo_extensions;
create extension pgcrypto schema zoo_extensions;
create extension "uuid-ossp" schema zoo_extensions;
create extension unaccent schema zoo_extensions;
create extension ltree schema zoo_extensions;
create extension intarray schema zoo_extensions;
create extension pg_stat_statements schema zoo_extensions;
create extension postgres_fdw schema zoo_extensions;
comment on extension hstore is 'a comment of ours';
create table zoo.extended (
    id uuid primary key default zoo_extensions.uuid_generate_v4(),
    pairs zoo_extensions.hstore, folded zoo_extensions.citext unique, path zoo_extensions.ltree, room int, during tsrange,
    hidden bytea, exclude using gist (room with =, during with &&)
);
create index extended_similar on zoo.extended using gin ((folded::text) zoo_extensions.gin_trgm_ops);
create index extended_near on zoo.extended using gist (path, pairs zoo_extensions.gist_hstore_ops);
insert into zoo.extended values
    ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a=>1, "b c"=>NULL, d=>"NULL", ""=>""', 'MiXed', 'a.b.c', 1, '[2026-01-01,2026-01-02)', '\x00'),
    ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', '', '', '', 1, '[2026-01-02,2026-01-03)', null);
create server zoo_near foreign data wrapper postgres_fdw options (host 'near.invalid', dbname 'x');
create user mapping for zoo_app server zoo_near options (user 'u', password 'zoo-near-password');
create foreign table zoo.near (id int) server zoo_near options (schema_name 'public', table_name 'near');
