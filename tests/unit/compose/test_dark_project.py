"""What of a project travels into the dark, and what stays behind."""

from __future__ import annotations

from typing import Any

import pytest

from amankan.adapters.runtimes.compose.dark import DATABASE_ALIAS, RELAY_SERVICE, Night, Way, dark_project
from amankan.adapters.runtimes.compose.mounts import needed_mounts, withheld
from amankan.adapters.runtimes.compose.project import Project
from amankan.adapters.runtimes.compose.settings import Variables
from amankan.model.release import Image, Release
from amankan.model.secret import Secret

RUN = "20260105T101500Z-shop-0badcafe"
DANGEROUS = {
    **{"privileged": True, "network_mode": "host", "pid": "host", "ipc": "host", "userns_mode": "host", "cgroup": "host"},
    **{"cap_add": ["ALL"], "devices": ["/dev/sda"], "security_opt": ["seccomp:unconfined"], "extra_hosts": {"a": "b"}},
    **{"container_name": "the-app", "ports": [{"target": 80, "published": "8080"}], "links": ["db"], "restart": "always"},
    **{"external_links": ["x"], "volumes_from": ["x"], "dns": ["8.8.8.8"], "group_add": ["docker"], "deploy": {}, "build": "."},
    **{"env_file": ".env", "hostname": "prod", "domainname": "x", "labels": {"traefik.enable": "true"}, "profiles": ["p"]},
}


def project(**app: Any) -> Project:
    """Return a project with an app, a database and two more services."""
    services = {
        "app": {"image": "app:1", "depends_on": {"db": {"condition": "service_healthy"}, "cache": {}}, **app},
        "db": {"image": "postgres:15", "networks": {"default": {"aliases": ["database"]}}},
        "cache": {"image": "redis", "depends_on": {"disk": {}}, "volumes": [{"type": "volume", "source": "x", "target": "/x"}]},
        "disk": {"image": "disk"},
        "stranger": {"image": "stranger"},
    }
    return Project(model={"name": "shop", "services": services, "volumes": {"x": {"name": "shop_x"}}})


def dark(made: Project, *, host: str = "db", variables: Variables = ()) -> dict[str, Any]:
    """Return the model in the dark."""
    release = Release(label="2", images=(Image(service="app", reference="app:2", digest="sha256:two"),))
    night = Night(
        run=RUN,
        database="clone",
        release=release,
        images={"app": "app@sha256:two", "cache": "redis", "disk": "disk"},
        mounts={"cache": needed_mounts(made, service="cache")},
        variables=variables,
        way=Way(network="shop_default", address="10.0.0.2", host=host, port=5432),
    )
    return dark_project(made, night).model


def test_only_listed_words_travel() -> None:
    """No right, port, name, namespace or label of production is there; the new image, its run and no way back are."""
    app = dark(project(**DANGEROUS))["services"]["app"]
    assert set() == set(app) & (set(DANGEROUS) - {"dns", "security_opt", "restart", "labels"})
    assert ("app@sha256:two", "no", ["no-new-privileges:true"]) == (app["image"], app["restart"], app["security_opt"])
    assert not [name for name in app["labels"] if not name.startswith("amankan.")]
    assert ["dark"] == list(app["networks"])


def test_what_is_needed_comes_fresh_and_nothing_else() -> None:
    """Needed services come along with empty volumes; the database, strangers and production's volumes do not."""
    made = project()
    model = dark(made)
    assert {"app", "cache", "disk", RELAY_SERVICE} == set(model["services"])
    assert ("cache", "db", "disk") == made.needed_by(("app",))
    assert [{"type": "volume", "target": "/x"}] == model["services"]["cache"]["volumes"]
    assert {} == model["volumes"]
    assert {"cache", RELAY_SERVICE} == set(model["services"]["app"]["depends_on"])


def test_only_the_relay_stands_outside() -> None:
    """The dark network is internal and hides the machine; no service but the relay has another."""
    model = dark(project())
    network = model["networks"]["dark"]
    assert (True, "true") == (network["internal"], network["driver_opts"]["com.docker.network.bridge.inhibit_ipv4"])
    assert {RELAY_SERVICE} == {name for name, service in model["services"].items() if "way" in service["networks"]}
    assert {"external": True, "name": "shop_default"} == model["networks"]["way"]


def test_variables_are_changed_exactly() -> None:
    """The app's variables are as before but for those of the database, in which a dollar sign stays one."""
    made = project(environment={"A": "1", "DATABASE_URL": "old"})
    app = dark(made, variables=(("DATABASE_URL", Secret("p$w")),))["services"]["app"]
    assert {"A": "1", "DATABASE_URL": "p$$w"} == app["environment"]


@pytest.mark.parametrize(
    ("host", "alias"),
    [
        ("db", "db"),
        ("db.example.org", "db.example.org"),
        ("10.0.0.7", DATABASE_ALIAS),
        ("::1", DATABASE_ALIAS),
        ("localhost", DATABASE_ALIAS),
    ],
)
def test_the_relay_has_the_database_s_name(host: str, alias: str) -> None:
    """A name stays the same, so certificates are checked as before; an address gets a name."""
    assert [alias] == dark(project(), host=host)["services"][RELAY_SERVICE]["networks"]["dark"]["aliases"]


def test_the_database_is_found_by_every_name() -> None:
    """A service answers to its own name and to its aliases."""
    made = project()
    assert ["db", "db", ""] == [made.holder_of(host) for host in ("db", "database", "elsewhere")]


@pytest.mark.parametrize(
    "source", ["/", "/var/run", "/var/run/docker.sock", "/run/x", "/proc", "/dev/null", "/var/lib/docker/x", "/var"]
)
def test_an_engine_is_withheld(source: str) -> None:
    """No folder that holds an engine's socket or state is mounted, and none above it."""
    assert withheld(source)


def test_the_digest_does_not_know_the_image() -> None:
    """The file's digest is the same for another image of the release, and another for any other change."""
    first = project().digest(carrying=("app",))
    assert first == project().with_images({"app": "app:2"}).digest(carrying=("app",))
    assert first != project(environment={"A": "2"}).digest(carrying=("app",))
    assert first != project().with_images({"db": "postgres:16"}).digest(carrying=("app",))
