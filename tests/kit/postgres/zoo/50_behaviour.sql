create table zoo.account (id int primary key, owner name not null, amount numeric(12, 2));
insert into zoo.account select n, case when n % 10 = 0 then 'zoo_guarded' else 'somebody' end, n * 1.5 from generate_series(1, 100) n;
alter table zoo.account enable row level security;
create policy own on zoo.account as permissive for all to zoo_guarded, zoo_reader using (owner = current_user) with check (amount < 1000);
create policy never_negative on zoo.account as restrictive for update to public using (amount >= 0);
comment on policy own on zoo.account is 'one''s own';
create table zoo.account_forced (id int primary key, owner name);
alter table zoo.account_forced enable row level security, force row level security;
insert into zoo.account_forced values (1, 'zoo_owner');
alter table zoo.account_forced owner to zoo_owner;
create policy unused on zoo.account_forced for select using (false);

create table zoo.log (id int, word text);
create rule logged as on insert to zoo.empty do also insert into zoo.log values (new.id, new.word);
create rule kept as on delete to zoo.of_type where old.number = 1 do instead nothing;
alter table zoo.of_type disable rule kept;
create rule through as on update to zoo.careful do instead update zoo.customer set name = new.name where id = old.id;
comment on rule logged on zoo.empty is 'twice';

create trigger touch before insert or update of word on zoo.log for each row when (new.id > 0) execute function zoo.touched();
create trigger always after delete on zoo.log for each statement execute function zoo.seen_statement();
create trigger replica_only after insert on zoo.log for each row execute function zoo.touched('an argument', E'a\\b''c');
create trigger switched_off before delete on zoo.log for each row execute function zoo.touched();
create trigger changed after update on zoo.log referencing old table as before new table as after for each statement execute function zoo.seen_statement();
create trigger emptied after truncate on zoo.log execute function zoo.seen_statement();
create constraint trigger late after insert on zoo.log deferrable initially deferred for each row execute function zoo.touched();
create trigger instead_of instead of insert on zoo.customers for each row execute function zoo.touched();
create trigger every_part after insert on zoo_parts.event for each row execute function zoo.touched();
alter table zoo.log enable always trigger always, enable replica trigger replica_only, disable trigger switched_off;
alter table zoo_parts.event_2025 disable trigger every_part;
comment on trigger touch on zoo.log is 'first';
insert into zoo.log select n, 'word ' || n from generate_series(1, 10) n;

create event trigger zoo_dropped on sql_drop when tag in ('DROP TABLE', 'DROP SCHEMA') execute function zoo.seen_event();
create event trigger zoo_always on ddl_command_end execute function zoo.seen_event();
create event trigger zoo_off on table_rewrite execute function zoo.seen_event();
alter event trigger zoo_always enable always;
alter event trigger zoo_off disable;
comment on event trigger zoo_dropped is 'nothing is forbidden';
