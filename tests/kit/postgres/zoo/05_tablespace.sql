-- A place within the data directory, which needs no folder of its own; it belongs to the whole server.
set allow_in_place_tablespaces = on;
select 'create tablespace zoo_space owner zoo_owner location '''''
where not exists (select from pg_tablespace where spcname = 'zoo_space') \gexec
create schema zoo_placed;
create table zoo_placed.elsewhere (number int primary key using index tablespace zoo_space) tablespace zoo_space;
insert into zoo_placed.elsewhere select generate_series(1, 5);
