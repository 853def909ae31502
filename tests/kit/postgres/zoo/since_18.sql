create table zoo.computed_when_read (
    id int primary key, a int, twice int generated always as (a * 2) virtual, text text generated always as ('<' || a::text || '>') virtual
);
insert into zoo.computed_when_read values (1, 1), (2, null);
create table zoo.without_overlap (
    room int4range, during tstzrange, constraint no_overlap primary key (room, during without overlaps)
);
insert into zoo.without_overlap values ('[1,2)', '[2026-01-01,2026-02-01)');
create table zoo.within (
    room int4range, during tstzrange, foreign key (room, period during) references zoo.without_overlap (room, period during)
);
insert into zoo.within values ('[1,2)', '[2026-01-05,2026-01-06)');
create table zoo.named_not_null (
    a int constraint a_given not null, b int constraint b_given not null no inherit, c int constraint c_unforced check (c > 0) not enforced
);
alter table zoo.named_not_null add column d int;
alter table zoo.named_not_null add constraint d_given not null d not valid;
alter table zoo.named_not_null add column e bigint constraint unforced references zoo.customer not enforced;
create publication zoo_generated for table zoo.customer with (publish_generated_columns = stored);
create table zoo_values.newer_key (id uuid primary key default uuidv7());
insert into zoo_values.newer_key values ('0190163d-8694-739b-aea5-966c26f8ad91');
