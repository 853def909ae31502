"""What the Docker kit promises: engines apart from each other, a registry that keeps what it was given."""

import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.kit.docker import network
from tests.kit.docker.command import CommandFailed, run
from tests.kit.docker.engine import Engine, running_engine
from tests.kit.docker.place import slot
from tests.kit.docker.registry import Registry, running_registry

pytestmark = pytest.mark.real


def test_two_engines_live_beside_each_other(docker_engine: Engine) -> None:
    """A second engine knows nothing of the first, and leaves the walls between the first one's networks standing."""
    docker_engine.docker("network", "create", "--internal", "test-wall")
    try:
        before = {rule for rule in network.rules() if rule.chain.startswith("DOCKER")}
        with slot() as taken, running_engine(taken) as second:
            during = set(network.rules())
            assert docker_engine.address != second.address
            assert "" == second.docker("image", "ls", "--quiet", "--filter", "reference=test-nobody")
            assert "" == second.docker("network", "ls", "--quiet", "--filter", "name=test-wall")
        assert set() == before - during
    finally:
        docker_engine.docker("network", "rm", "test-wall")


def test_two_engines_make_networks_at_once(docker_engine: Engine) -> None:
    """The one does not stumble over the jump in the packet filter that the other took out a moment before."""
    with slot() as taken, running_engine(taken) as second, ThreadPoolExecutor() as pool:
        for _ in pool.map(_make_networks, [docker_engine, second]):
            pass


def _make_networks(engine: Engine) -> None:
    for number in range(20):
        engine.docker("network", "create", f"test-at-once-{number}")
        engine.docker("network", "rm", f"test-at-once-{number}")


def test_what_a_killed_engine_left_is_gone(docker_engine: Engine) -> None:
    """The rule of a bridge that is gone is gone too; those of a bridge that is there stand."""
    number = docker_engine.docker("network", "create", "test-here")
    try:
        said = ["POSTROUTING", "-s", "192.0.2.0/24", "!", "-o", "br-0123456789ab", "-j", "MASQUERADE"]
        run(["iptables", "--table", "nat", "--append", *said])
        before = _rules_of("br-0123456789ab"), _rules_of(f"br-{number[:12]}")
        network.forget_the_gone()
        assert ({("nat", *said)}, set()) == (before[0], _rules_of("br-0123456789ab"))
        assert before[1]
        assert before[1] == _rules_of(f"br-{number[:12]}")
    finally:
        docker_engine.docker("network", "rm", "test-here")


def _rules_of(bridge: str) -> set[tuple[str, ...]]:
    return {(rule.table, rule.chain, *rule.words) for rule in network.rules() if bridge in rule.words}


def test_a_stopped_engine_leaves_nothing_in_the_network(docker_engine: Engine) -> None:
    """Bridge and rules of an engine that ended are gone."""
    with slot() as taken, running_engine(taken) as second:
        name = second.slot.bridge
        assert Path(f"/sys/class/net/{name}").exists()
    assert not Path(f"/sys/class/net/{name}").exists()
    assert [] == [rule for rule in network.rules() if name in rule.words]


def test_a_failed_command_is_told(docker_engine: Engine) -> None:
    """An exit status other than 0 is an exception that carries status and output."""
    with pytest.raises(CommandFailed) as refused:
        docker_engine.docker("container", "inspect", "test-nobody")
    assert 1 == refused.value.status
    assert "No such container" in refused.value.output


def test_registry_keeps_what_it_was_given(docker_engine: Engine, tmp_path: Path) -> None:
    """A pushed image has the same digest at the same address after the registry was stopped and started."""
    layer = tmp_path / "layer.tar"
    with tarfile.open(layer, "w") as tar:
        tar.add(__file__, "test.py")
    with running_registry(tmp_path / "registry") as running:
        name = f"{running.address}/kept:v1"
        docker_engine.docker("import", str(layer), name)
        docker_engine.docker("push", "--quiet", name)
        before = running.digest("kept", "v1")
        port = int(running.address.rpartition(":")[2])
    with pytest.raises(CommandFailed):
        docker_engine.docker("pull", name)
    with running_registry(tmp_path / "registry", port=port) as running:
        assert before == running.digest("kept", "v1")
        docker_engine.docker("pull", "--quiet", name)
    docker_engine.docker("image", "rm", name)


def test_an_absent_image_is_told(registry: Registry) -> None:
    """A tag that nobody pushed is a lookup that fails."""
    with pytest.raises(LookupError):
        registry.digest("nothing", "v1")
