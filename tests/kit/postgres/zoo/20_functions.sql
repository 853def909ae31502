create function zoo.add(a int, b int default 41) returns int language sql immutable parallel safe cost 7 as 'select a + b';
create function zoo.add(a text, variadic others text[]) returns text language sql stable as $$ select a || array_to_string(others, '') $$;
create function zoo.standard(n int) returns int language sql immutable return n * 2;
create function zoo.block(n int) returns setof int language sql begin atomic select n; select n + generate_series(1, 3); end;
create function zoo.rows_of(out number int, out word text) returns setof record language plpgsql rows 3 as $body$
begin
    return query select 1, 'one $$ two '' three';
end
$body$;
create function zoo.as_owner() returns text language plpgsql security definer set search_path = pg_catalog, pg_temp as
    $$ begin return current_user; end $$;
alter function zoo.as_owner() owner to zoo_owner;
create function zoo.leakproof(text) returns bool language sql immutable leakproof strict as $$ select $1 is not null $$;
create function zoo.needs_path() returns bigint language sql stable as $$ select count(*) from pg_class $$;
create function zoo.window_like() returns bigint language internal window immutable strict as 'window_row_number';
create procedure zoo.work(inout n int, comment text default E'a\nb') language plpgsql as $$ begin n := n + 1; commit; end $$;
create function zoo.touched() returns trigger language plpgsql as $$ begin return coalesce(new, old); end $$;
create function zoo.seen_statement() returns trigger language plpgsql as $$ begin return null; end $$;
create function zoo.seen_event() returns event_trigger language plpgsql as $$ begin null; end $$;
comment on function zoo.add(int, int) is E'adds;\nsecond line; drop table zoo.types; --';
comment on procedure zoo.work is 'commits';
revoke execute on function zoo.as_owner() from public;
grant execute on function zoo.as_owner() to zoo_reader;
grant execute on procedure zoo.work to zoo_reader with grant option;
