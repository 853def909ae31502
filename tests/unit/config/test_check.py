"""What a configuration may say, key by key."""

import copy
import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import pytest

from amankan.config.check import check
from amankan.config.read import example
from amankan.config.settings import (
    CheckSettings,
    ComposeSettings,
    ContainerReference,
    DatabaseSettings,
    EnvironmentReference,
    FileReference,
    KeepSettings,
    ProcessSettings,
    Settings,
    VaultSettings,
)
from amankan.errors import ConfigurationFault

CANARY = "hunter2-canary"
LEAST: dict[str, Any] = {
    "app": {"name": "shop", "environment": "staging"},
    "database": {"url": {"env": "DATABASE_URL"}},
    "vault": {"location": "backups"},
}


def checked(content: dict[str, Any]) -> Settings:
    """Return the settings of a content in some folder."""
    return check(content, folder=Path("/srv/shop"), place="amankan.toml")


def changed(path: str, value: object) -> dict[str, Any]:
    """Return the least content with one more value at a path."""
    content = copy.deepcopy(LEAST)
    *tables, key = path.split("/")
    here = content
    for table in tables:
        here = here.setdefault(table, {})
    here[key] = value
    return content


def told(content: dict[str, Any]) -> str:
    """Return the one line that refuses a content."""
    with pytest.raises(ConfigurationFault) as refused:
        checked(content)
    return str(refused.value)


REFUSED: list[tuple[str, object, str]] = [
    ("app/nmae", "x", "app.nmae: is not known; did you mean name?"),
    ("vault/retenton_days", 7, "vault.retenton_days: is not known; known are keep, location, recipients"),
    ("vault/recipient", [], "vault.recipient: is not known; did you mean recipients?"),
    ("databse", {}, "databse: is not known; did you mean database?"),
    ("app/name", "", "app.name: should not be empty"),
    ("app/name", 7, "app.name: should be text"),
    *(
        ("app/name", name, "app.name: should be a lower-case letter")
        for name in ("-rf", "--help", ".", "..", "a/b", "a" * 40, "a b", "CON", "ré", "\u0430pp", "🛒", "1a", "a_b")
    ),
    ("app/name", "a\nb", "app.name: has a character at place 2 that cannot be seen"),
    ("app/name", "a" * 5000, "app.name: is longer than 4096 characters"),
    ("app/environment", "prod", "app.environment: should be one of production, staging, development"),
    ("app/environment", True, "app.environment: should be text"),
    ("app", 7, "app: should be a table"),
    ("runtime/compose", {"services": []}, "runtime.compose.services: should name at least one service"),
    ("runtime/compose", {"services": ["a", "a"]}, "runtime.compose.services: should name each service once"),
    ("runtime/compose", {"services": ["-x"]}, "runtime.compose.services[0]: should be the name of a service"),
    ("runtime/compose", {"services": "app"}, "runtime.compose.services: should be a list"),
    ("runtime/kubernetes", {}, "runtime.kubernetes: is not known; known are compose, process"),
    ("runtime", {"compose": {"services": ["a"]}, "process": {"command": "x"}}, "runtime.process: cannot be beside compose"),
    ("runtime/process", {}, "runtime.process.command: is missing"),
    ("runtime/process", {"command": "x", "address": "tcp://x"}, "runtime.process.address: should be an address"),
    ("database/url", f"postgres://u:{CANARY}@h/d", "database.url: should be a reference, never the secret itself"),
    ("database/url", {"env": "A", "file": "b"}, "database.url: should be exactly one of"),
    ("database/url", {"evn": "A"}, "database.url: should be exactly one of"),
    ("database/url", {"env": "1A"}, "database.url.env: should be written as in"),
    ("database/url", {"env": 7}, "database.url.env: should be written as in"),
    ("database/url", {"file": ""}, "database.url.file: should be written as in"),
    ("database/url", {"container_env": "app"}, "database.url.container_env: should be written as in"),
    ("database/url", {"container_env": ["-a", "B"]}, "database.url.container_env: should be written as in"),
    ("database/admin_url", CANARY, "database.admin_url: should be a reference"),
    ("database/env", {"A-B": "{url}"}, "database.env.A-B: is not the name of a variable"),
    ("database/env", {"A": CANARY}, "database.env.A: should hold at least one of {host}, {name}, {password}"),
    ("database/env", {"A": "{hots}"}, "database.env.A: has a placeholder that is not known; did you mean {host}?"),
    ("database/env", {"A": "{url"}, "database.env.A: has a brace that is not closed"),
    ("database/env", {"A": "{url.x}"}, "database.env.A: has a placeholder that is not known"),
    ("database/env", {"A": f"postgres://u:{CANARY}@{{host}}"}, "database.env.A: should hold no secret"),
    ("vault/location", f"s3://u:{CANARY}@bucket", "vault.location: should hold no secret"),
    ("vault/location", f"s3://bucket?secret={CANARY}", "vault.location: should hold no secret"),
    ("vault/location", "s3://[", "vault.location: is not an address"),
    ("vault/recipients", ["AGE-SECRET-KEY-1" + "Q" * 58], "vault.recipients[0]: is a secret key"),
    ("vault/recipients", ["ssh-ed25519 AAAA"], "vault.recipients[0]: should be an age recipient, age1…"),
    ("vault/location", "~/backups", "vault.location: should be a whole path"),
    ("vault/location", "$HOME/backups", "vault.location: should be a whole path"),
    ("vault/recipients", "age1x", "vault.recipients: should be a list"),
    *(
        ("vault/keep", {"days": days}, "vault.keep.days: should be")
        for days in (0, -1, 6, 10**9, 1e9, "7", "7 days", "7-30", True, None)
    ),
    ("vault/keep", {"weekly": -1}, "vault.keep.weekly: should be from 0 to 36525"),
    ("vault/keep", 30, "vault.keep: should be a table"),
    ("vault/keep", {"dayz": 30}, "vault.keep.dayz: is not known; did you mean days?"),
    ("database/migrate", "npx 'prisma", "database.migrate: should close every quote that it opens"),
    ("database/seed", 'sh -c "x', "database.seed: should close every quote that it opens"),
    ("checks/http", ["ftp://x/"], "checks.http[0]: should be an address that begins with http:// or https://"),
    ("checks/http", ["http://:80/"], "checks.http[0]: should be an address"),
    ("checks/http", ["http://x:99999/"], "checks.http[0]: should be an address"),
    ("checks/http", [f"http://u:{CANARY}@x/"], "checks.http[0]: should hold no secret"),
    ("checks/http", [7], "checks.http[0]: should be text"),
    ("checks/log_errors", ["("], "checks.log_errors[0]: is not a regular expression: missing )"),
    ("checks/sql", {"a": 7}, "checks.sql.a: should be text"),
    ("checks/watch_seconds", 0, "checks.watch_seconds: should be more than 0"),
    ("checks/watch_seconds", "30", "checks.watch_seconds: should be a number of seconds"),
    ("limits/lost_rows", -1, "limits.lost_rows: should be from 0"),
    ("limits/lost_rows", 1.5, "limits.lost_rows: should be a whole number"),
    ("limits/lost_rows", {"a": "7"}, "limits.lost_rows.a: should be a whole number"),
    *(
        (f"limits/{limit}_seconds", seconds, f"limits.{limit}_seconds: should be")
        for limit in ("lock", "downtime", "migrate")
        for seconds in (0, -1, 1e9, float("nan"), float("inf"), "5", True)
    ),
    ("notify/urls", [CANARY], "notify.urls[0]: should be a reference"),
]


