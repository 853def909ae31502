-- One table per family of types; the last column of each row says what is special about it.
create schema zoo_values authorization zoo_owner;

create table zoo_values.number (
    id int primary key, small smallint, whole int, big bigint, exact numeric, fixed numeric(12, 4), single real, double float8, cash money, what text
);
insert into zoo_values.number values
    (1, 1, 1, 1, 1.0, 1, 1, 1, 1, 'one decimal'),
    (2, 1, 1, 1, 1.00, 1, 1, 1, 1, 'two decimals: equal, and another text'),
    (3, -32768, -2147483648, -9223372036854775808, -1e100, -99999999.9999, '-3.4028235e38', '-1.7976931348623157e308', '-92233720368547758.08', 'lowest'),
    (4, 32767, 2147483647, 9223372036854775807, 1e-100, 99999999.9999, '1.17549435e-38', '4.9406564584124654e-324', '92233720368547758.07', 'highest and smallest'),
    (5, 0, 0, 0, 'NaN', 'NaN', 'NaN', 'NaN', 0, 'no number'),
    (6, 0, 0, 0, 'Infinity', null, 'Infinity', 'Infinity', 0, 'infinite'),
    (7, 0, 0, 0, '-Infinity', null, '-Infinity', '-Infinity', 0, 'infinite below'),
    (8, 0, 0, 0, -0.0, 0, '-0', '-0', 0, 'minus nothing'),
    (9, 0, 0, 0, 0.1, 0.1, 0.1, 0.30000000000000004, 0, 'needs all its digits'),
    (10, null, null, null, null, null, null, null, null, 'nothing at all');

