-- A made-up business: wide and narrow rows, texts that repeat, documents that do not. Usage: psql -v million=1.0
set synchronous_commit = off;
set maintenance_work_mem = '256MB';
select setseed(0.25);
create table words as
    select n as place, string_agg(substr(md5((n * 31 + k)::text), 1, 3 + (n * k) % 7), ' ') as phrase
    from generate_series(0, 1999) n, generate_series(1, 12) k group by n;
create table customer as
    select n as id, 'C' || lpad(n::text, 8, '0') as code, initcap(w.phrase) as name, md5(n::text) || '@example.org' as email,
        (n % 1000000) / 7.0::numeric(12, 2) as credit, timestamptz '2020-01-01' + n * interval '97 s' as made, n % 9 > 0 as active
    from generate_series(1, (100000 * :million)::int) n join words w on w.place = n % 2000;
create table bill as
    select n::bigint as id, md5(n::text)::uuid as key, 'B/' || n as code, 1 + n % (100000 * :million)::int as customer, w.phrase as address,
        (array['draft', 'sent', 'paid', 'late'])[1 + n % 4] as state, date '2020-01-01' + (n % 2000) as day,
        timestamptz '2020-01-01' + n * interval '61 s' as made, (n::int8 * 7919 % 100000007) / 100.0 as net, (n::int8 * 7919 % 100000007) / 500.0 as tax,
        case when n % 3 = 0 then v.phrase end as note, jsonb_build_object('way', n % 5, 'from', '10.0.' || n % 255 || '.' || n % 251) as more,
        n % 40 as made_by, n % 97 = 0 as gone
    from generate_series(1, (1500000 * :million)::int) n join words w on w.place = n % 2000 join words v on v.place = n * 7 % 2000;
create table line as
    select n::bigint as id, 1 + n / 3::bigint as bill, (n % 20000)::int as article, (n % 4)::smallint as place, 'thing ' || n % 400 as text,
        1 + n % 20 as amount, (n::int8 * 31 % 10000019) / 100.0 as price, 11.00::numeric(4, 2) as tax
    from generate_series(1, (6000000 * :million)::int) n;
create table event as
    select n::bigint as id, timestamptz '2020-01-01' + n * interval '13 s' as at, n % 40 as who, w.phrase as what,
        json_build_object('field', 'state', 'old', n % 6, 'new', n % 5, 'from', '10.1.' || n % 255 || '.1') as change
    from generate_series(1, (2000000 * :million)::int) n join words w on w.place = n * 3 % 2000;
create table document as
    select n as id, w.phrase as title, repeat(w.phrase || ' ' || v.phrase || ' ', 9) as text,
        (select string_agg(sha512((n || ':' || k)::bytea), ''::bytea) from generate_series(1, 5 + n % 60) k) as file
    from generate_series(1, (150000 * :million)::int) n join words w on w.place = n % 2000 join words v on v.place = n * 11 % 2000;
drop table words;
alter table customer add primary key (id);
alter table bill add primary key (id), add foreign key (customer) references customer;
alter table line add primary key (id);
alter table event add primary key (id);
alter table document add primary key (id);
create index on bill (code);
create index on bill (day);
create index on line (bill);
create index on event (what, at);
vacuum (analyze, freeze);
checkpoint;
