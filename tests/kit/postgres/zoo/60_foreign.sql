-- No handler is needed for these to exist; reading from them fails, as from a server that is down.
create foreign data wrapper zoo_wrapper options (debug 'true');
create server zoo_far type 'far' version '1.0' foreign data wrapper zoo_wrapper options (host 'far.invalid', "strange name" 'a''b');
create user mapping for zoo_app server zoo_far options (username 'me', password 'zoo-mapping-password');
create user mapping for public server zoo_far;
create foreign table zoo.far (id int options (column_name 'ID') not null, word text collate "C" default 'w', constraint c check (id > 0))
    server zoo_far options (path '../../etc/x');
comment on foreign table zoo.far is 'unreachable';
comment on server zoo_far is 'far away';

select lo_from_bytea(424201, decode(repeat('00ff10', 1000000), 'hex')), lo_from_bytea(424202, ''), lo_from_bytea(424203, '\x5c2e0a'), lo_from_bytea(424204, 'private');
alter large object 424202 owner to zoo_owner;
alter large object 424204 owner to zoo_app;
grant select, update on large object 424201 to zoo_reader;
comment on large object 424201 is 'three million bytes';
create table zoo.attachment (id int primary key, content oid);
insert into zoo.attachment values (1, 424201), (2, 424202), (3, 424203), (4, 424204);

create publication zoo_some for table zoo.customer, only zoo.parent with (publish = 'insert, update', publish_via_partition_root);
create publication zoo_all for all tables;
create publication zoo_none;
comment on publication zoo_some is 'some';
create subscription zoo_follows connection 'host=far.invalid dbname=x password=zoo-subscription-password' publication there
    with (connect = false, slot_name = none, enabled = false);