@pytest.mark.parametrize(("path", "value", "expected"), REFUSED)
def test_a_fault_is_told_by_its_path(path: str, value: object, expected: str) -> None:
    """Each value that cannot be meant is refused by its path, and what may be a secret is not shown."""
    line = told(changed(path, value))
    assert expected in line
    assert "\n" not in line
    assert CANARY not in line


def test_all_faults_are_told_at_once() -> None:
    """One line tells every fault of a configuration."""
    line = told({"app": {"name": "X"}, "limits": {"lock_seconds": "x"}, "extra": 1})
    paths = ("app.name", "app.environment", "database.url", "vault.location", "limits.lock_seconds", "extra")
    assert [] == [path for path in paths if f"{path}: " not in line]


def test_the_least_configuration_has_the_usual_values() -> None:
    """What is not said has the value that the example shows as usual."""
    settings = checked(LEAST)
    shown = checked(tomllib.loads(example()))
    assert settings.runtime is None
    assert (shown.limits, shown.vault.keep) == (settings.limits, settings.vault.keep)
    assert shown.checks.watch_seconds == settings.checks.watch_seconds


def test_every_kind_of_reference_is_read() -> None:
    """A secret can be in the environment, a file or a container."""
    places = [{"env": "A"}, {"file": "a/b"}, {"container_env": ["app", "B"]}]
    expected = [EnvironmentReference(name="A"), FileReference(path="a/b"), ContainerReference(service="app", name="B")]
    assert expected == [checked(changed("database/url", place)).database.url for place in places]


def test_a_budget_for_each_table_is_read() -> None:
    """Tables that a budget does not name may lose nothing."""
    limits = checked(changed("limits/lost_rows", {"sessions": 1000})).limits
    assert (1000, 0) == (limits.budget("sessions"), limits.budget("orders"))


def test_the_example_names_every_key() -> None:
    """Each key that is read stands in the annotated example, and the example is accepted."""
    settings = checked(tomllib.loads(example()))
    assert "ocn" == settings.app.name
    written = {"url", "admin", "environment"}
    keys = {
        field.name
        for kind in (CheckSettings, ComposeSettings, DatabaseSettings, KeepSettings, ProcessSettings, VaultSettings)
        for field in dataclasses.fields(kind)
    } | {field.name for field in dataclasses.fields(settings.limits)}
    assert [] == sorted(key for key in keys - written if f"{key} = " not in example())
    assert [] == [key for key in ("url = ", "admin_url = ", "[database.env]", "[notify]") if key not in example()]
