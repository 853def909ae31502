create schema zoo authorization zoo_owner;
comment on schema zoo is 'every kind of object that can matter';

create type zoo.mood as enum ('sad', 'ok', 'happy', '', 'with ''quote"', 'a,b {c}');
alter type zoo.mood add value 'better' before 'happy';
comment on type zoo.mood is 'an order that is not the alphabet''s';
create domain zoo.positive as int default 7 not null constraint above_nothing check (value > 0);
create domain zoo.short_text as varchar(20) collate "C" check (value !~ '^\s');
create domain zoo.late as text;
alter domain zoo.late add constraint unproved check (value <> 'never') not valid;
create domain zoo.list_of_positive as zoo.positive[];
create type zoo.place as (street text, number int, inside zoo.mood);
create type zoo.nested as (first zoo.place, others zoo.place[]);
create type zoo.shell;
create type zoo.float_range as range (subtype = float8, subtype_diff = float8mi, multirange_type_name = zoo.float_ranges);
create type zoo.word_range as range (subtype = text, collation = "C");

create collation zoo.plain (provider = libc, locale = 'C');
create collation zoo.copied from "C";
comment on collation zoo.plain is 'bytes in order';

create function zoo.mood_number(zoo.mood) returns int language sql immutable strict as
    $$ select case $1 when 'sad' then 1 when 'ok' then 2 else 3 end $$;
create cast (zoo.mood as int) with function zoo.mood_number(zoo.mood) as assignment;
create cast (zoo.place as zoo.nested) with inout;
comment on cast (zoo.mood as int) is 'a number for a mood';

create function zoo.place_less(zoo.place, zoo.place) returns bool language sql immutable strict as
    $$ select ($1).number < ($2).number $$;
create function zoo.place_equal(zoo.place, zoo.place) returns bool language sql immutable strict as
    $$ select ($1).number = ($2).number $$;
create function zoo.place_compare(zoo.place, zoo.place) returns int language sql immutable strict as
    $$ select sign(($1).number - ($2).number)::int $$;
create operator zoo.<<< (leftarg = zoo.place, rightarg = zoo.place, function = zoo.place_less, commutator = operator(zoo.>>>));
create operator zoo.=== (leftarg = zoo.place, rightarg = zoo.place, function = zoo.place_equal, hashes, merges, commutator = operator(zoo.===));
create operator zoo.!! (rightarg = zoo.mood, function = zoo.mood_number);
comment on operator zoo.!! (none, zoo.mood) is 'how loud';
create operator family zoo.places using btree;
create operator class zoo.places_by_number for type zoo.place using btree family zoo.places as
    operator 1 zoo.<<<, operator 3 zoo.===, function 1 zoo.place_compare(zoo.place, zoo.place);
comment on operator class zoo.places_by_number using btree is 'by number alone';

create function zoo.longer(text, text) returns text language sql immutable as
    $$ select case when length($1) >= length($2) then $1 else coalesce($2, $1) end $$;
create aggregate zoo.longest(text) (sfunc = zoo.longer, stype = text, initcond = '', parallel = safe);
create aggregate zoo.middle(float8 order by anyelement) (
    sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra
);
create aggregate zoo.moving_sum(int) (
    sfunc = int4pl, stype = int, initcond = '0', msfunc = int4pl, minvfunc = int4mi, mstype = int, minitcond = '0'
);
comment on aggregate zoo.longest(text) is 'the first of the longest';

create text search configuration zoo.words (copy = pg_catalog.simple);
create text search dictionary zoo.plain_words (template = pg_catalog.simple, stopwords = english, accept = false);
alter text search configuration zoo.words alter mapping for asciiword with zoo.plain_words, simple;
create text search parser zoo.parser (
    start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype, headline = prsd_headline
);
create text search template zoo.recipe (init = dsimple_init, lexize = dsimple_lexize);
create conversion zoo.latin_to_utf8 for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
create access method zoo_heap type table handler heap_tableam_handler;
create access method zoo_gist type index handler gisthandler;
create transform for int language sql (from sql with function prsd_lextype(internal), to sql with function int4recv(internal));
create operator class zoo.boxes default for type box using zoo_gist as
    operator 3 &&, operator 7 @>,
    function 1 gist_box_consistent(internal, box, smallint, oid, internal), function 2 gist_box_union(internal, internal),
    function 5 gist_box_penalty(internal, internal, internal), function 6 gist_box_picksplit(internal, internal),
    function 7 gist_box_same(box, box, internal);
