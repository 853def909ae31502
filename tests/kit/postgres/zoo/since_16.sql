create table zoo.stored (a text storage external, b text storage main);
grant zoo_owner to zoo_reader with inherit false, set true;
create subscription zoo_follows_any connection 'host=far.invalid' publication there with (connect = false, slot_name = none, enabled = false, origin = none);
create table zoo_values.json_number (id int primary key, number numeric);
insert into zoo_values.json_number values (1, 0x1F), (2, 1_000_000), (3, 0b101);
