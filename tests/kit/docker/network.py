"""Make room in the machine's network for one more engine, without harm to those that are there."""

import contextlib
import ipaddress
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.kit.docker.command import CommandFailed, run

TABLES = ("filter", "nat")

# What an engine calls the bridge of a network that a user made.
OWN_BRIDGE = re.compile("br-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the packet filter: its table, its chain, and what it says."""

    table: str
    chain: str
    words: tuple[str, ...]


def rules() -> tuple[Rule, ...]:
    """Every rule that stands, in its order."""
    found = []
    for table in TABLES:
        for line in run(["iptables-save", "--table", table]).splitlines():
            words = shlex.split(line)
            if words[:1] == ["-A"]:
                found.append(Rule(table=table, chain=words[1], words=tuple(words[2:])))
    return tuple(found)


def forget_the_gone() -> None:
    """
    No rule is left of a network whose bridge is gone, and no bridge while no engine runs: an engine that is killed leaves both.

    A rule that rewrites where packets come from would do so in the next network with the same addresses, and drop them where
    the machine has no address of its own there, as in the dark.
    """
    if not any(_name_of(process) == "dockerd" for process in Path("/proc").glob("[0-9]*")):
        for link in json.loads(run(["ip", "-json", "link", "show", "type", "bridge"]) or "[]"):
            if OWN_BRIDGE.fullmatch(str(link.get("ifname"))):
                run(["ip", "link", "delete", link["ifname"]])
    for rule in rules():
        if any(OWN_BRIDGE.fullmatch(word) and not Path("/sys/class/net", word).exists() for word in rule.words):
            with contextlib.suppress(CommandFailed):
                run(["iptables", "--table", rule.table, "--delete", rule.chain, *rule.words])


def _name_of(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return ""


def put_back(before: tuple[Rule, ...]) -> None:
    """
    The rules that another engine had in Docker's chains stand again.

    An engine that starts empties those chains, which the whole machine has once: published ports and, worse, the walls
    between networks of another engine would be gone.
    """
    standing = set(rules())
    for rule in reversed(before):
        if rule.chain.startswith("DOCKER") and rule not in standing:
            run(["iptables", "--table", rule.table, "--insert", rule.chain, "1", *rule.words])


def free_range(*, apart_from: str) -> ipaddress.IPv4Network:
    """A private /16 that no route of this machine touches, except those of one interface."""
    routes = json.loads(run(["ip", "-json", "-4", "route"]))
    taken = [
        ipaddress.IPv4Network(route["dst"]) for route in routes if route["dst"] != "default" and route.get("dev") != apart_from
    ]
    for second in range(200, 250):
        candidate = ipaddress.IPv4Network(f"10.{second}.0.0/16")
        if not any(candidate.overlaps(other) for other in taken):
            return candidate
    raise RuntimeError("no private range between 10.200.0.0 and 10.249.0.0 is free of routes")


@contextlib.contextmanager
def bridge(name: str) -> Iterator[ipaddress.IPv4Network]:
    """A network interface for an engine's default network exists, with the first /24 of the /16 yielded."""
    _remove(name)
    space = free_range(apart_from=name)
    run(["ip", "link", "add", name, "type", "bridge"])
    try:
        run(["ip", "address", "add", f"{space.network_address + 1}/24", "dev", name])
        run(["ip", "link", "set", name, "up"])
        # An engine that has to switch forwarding on closes the machine's FORWARD chain to everybody else.
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        yield space
    finally:
        _remove(name)


def _remove(name: str) -> None:
    for rule in rules():
        if name in rule.words:
            run(["iptables", "--table", rule.table, "--delete", rule.chain, *rule.words])
    with contextlib.suppress(CommandFailed):
        run(["ip", "link", "show", name])
        run(["ip", "link", "delete", name])
