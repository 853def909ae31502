"""Which settings of a database hold while it is filled."""

from __future__ import annotations

from amankan.adapters.engines.postgres.beforehand import early_settings, late_settings, noted

SCRIPT = rb"""-- collation version of the original: it's 2.36
SET client_encoding TO 'UTF8';
ALTER DATABASE :"DBNAME" OWNER TO "own;er";
ALTER DATABASE :"DBNAME" CONNECTION LIMIT 0;
COMMENT ON DATABASE :"DBNAME" IS 'one;
ALTER DATABASE :"DBNAME" SET "not"."this" TO ''x'';';
ALTER DATABASE :"DBNAME" SET "default_transaction_read_only" TO 'on';
ALTER DATABASE :"DBNAME" SET "app"."region" TO 'e;u';
ALTER ROLE "app" IN DATABASE :"DBNAME" SET "work_mem" TO '8MB';
ALTER DATABASE :"DBNAME" SET "TimeZone" TO  E'a\\''b';
"""


def test_what_matters_comes_early() -> None:
    """Settings that what is computed depends on come early, the others, the owner and texts that look like one do not."""
    assert rb"""SET client_encoding TO 'UTF8';

ALTER DATABASE :"DBNAME" SET "app"."region" TO 'e;u';
ALTER DATABASE :"DBNAME" SET "TimeZone" TO  E'a\\''b';
""" == early_settings(SCRIPT)
    assert b"" == early_settings(b"SET client_encoding TO 'UTF8';\n")


def test_a_noted_zone_holds_for_the_filling() -> None:
    """The time zone of a server is set for the length of a load, under one that the database has for itself, and taken back."""
    script = noted(SCRIPT, "Asia/Jakarta")
    zone = b"""ALTER DATABASE :"DBNAME" SET "TimeZone" TO 'Asia/Jakarta';\n"""
    assert early_settings(script) == early_settings(SCRIPT).replace(b"\n", b"\n" + zone, 1)
    assert b"""ALTER DATABASE :"DBNAME" RESET "TimeZone";\n""" + script == late_settings(script)
    assert (SCRIPT, SCRIPT) == (noted(SCRIPT, ""), late_settings(SCRIPT))
