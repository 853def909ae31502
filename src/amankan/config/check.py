"""The content of an `amankan.toml`, checked key by key; all its faults are told at once."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from string import Formatter
from typing import Any, Final
from urllib.parse import urlsplit

from amankan.config.references import SERVICE, VARIABLE, read_reference
from amankan.config.settings import (
    AppSettings,
    CheckSettings,
    ComposeSettings,
    DatabaseSettings,
    EnvironmentReference,
    KeepSettings,
    ProcessSettings,
    Reference,
    Settings,
    VaultSettings,
)
from amankan.config.table import Table
from amankan.errors import ConfigurationFault
from amankan.model.app import Limits
from amankan.model.marker import NAME
from amankan.model.sentence import Sentence, say

ENVIRONMENTS: Final = ("production", "staging", "development")
PLACEHOLDERS: Final = frozenset({"url", "host", "port", "name", "user", "password"})
LITERAL_PASSWORD: Final = re.compile(r"://[^/@{}]*:[^@{}]+@")
RECIPIENT: Final = re.compile(r"age1[02-9ac-hj-np-z]{20,}")

# A day is the longest that anybody waits for one step of an update; a century the longest that anybody keeps.
DAY_SECONDS: Final = 86_400.0
MOST_DAYS: Final = 36_525
# Fewer than a week's snapshots leave no way back from a fault that is seen on Monday.
LEAST_DAYS: Final = 7


def check(content: Mapping[str, Any], *, folder: Path, place: str) -> Settings:
    """
    Return the settings that `content` means.

    Raises:
        ConfigurationFault: one line with every fault by its path; no value is shown.
    """
    faults: list[Sentence] = []
    top = Table(content, "", faults=faults)
    settings = Settings(
        folder=folder,
        app=_app(top.table("app")),
        runtime=_runtime(top.table("runtime")),
        database=_database(top.table("database")),
        vault=_vault(top.table("vault")),
        checks=_checks(top.table("checks")),
        limits=_limits(top.table("limits")),
        notify=_notify(top.table("notify")),
    )
    top.close()
    if faults:
        raise ConfigurationFault(say("cannot use {place}: {faults}", place=place, faults=tuple(faults)))
    return settings


def _app(table: Table) -> AppSettings:
    name, environment = table.text("name"), table.text("environment")
    if name and not NAME.fullmatch(name):
        table.fault("name", say("should be a lower-case letter, then letters, digits and dashes, 39 at most"))
    if environment and environment not in ENVIRONMENTS:
        table.fault("environment", say("should be one of {known}", known=", ".join(ENVIRONMENTS)))
    table.close()
    return AppSettings(name=name, environment=environment)


def _runtime(table: Table) -> ComposeSettings | ProcessSettings | None:
    compose, process = table.has("compose"), table.has("process")
    table.close()
    if compose and process:
        table.fault("process", say("cannot be beside {other}: an app has one runtime", other="compose"))
    if compose:
        return _compose(table.table("compose"))
    return _process(table.table("process")) if process else None


def _compose(table: Table) -> ComposeSettings:
    services = table.texts("services")
    if not services:
        table.fault("services", say("should name at least one service"))
    for place, service in enumerate(services):
        if not SERVICE.fullmatch(service):
            table.fault(f"services[{place}]", say("should be the name of a service"))
    if len(set(services)) < len(services):
        table.fault("services", say("should name each service once"))
    found = ComposeSettings(file=table.text("file", usual="docker-compose.yml"), services=services)
    table.close()
    return found


def _process(table: Table) -> ProcessSettings:
    found = ProcessSettings(
        command=table.text("command"), folder=table.text("folder", usual="."), address=table.text("address", usual="")
    )
    _check_words(table, "command", text=found.command)
    _check_path(table, "folder", text=found.folder)
    if found.address:
        _check_address(table, "address", address=found.address)
    table.close()
    return found


def _check_path(table: Table, key: str, *, text: str) -> None:
    if text.startswith(("~", "$")):
        table.fault(key, say("should be a whole path: ~ and $NAME lead nowhere without a shell"))


def _check_words(table: Table, key: str, *, text: str) -> None:
    """Words are separated as a shell does, and run without one."""
    try:
        shlex.split(text)
    except ValueError:
        table.fault(key, say("should close every quote that it opens"))


def _database(table: Table) -> DatabaseSettings:
    url = _reference(table, "url") if table.require("url") else None
    found = DatabaseSettings(
        url=url or EnvironmentReference(name="DATABASE_URL"),
        admin=_reference(table, "admin_url"),
        migrate=table.text("migrate", usual=""),
        seed=table.text("seed", usual=""),
        environment=_environment(table.table("env")),
    )
    _check_words(table, "migrate", text=found.migrate)
    _check_words(table, "seed", text=found.seed)
    table.close()
    return found


def _reference(table: Table, key: str) -> Reference | None:
    return read_reference(table, key, value=table.value(key)) if table.has(key) else None


def _environment(table: Table) -> tuple[tuple[str, str], ...]:
    pairs = []
    for key, value in table.free():
        if not VARIABLE.fullmatch(key):
            table.fault(key[:80], say("is not the name of a variable"))
        elif template := table.checked_text(key, value):
            _check_template(table, key, template=template)
            pairs.append((key, template))
    return tuple(pairs)


def _check_template(table: Table, key: str, *, template: str) -> None:
    """A template without a placeholder would tell every database as this one, and may hold a secret."""
    try:
        parts = [(name, form, conversion) for _, name, form, conversion in Formatter().parse(template) if name is not None]
    except ValueError:
        table.fault(key, say("has a brace that is not closed"))
        return
    if not parts:
        table.fault(key, say("should hold at least one of {known}", known=_braced(PLACEHOLDERS)))
    for name, form, conversion in parts:
        if name not in PLACEHOLDERS or form or conversion:
            near = get_close_matches(name, PLACEHOLDERS, n=1)
            known = _braced(near or PLACEHOLDERS)
            table.fault(key, say("has a placeholder that is not known; did you mean {near}?", near=known))
    if LITERAL_PASSWORD.search(template):
        table.fault(key, say("should hold no secret"))


def _braced(names: frozenset[str] | list[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))


def _vault(table: Table) -> VaultSettings:
    location = table.text("location")
    try:
        parts = urlsplit(location)
        secret = parts.password is not None or bool(parts.query)
    except ValueError:
        table.fault("location", say("is not an address"))
        secret = False
    if secret:
        table.fault("location", say("should hold no secret"))
    _check_path(table, "location", text=location)
    recipients = table.texts("recipients")
    for place, recipient in enumerate(recipients):
        if recipient.upper().startswith("AGE-SECRET-KEY-"):
            table.fault(f"recipients[{place}]", say("is a secret key; only its public half, age1…, belongs here"))
        elif not RECIPIENT.fullmatch(recipient):
            table.fault(f"recipients[{place}]", say("should be an age recipient, age1…"))
    found = VaultSettings(location=location, recipients=recipients, keep=_keep(table.table("keep")))
    table.close()
    return found


def _keep(table: Table) -> KeepSettings:
    usual = KeepSettings()
    found = KeepSettings(
        days=table.whole("days", usual=usual.days, least=LEAST_DAYS, most=MOST_DAYS),
        weekly=table.whole("weekly", usual=usual.weekly, least=0, most=MOST_DAYS),
        monthly=table.whole("monthly", usual=usual.monthly, least=0, most=MOST_DAYS),
    )
    table.close()
    return found


def _checks(table: Table) -> CheckSettings:
    http, log_errors, sql = table.texts("http"), table.texts("log_errors"), table.table("sql")
    for place, address in enumerate(http):
        _check_address(table, f"http[{place}]", address=address)
    for place, pattern in enumerate(log_errors):
        try:
            re.compile(pattern)
        except re.error as error:
            table.fault(f"log_errors[{place}]", say("is not a regular expression: {why}", why=error.msg))
    found = CheckSettings(
        http=http,
        log_errors=log_errors,
        sql=tuple((name, text) for name, value in sql.free() if (text := sql.checked_text(name[:80], value))),
        watch_seconds=table.seconds("watch_seconds", usual=30.0, most=DAY_SECONDS),
    )
    table.close()
    return found


def _check_address(table: Table, key: str, *, address: str) -> None:
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        secret = parts.username is not None or parts.password is not None
    except ValueError:
        good, secret = False, False
    if secret:
        table.fault(key, say("should hold no secret"))
    elif not good:
        table.fault(key, say("should be an address that begins with http:// or https://"))


def _limits(table: Table) -> Limits:
    usual = Limits()
    found = Limits(
        lost_rows=_lost_rows(table),
        lock_seconds=table.seconds("lock_seconds", usual=usual.lock_seconds, most=DAY_SECONDS),
        downtime_seconds=table.seconds("downtime_seconds", usual=usual.downtime_seconds, most=DAY_SECONDS),
        migrate_seconds=table.seconds("migrate_seconds", usual=usual.migrate_seconds, most=DAY_SECONDS),
    )
    table.close()
    return found


def _lost_rows(table: Table) -> tuple[tuple[str, int], ...]:
    most = 2**63 - 1
    if not isinstance(table.value("lost_rows"), dict):
        return (("*", table.whole("lost_rows", usual=0, least=0, most=most)),)
    budgets = table.table("lost_rows")
    pairs = tuple((name, budgets.checked_whole(name[:80], value, least=0, most=most)) for name, value in budgets.free())
    return pairs if "*" in dict(pairs) else (*pairs, ("*", 0))


def _notify(table: Table) -> tuple[Reference, ...]:
    found = [read_reference(table, key, value=value) for key, value in table.items("urls")]
    table.close()
    return tuple(reference for reference in found if reference is not None)
