create view zoo.invoker with (security_invoker) as select id from zoo.customer;
create table zoo.one_null (a int unique nulls not distinct, b numeric(3, -2), c numeric(2, 5));
insert into zoo.one_null values (null, 12345, 0.00012), (1, null, null);
create publication zoo_filtered for table zoo.customer (id, name) where (id > 100);
create publication zoo_schemas for tables in schema zoo_values, table zoo.tree;
create table zoo.pair (a int, b int, primary key (a, b));
create table zoo.half_kept (a int, b int, foreign key (a, b) references zoo.pair on delete set null (b));
grant set, alter system on parameter work_mem to zoo_app;
create unique index one_null_both on zoo.one_null (a, b) nulls not distinct;
