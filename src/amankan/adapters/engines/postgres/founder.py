"""New databases of a run, made empty, and marked when they are complete."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace

from amankan.adapters.engines.postgres.address import Address
from amankan.adapters.engines.postgres.beforehand import prepare, settle
from amankan.adapters.engines.postgres.claims import comparing, refuse_other, write
from amankan.adapters.engines.postgres.hush import hush
from amankan.adapters.engines.postgres.maintenance import Session, connect, session_name, told
from amankan.adapters.engines.postgres.schema import server_major
from amankan.adapters.engines.postgres.script import drop_database, make_database, run_script
from amankan.adapters.engines.postgres.session import connected
from amankan.adapters.engines.postgres.shelf import MACHINE, Shelf
from amankan.adapters.engines.postgres.tools import Tools
from amankan.errors import EffectFailed, EngineFailed
from amankan.model.claim import Claim
from amankan.model.database import Making
from amankan.model.sentence import say


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresFounder:
    """Keeps the promise of `ports.founder` on the server of `address`, whose database is the live one of the app."""

    address: Address
    tools: Tools | None = None
    shelf: Shelf = MACHINE

    def found(self, database: str, *, making: Making | None, roles: bytes, settings: bytes, claim: Claim) -> None:
        """Keep the promise of the port: nobody else knows the name, which carries the run's token."""
        target = self.address.at(database)
        with told(f"make {database}"), closing(self._session(claim)) as session:
            refuse_other(session, claim, live=self.address.database)
        tools, major, _ = self._tools()
        run_script(self.address.at("postgres"), tools, script=roles)
        try:
            make_database(target, making or Making(name=database), major=major)
            prepare(target, tools, settings=settings)
        except EffectFailed:
            drop_database(target)
            raise

    def mark(self, database: str, *, settings: bytes, claim: Claim) -> None:
        """Keep the promise of the port: the mark is written in a transaction that compares the claim."""
        tools, _, beside = self._tools()
        settle(beside.at(database), tools, settings=settings)
        with (
            told(f"mark {database}"),
            closing(self._session(claim)) as session,
            comparing(session, claim, live=self.address.database) as databases,
        ):
            made = next((each for each in databases if each.name == database), None)
            if made is None:
                raise EngineFailed(say("cannot mark {target}: it is gone", target=database))
            write(session, made, note=replace(made.note, mark=claim.run))

    def _session(self, claim: Claim) -> Session:
        return connect(self.address.at("postgres"), name=session_name(claim))

    def _tools(self) -> tuple[Tools, int, Address]:
        """Return programs for the server, its version, and an address there by which no event trigger is set off."""
        beside = self.address.at("postgres")
        with connected(beside) as session:
            major, quiet = server_major(session)[0], hush(beside, session)
        return self.tools or self.shelf.client(major), major, quiet