create table zoo_values.word (id int primary key, text text, short varchar(40), padded char(5), one "char", named name, what text);
insert into zoo_values.word values
    (1, '', '', '', '', '', 'empty'),
    (2, null, null, null, null, null, 'null'),
    (3, '\N', '\N', '\N', '\', '\N', 'what COPY writes for null'),
    (4, '\.', '\.', '\.', '.', '\.', 'what COPY writes at its end'),
    (5, E'\\.\n\\.', E'\n\\.\n', E'\n', E'\n', E'\n', 'the end of COPY on lines of its own'),
    (6, E'\t\r\n\b\f\v\\\x01\x1b[2J\x7f', E'\t', E'\t', E'\t', E'\t', 'control characters'),
    (7, E'\\t \\n \\\\ \\x41 \\101', '\t', '\t', 't', '\t', 'escapes that are not'),
    (8, 'null', 'NULL', 'null', 'n', 'null', 'the word null'),
    (9, ' a ', ' a ', 'a    ', ' ', ' a ', 'spaces before and after'),
    (10, U&'e\0301 \00e9 \200b \202e \feff', U&'\00e9', U&'\00e9', 'e', U&'e\0301', 'one letter written in two ways, and letters that cannot be seen'),
    (11, U&'\+01F600 \+10FFFF \4F60', U&'\+01F600', U&'\4F60', 'u', U&'\+01F600', 'beyond the basic plane'),
    (12, 'İI ıi ß ẞ ﬁ Ǆ', 'ß', 'ß', 's', 'ß', 'case is hard'),
    (13, $$'"`$(id);${jndi:x}{{7*7}}<script>alert(1)</script>=cmd()%s %d {0}$$, '''', '"', '%', '%s', 'hostile'),
    (14, E'COPY zoo.customer FROM stdin;\n--\nSET x = 1;\n\\connect postgres', ';', ';', ';', ';', 'looks like a dump'),
    (15, repeat(E'line\n', 2000), repeat('x', 40), '12345', 'x', repeat('y', 63), 'many lines');

create table zoo_values.moment (
    id int primary key, day date, clock time(3), clock_zone timetz, stamp timestamp, stamp_zone timestamptz, span interval, years interval year to month, what text
);
insert into zoo_values.moment values
    (1, '2026-01-01', '12:34:56.789', '12:34:56+07', '2026-01-01 12:34:56.123456', '2026-01-01 12:34:56.123456+07', '1 day 02:03:04.5', '3 years 2 months', 'plain'),
    (2, 'infinity', '24:00', '00:00-15:59', 'infinity', 'infinity', '-178000000 years', '0', 'infinite'),
    (3, '-infinity', '00:00', '24:00+15:59', '-infinity', '-infinity', '178000000 years', null, 'infinite below'),
    (4, '4713-01-01 BC', '00:00:00.001', '00:00+00', '4713-01-01 00:00:00 BC', '4713-01-02 00:00:00+00 BC', '-1 mons +2 days -00:00:00.000001', '-1 year', 'long ago'),
    (5, '5874897-12-31', null, null, '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999+00', '30 days', null, 'far away'),
    (6, '2026-03-29', null, null, '2026-03-29 02:30:00', '2026-03-29 02:30:00 Europe/Berlin', '1 mon', null, 'an hour that was not'),
    (7, '2026-10-25', null, null, '2026-10-25 02:30:00', '2026-10-25 01:30:00+00', '24:00:00', null, 'an hour that was twice'),
    (8, null, null, null, null, null, '1 day', null, 'a day of 24 hours is another interval');

create table zoo_values.thing (
    id int primary key, yes bool, bytes bytea, doc json, docb jsonb, document xml, key uuid, bits bit(5), more_bits bit varying,
    address inet, net cidr, mac macaddr, mac8 macaddr8, point point, line line, segment lseg, box box, path path, polygon polygon, circle circle,
    vector tsvector, query tsquery, lsn pg_lsn, number oid, relation regclass, transaction xid8, snapshot pg_snapshot, jpath jsonpath
);
insert into zoo_values.thing values
    (1, true, decode(repeat('00', 3) || '5c2e0a5c4e5cff', 'hex'), '{"a":1, "a":2 , "b": [1.0,1.00,null] }', '{"b": 1.00, "a": "\u0001\ud83d\ude00", "": {}}', null,
     'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10101', '', '192.168.0.1/24', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05',
     '(1.5,-0)', '{1,2,3}', '[(0,0),(1,1)]', '(1,1),(0,0)', '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(0,0),1.5>',
     'a:1A b:2,3 ''it''''s''', 'a & !b | (c <-> d:*)', '16/B374D848', 4294967295, 'pg_catalog.pg_class', '18446744073709551615', '10:20:10,14,15', '$.a[*] ? (@ > 1)'),
    (2, false, '', 'null', 'null', null, '00000000-0000-0000-0000-000000000000', '00000', '1', '::1', '::/0', null, null,
     '(NaN,Infinity)', null, null, null, '((0,0),(1,1))', null, '<(0,0),0>', '', '', '0/0', 0, '-', '0', '1:1:', '$'),
    (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
    (4, null, (select string_agg(decode(lpad(to_hex(n), 2, '0'), 'hex'), '' order by n) from generate_series(0, 255) n), '"\u0000 is no text"', '"\\u0000"', null,
     null, null, repeat('10', 500)::bit varying, '2001:db8::1/128', '2001:db8::/32', null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);

create table zoo_values.many (
    id int primary key, numbers int[], square int[][], words text[], dates date[], places zoo.place[], moods zoo.mood[], positives zoo.list_of_positive,
    place zoo.place, nested zoo.nested, span int4range, stamps tstzrange, floats zoo.float_range, words_between zoo.word_range, spans int4multirange, float_spans zoo.float_ranges
);
insert into zoo_values.many values
    (1, '{1,NULL,3}', '{{1,2},{3,4}}', '{"",NULL,"NULL","a,b","{","\"","\\\\","line\nbreak"," "}', '{infinity,2026-01-01}', array[row('a"b', 1, 'ok'), null]::zoo.place[],
     array['', 'a,b {c}', null]::zoo.mood[], '{1,2}', row('', null, ''), row(row('x', 1, 'sad'), array[row('y', 2, 'ok')]::zoo.place[]),
     '[1,10)', '["2026-01-01 00:00+00",infinity)', '[1.5,)', '("a b","c,d"]', '{[1,3),[5,9)}', '{[1.5,2.5]}'),
    (2, '{}', '{}', '{}', '{}', '{}', '{}', '{}', row(null, null, null), null, 'empty', 'empty', '(,)', 'empty', '{}', '{}'),
    (3, '[0:2]={7,8,9}', '[2:3][-1:0]={{1,2},{3,4}}', '[-5:-5]={x}', null, null, null, null, null, row(null, null), '(,5)', null, '[-Infinity,NaN]', '(,"")', '{(,)}', null),
    (4, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);

create table zoo.many (id bigint primary key, key uuid, word text, amount numeric(14, 2), at timestamptz, tags text[]);
insert into zoo.many
    select n, md5(n::text)::uuid, 'word ' || n % 1000, n * 1.01, timestamptz '2026-01-01 00:00:00+00' + n * interval '1 second', array[(n % 7)::text, null]
    from generate_series(1, :many_rows) n;
create table zoo.wide (id int primary key, before text, content text, after text);
alter table zoo.wide alter column content set storage external;
insert into zoo.wide values (1, 'before', repeat('0123456789abcde' || E'\n', :wide_bytes / 16), 'after'), (2, 'before', '', 'after');
analyze;
