"""One death of an update under Compose: the project at its stage, a blow, what the product says to do then, the judgement."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any, Final

from tests.faults.born import Blow
from tests.faults.composed.ground import Moored, Yard, moor
from tests.faults.judge import by_the_rule, chains, ending_of, journals, read_lines, story_state
from tests.faults.trial import KILLED, Aftermath, Death, Told, runs_of, unfinished

SCENARIO: Final = "compose-update"
LEVELS: Final = ("journal", "command")
SERVES_SECONDS: Final = 60.0

# Of the moments at programs one in so many is played, another one with each seed; of those at lines of the journal all are.
COMMANDS_BETWEEN: Final = 24

# The last migration that each release brings.
MIGRATIONS: Final = """
    select migration_name from _prisma_migrations where finished_at is not null order by migration_name desc limit 1
"""
LEFT: Final = """
    select 'a session is left: ' || application_name from pg_stat_activity where application_name like 'amankan%'
    union all select 'an advisory lock is left' from pg_locks where locktype = 'advisory'
    union all select 'a database is left: ' || datname from pg_database
        where starts_with(datname, 'ocn_') and datname !~ '^ocn_(old|undone|bad)_[0-9a-f]+$'
    union all select 'a kept database is open: ' || datname from pg_database where starts_with(datname, 'ocn_') and datallowconn
    union all select 'the live database is closed' from pg_database
        where datname = 'ocn' and (not datallowconn or datconnlimit <> -1)
    union all select 'a claim is left in ' || datname from pg_database
        where shobj_description(oid, 'pg_database') like '%"run"%'
"""


class Composed(Aftermath):
    """Plays deaths in one yard; the project is at its stage before each."""

    def __init__(self, yard: Yard) -> None:
        """Nothing was seen yet."""
        super().__init__(yard.nest)
        self.yard = yard
        self._tags: dict[str, int] = {}
        self._schemas: dict[str, str] = {}

    def golden_points(self) -> list[str]:
        """Return the names of the points of an undisturbed update; what it leaves is what every other may leave."""
        record = self.yard.home / "points"
        with moor(self.yard) as moored:
            self._schemas["v1"] = self.yard.project.sql(MIGRATIONS)
            known = runs_of(moored)
            words = ("update", "--plan", self.yard.plan, "--yes")
            left = self.yard.nest.run(moored, *words, blow=Blow(record=record, levels=LEVELS))
            assert 0 == left.status, left.err
            self._schemas["v2"] = self.yard.project.sql(MIGRATIONS)
            self._tags = {
                "done": len(self.yard.kept_tags()),
                "as-before": len(self.yard.tags),
                "never-begun": len(self.yard.tags),
            }
            told = Told(id="")
            self._judge(moored, told, known)
            assert ("done", []) == (told.ending, told.wrong), told
        return record.read_text().splitlines()

    def kill(self, death: Death) -> Told:
        """Return what became of it."""
        told = Told(id=death.id, moment=f"{death.scenario} {death.moment}")
        if not self._tags:
            self.golden_points()
        began = time.monotonic()
        with moor(self.yard) as moored:
            known = runs_of(moored)
            blow = Blow(point=death.point, orphans=death.outcome == "orphans", levels=LEVELS)
            left = self.yard.nest.run(moored, "update", "--plan", self.yard.plan, "--yes", blow=blow)
            if left.status != KILLED:
                told.wrong.append(f"the point was not reached: status {left.status}, {left.err[-300:]}")
            else:
                self._between_deaths(moored, death)
                self.recover(moored, told)
                state = self._judge(moored, told, known)
                if state not in self._seen or told.wrong:
                    self._seen.add(state)
                    told.wrong += self.afterwards(moored)
        told.seconds = time.monotonic() - began
        return told

    def _between_deaths(self, moored: Moored, death: Death) -> None:
        """The database's container dies and comes back, or a recovery dies, where the death says so."""
        if death.outcome == "restart":
            self.yard.project.compose("kill", "db")
            self.yard.project.compose("up", "--detach", "--wait", "--no-recreate", "--no-deps", "db")
        if death.outcome == "twice" and unfinished(moored):
            self.yard.nest.run(moored, "recover", blow=Blow(point=death.second, levels=LEVELS))

    def _judge(self, moored: Moored, told: Told, known: frozenset[str]) -> str:
        """What is wrong is told; returns a text that is equal for worlds that are equal in what matters next."""
        stories = [read_lines(path) for path in journals(moored) if path.parent.name not in known]
        told.ending = ending_of(stories)
        wanted = "v2" if told.ending == "done" else "v1"
        told.wrong += self._served(moored, wanted)
        moored.witness.stop()
        told.wrong += [
            *self._rows(moored, wanted),
            *self._engine_left(moored, told.ending),
            *chains(stories),
            *by_the_rule(stories),
        ]
        if told.ending == "open":
            told.wrong.append("I5: a journal is still open")
        databases = self.yard.project.sql("select count(*) from pg_database")
        return f"{told.ending} {databases} {sorted({story_state(story) for story in stories})}"

    def _served(self, moored: Moored, wanted: str) -> Iterator[str]:
        limit, serving = time.monotonic() + SERVES_SECONDS, ""
        while not serving and time.monotonic() < limit:
            try:
                serving, _ = moored.witness.look()
            except (OSError, http.client.HTTPException, ValueError, KeyError):
                time.sleep(0.1)
        if serving != wanted:
            yield f"I5: {serving or 'nobody'} serves, and not {wanted}"
        strangers = {version for version, _ in moored.witness.served} - {"v1", wanted}
        if strangers:
            yield f"I2: {sorted(strangers)} served in an update that ended before"

    def _rows(self, moored: Moored, wanted: str) -> Iterator[str]:
        sql = self.yard.project.sql
        there = {int(line) for line in sql("select number from payments").split()}
        missing = moored.witness.acknowledged - there
        if missing:
            yield f"I1: {len(missing)} of {len(moored.witness.acknowledged)} acknowledged payments are lost"
        schema = sql(MIGRATIONS)
        if schema != self._schemas[wanted]:
            yield f"I2: {wanted} serves on {schema}"
        yield from (f"I5: {line}" for line in sql(LEFT).splitlines())

    def _engine_left(self, moored: Moored, ending: str) -> Iterator[str]:
        made, docker = self.yard.project, self.yard.project.engine.docker
        ids = docker("container", "ls", "--all", "--quiet", "--no-trunc").split()
        found: list[dict[str, Any]] = json.loads(docker("container", "inspect", *ids))
        services = sorted(str(each["Config"]["Labels"].get("com.docker.compose.service")) for each in found)
        if services != ["app", "db"]:
            yield f"I5: other containers than those of the project are there: {[each['Name'] for each in found]}"
        for each in found:
            if not each["State"]["Running"] or each["HostConfig"]["RestartPolicy"]["Name"] != "always":
                yield f"I5: {each['Name']} is {each['State']['Status']}, restart {each['HostConfig']['RestartPolicy']['Name']}"
        if moored.database not in ids:
            yield "I5: the database's container is another one"
        networks = set(docker("network", "ls", "--format", "{{.Name}}").split()) - {"bridge", "host", "none"}
        if networks != {f"{made.name}_default"}:
            yield f"I5: networks are left: {sorted(networks)}"
        if len(self.yard.kept_tags()) > self._tags.get(ending, 0):
            yield f"I5: images are kept: {sorted(self.yard.kept_tags())}"
