-- Whoever forgets to name pg_catalog calls these, and learns it.
create function public.shadowed() returns bool language plpgsql as $$ begin raise exception 'a function in public was called in place of the system''s'; end $$;
create function public.lower(varchar) returns text language plpgsql as $$ begin perform public.shadowed(); return ''; end $$;
create function public.md5(varchar) returns text language plpgsql as $$ begin perform public.shadowed(); return ''; end $$;
create function public.length(varchar) returns int language plpgsql as $$ begin perform public.shadowed(); return 0; end $$;
create function public.count(varchar) returns int language plpgsql as $$ begin perform public.shadowed(); return 0; end $$;
create function public.equal(varchar, varchar) returns bool language plpgsql as $$ begin perform public.shadowed(); return true; end $$;
create operator public.= (leftarg = varchar, rightarg = varchar, function = public.equal);
create table public.pg_class (oid int, relname text);
create view public.pg_database as select 1 as oid, 'nothing'::text as datname;
