"""The configuration of an app that Docker Compose keeps running, guessed from its project."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from amankan.errors import Refused
from amankan.model.sentence import Sentence, say
from amankan.operations.guess.database import Told, foreign, told_by
from amankan.operations.guess.migration import Guessed, migration, seeding
from amankan.operations.guess.proposal import Line, Proposal, Section, line, quoted
from amankan.operations.guess.rest import app_section, checks_section, vault_section
from amankan.operations.guess.seen import Contents, SeenProject, ServiceSeen

Recognise = Callable[[Contents], tuple[str, Sentence] | None]
"""Returns the name of the migration tool that files speak for, and what spoke for it."""

DATABASES: Final = re.compile(r"postgres|postgis|timescale|pgvector|spilo|alloydb")
BESIDE: Final = re.compile(
    r"postgres|postgis|timescale|pgvector|spilo|mysql|mariadb|mongo|redis|valkey|memcached|rabbitmq|nats|kafka|zookeeper"
    r"|elasticsearch|opensearch|meilisearch|nginx|traefik|caddy|haproxy|adminer|pgadmin|pgbouncer|minio|mailhog|mailpit"
    r"|prometheus|grafana|loki|watchtower|certbot|cloudflared"
)
_HEALTH_URL: Final = re.compile(
    r"https?://(?:127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1\])(?::(?P<port>\d+))?(?P<path>/[^\s'\"\\|)]*)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _App:
    """The services that carry the app, the one that tells of the database, and how it does."""

    services: tuple[str, ...]
    main: ServiceSeen
    told: Told
    why: tuple[Sentence, ...]


def propose(project: SeenProject, recognise: Recognise) -> Proposal:
    """
    Return the configuration that this project seems to need.

    Raises:
        Refused: no service tells of a PostgreSQL database, so there is nothing to protect.
    """
    app = _app(project)
    contents = _contents(project, app.main)
    found = recognise(contents) or recognise(project.beside)
    tool, because = found if found is not None else ("", None)
    database = _database(project, app)
    migrate = migration(app.main, tool, because=because)
    seed = seeding(contents)
    runtime = Section(
        name="runtime.compose",
        lines=(line("file", project.file), line("services", app.services, *app.why)),
    )
    sections = (
        app_section(project.name, say("the name of the Compose project")),
        runtime,
        _database_section(app, where=database, migrate=migrate, seed=seed),
        Section(
            name="database.env",
            lines=(
                Line(why=(say("a rehearsal and a dark start change exactly these variables"),)),
                *(line(name, template) for name, template in app.told.templates),
            ),
        ),
        vault_section(),
        checks_section(_health(app), contents),
    )
    told = (
        say("the app: {services}", services=", ".join(app.services)),
        database,
        say("migrations: {command}", command=migrate.value or say("none found")),
    )
    return Proposal(sections=sections, told=told)


def _app(project: SeenProject) -> _App:
    candidates = [each for each in project.services if not BESIDE.search(_short(each.image))]
    telling = [(each, told) for each in candidates if (told := told_by(each.variables)) is not None]
    if not telling:
        raise _nothing_to_protect(project)
    main, told = max(telling, key=lambda pair: (bool(pair[0].ports), pair[1].whole, -project.services.index(pair[0])))
    same = tuple(each.name for each in candidates if each.image == main.image)
    why = [say("{name} tells of a database in {variable}", name=main.name, variable=told.first)]
    if len(same) > 1:
        others = ", ".join(name for name in same if name != main.name)
        why.append(say("{others} have the same image, {image}", others=others, image=main.image))
    for each, other in telling:
        if each.name not in same and other.host == told.host:
            why.append(say("{name} uses the database too, with another image; add it if a release changes it", name=each.name))
    return _App(services=same, main=main, told=told, why=tuple(why))


def _nothing_to_protect(project: SeenProject) -> Refused:
    kind = next((kind for each in project.services if (kind := foreign(each.variables))), "")
    if kind:
        why = say("the app uses {kind}, and only PostgreSQL is known", kind=kind)
    else:
        names = ", ".join(each.name for each in project.services) or "-"
        why = say("none of {services} has a variable that leads to a PostgreSQL database", services=names)
    return Refused(say("cannot guess a configuration: {why}", why=why), next=say("aman config > amankan.toml, then edit it"))


def _database(project: SeenProject, app: _App) -> Sentence:
    """Return where the database is."""
    host = app.told.host
    holder = next((each for each in project.services if host in each.names), None)
    if holder is not None and DATABASES.search(_short(holder.image)):
        return say("the database: service {service} of this project, image {image}", service=holder.name, image=holder.image)
    if holder is not None:
        return say(
            "the database: behind service {service} of this project, image {image}", service=holder.name, image=holder.image
        )
    if host in ("localhost", "127.0.0.1", "host.docker.internal", "::1"):
        return say("the database: on this machine, outside of the project, at {host}", host=host)
    return say("the database: outside of the project, at {host}", host=host or "-")


def _database_section(app: _App, *, where: Sentence, migrate: Guessed, seed: Guessed) -> Section:
    reference = f"{{ container_env = [{quoted(app.main.name)}, {quoted(app.told.first)}] }}"
    how = (
        say("the address is read from the service itself, no secret stands here")
        if app.told.whole
        else say("the address is put together from the service's variables below, no secret stands here")
    )
    lines = [Line(key="url", value=reference, why=(where, how))]
    if migrate.value:
        lines.append(line("migrate", migrate.value, *migrate.why))
    else:
        lines.append(
            Line(why=(*migrate.why, say("no migration tool was found: if there is one, write its command as migrate")))
        )
    if seed.value:
        lines.append(line("seed", seed.value, *seed.why))
    return Section(name="database", lines=tuple(lines))


def _health(app: _App) -> tuple[tuple[str, Sentence], ...]:
    """Return addresses at which the app can be asked from this machine, each with what it was guessed from."""
    health = _HEALTH_URL.search(app.main.health)
    for port in app.main.ports:
        host = "127.0.0.1" if port.host in ("", "0.0.0.0", "::") else port.host
        shown = f"[{host}]" if ":" in host else host
        if health is not None and int(health["port"] or 80) == port.target:
            address = f"http://{shown}:{port.published}{health['path'] or '/'}"
            return ((address, say("the health check of {service}, at its published port", service=app.main.name)),)
    for port in app.main.ports:
        if port.host in ("", "0.0.0.0", "::", "127.0.0.1"):
            why = say("{service} publishes this port; a guess, for it has no health check by HTTP", service=app.main.name)
            return ((f"http://127.0.0.1:{port.published}/", why),)
    return ()


def _contents(project: SeenProject, main: ServiceSeen) -> Contents:
    """Return the files of the image, or those beside the Compose file where the image shows none."""
    return main.contents if main.contents.files else project.beside


def _short(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0].lower()
