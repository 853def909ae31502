create table zoo_parts.numbered (id bigint generated always as identity, a int) partition by list (a);
create table zoo_parts.numbered_1 partition of zoo_parts.numbered for values in (1);
insert into zoo_parts.numbered (a) values (1);
grant maintain on zoo.many to zoo_app;
create event trigger zoo_login on login execute function zoo.seen_event();
alter event trigger zoo_login disable;
create table zoo_values.interval_infinite (id int primary key, span interval);
insert into zoo_values.interval_infinite values (1, 'infinity'), (2, '-infinity');
create collation zoo.built_in (provider = builtin, locale = 'C.UTF-8');
