"""What a survey found; plans are made from this and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from amankan.model.app import App
from amankan.model.identity import Identity
from amankan.model.release import Release
from amankan.model.runtime import ServiceState


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """
    The surveyed state of one app, gathered without changing anything.

    `logical_slots` counts replication slots bound to the database, `free_bytes` the room where the server keeps its
    files, None where it cannot be seen. `begun` is False for an app that was never started by the runtime that shall keep
    it running: what it should be like is then not what it is like.
    """

    app: App
    run: str
    identity: Identity
    release: Release
    services: tuple[ServiceState, ...]
    size_bytes: int
    free_bytes: int | None
    may_create_databases: bool
    logical_slots: int = 0
    begun: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSession:
    """Somebody who is connected to the app's database: what they call themselves, their role, where they come from."""

    name: str
    user: str
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """
    What a database server says of the app's database and of our role, gathered without changing anything.

    `free_bytes` is None where the room cannot be seen. `sessions` are those of others, `unstoppable` the roles among
    them that ours may not end. `foreign_settings` and `foreign_labels` belong to the database and could not be brought
    to a copy by this role. `restricted_tables` counts tables whose rows a rule hides from our role, `aged_indexes` those whose
    order may no longer hold; `collation_differs` tells that the server sorts text otherwise than it noted of the database, and
    `collation_known` whether it has a version to note now.
    """

    version: int
    standby: bool
    superuser: bool
    owner: bool
    size_bytes: int
    free_bytes: int | None = None
    may_create_databases: bool = False
    copies_on_write: bool = False
    is_template: bool = False
    logical_slots: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()
    prepared: tuple[str, ...] = ()
    sessions: tuple[OtherSession, ...] = ()
    unstoppable: tuple[str, ...] = ()
    foreign_settings: tuple[str, ...] = ()
    foreign_labels: tuple[str, ...] = ()
    restricted_tables: int = 0
    collation_differs: bool = False
    collation_known: bool = True
    aged_indexes: int = 0
