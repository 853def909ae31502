"""The one room that knows every name: it builds what the operations work with from what the configuration says."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from amankan.adapters.clocks.system import SystemChance, SystemClock
from amankan.adapters.disks.local import LocalDisk
from amankan.adapters.disks.outgoing import write_instead as write_again
from amankan.adapters.disks.outgoing import write_out as write_new
from amankan.adapters.engines.postgres.address import Address, parse_app_address
from amankan.adapters.engines.postgres.archiver import PostgresArchiver
from amankan.adapters.engines.postgres.cluster import making_of, roles_sql
from amankan.adapters.engines.postgres.condition import marker_in
from amankan.adapters.engines.postgres.engine import PostgresEngine
from amankan.adapters.engines.postgres.expected import promised_labels
from amankan.adapters.engines.postgres.filling import Filling, fill_database, refuse_filled, server_version_of, unlike
from amankan.adapters.engines.postgres.fingerprint import fingerprint_of
from amankan.adapters.engines.postgres.foreign.trial import Ground
from amankan.adapters.engines.postgres.founder import PostgresFounder
from amankan.adapters.engines.postgres.plain import plain_sql as postgres_sql
from amankan.adapters.engines.postgres.sandbox import PostgresSandbox
from amankan.adapters.engines.postgres.schema import server_major
from amankan.adapters.engines.postgres.session import connected
from amankan.adapters.engines.postgres.shelf import Shelf
from amankan.adapters.engines.postgres.surroundings import server_facts
from amankan.adapters.engines.postgres.throwaway.server import ThrowawayServers
from amankan.adapters.migrators.recognised import RecognisedMigrator
from amankan.adapters.stores.table import Place, open_place
from amankan.config.references import Resolver
from amankan.config.settings import Settings
from amankan.errors import KeyRefused
from amankan.model.app import App
from amankan.model.claim import Claim
from amankan.model.facts import Facts
from amankan.model.fingerprint import Fingerprint
from amankan.model.keeping import Keep
from amankan.model.marker import Marker
from amankan.model.release import Release
from amankan.model.secret import Secret
from amankan.model.sentence import Sentence, say
from amankan.model.snapshot import Snapshot
from amankan.operations.adopt import Adoption
from amankan.operations.fleeting import refuse_fleeting
from amankan.operations.interruptible import InterruptibleArchiver
from amankan.operations.marked import refuse_mismarked
from amankan.operations.plans.names import run_name
from amankan.operations.saved import named
from amankan.operations.stage import Consent, Stage
from amankan.operations.survey import survey
from amankan.operations.walk import nothing_interrupts
from amankan.ports.clock import Chance, Clock
from amankan.ports.disk import Disk
from amankan.ports.progress import Progress
from amankan.vault.age import Identity, Recipient
from amankan.vault.catalogue import Catalogue
from amankan.vault.keychain import RECOVERY, Keychain
from amankan.vault.sealed import Gather, Policy, SealedVault, Surroundings
from amankan.wiring.apps import STATE, compose_of, container_asked, reachable
from amankan.wiring.belongings import gathering
from amankan.wiring.grounds import Grounds
from amankan.wiring.guards import GuardPlace, guard_at
from amankan.wiring.keeping import keeps_of
from amankan.wiring.places import premises_of
from amankan.wiring.premises import Premises
from amankan.wiring.programs import shelf_of
from amankan.wiring.rehearsing import RehearsingSandbox
from amankan.wiring.salvaging import FileSalvage
from amankan.wiring.trials import Tryer
from amankan.wiring.wished import Target

# Short, for the name of a unix socket must fit into some hundred bytes; on a disk and not in memory, for databases are large.
SANDBOXES: Final = "/var/tmp/amankan-{uid}"

# As long as the step of a plan that pulls, where nothing is here yet.
PULL_SECONDS: Final = 3600.0

Arriving = Callable[[Release], None]

# How many sessions read a database at once where no pace was asked for.
SESSIONS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the top floor lends to an operation: who consents, who is told how far it is, and who may interrupt it."""

    disk: Disk
    keys: Keychain
    consent: Consent
    progress: Progress
    interrupted: Callable[[], bool] = nothing_interrupts


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """
    Everything that works on one app, ready; `secrets` are those that were opened for it.

    `reach` returns an address of the app as this machine reaches it.
    """

    stage: Stage
    premises: Premises
    vault: SealedVault
    address: Address
    engine: PostgresEngine
    sandbox: PostgresSandbox
    identities: tuple[Identity, ...]
    secrets: tuple[Secret, ...]
    reach: Callable[[Address], Address]
    remarks: tuple[Sentence, ...] = field(default=())
    keeps: tuple[Keep, ...] = field(default=())

    def server_version(self) -> str:
        """Return the version of the app's server: `15.20`."""
        return server_version_of(self.address)

    def survey(self, outdated: Marker | None = None) -> Facts:
        """
        Return the facts that a plan is made from; an app that was never started is planned as one that runs.

        Refused where journal or backups would not stay, WrongTarget where the database carries the marker of something else,
        and not the one that the user knows as `outdated`.
        """
        self.refuse_fleeting()
        self.refuse_mismarked(outdated)
        seen = survey(self.stage, chance(), server=server_facts(self.address))
        found = replace(seen, release=named(self.stage.disk, seen.release))
        if self.premises.begun():
            return found
        wished = tuple(replace(service, running=True, open=True) for service in found.services)
        return replace(found, services=wished, begun=False)

    def refuse_fleeting(self) -> None:
        """Raise Refused, before anything is done, where production's journal or backups would go away by themselves."""
        refuse_fleeting(self.stage.app, self.keeps)

    def refuse_mismarked(self, outdated: Marker | None = None) -> None:
        """Raise WrongTarget, before anything is done, where the database says that it is another app's."""
        with connected(self.address) as session:
            found = marker_in(session)
        refuse_mismarked(self.stage.app, found, outdated=outdated)

    def target(self, wish: Target, *, arriving: Arriving) -> Release:
        """Return the release that is wished for, with the migrations that it brings; `arriving` hears of it before a pull."""
        return self._brought(self.premises.target(wish), arriving=arriving)

    def target_again(self, release: Release, *, arriving: Arriving) -> Release:
        """Return the release of a plan as it would be found now; `arriving` hears of it before a pull."""
        return self._brought(self.premises.again(release), arriving=arriving)

    def strangers(self, release: Release) -> tuple[str, ...]:
        """Return the migrations of the live database that a release does not know; none where its tool cannot say."""
        migrator = self.stage.migrator
        assert isinstance(migrator, RecognisedMigrator)
        return migrator.strangers(migrator.ledger(self.stage.app.database), release=release)

    def _brought(self, release: Release, *, arriving: Arriving) -> Release:
        """Return it with its migrations, which only its images can tell: they are here afterwards."""
        registry = self.premises.registry
        if not registry.present(release):
            arriving(release)
            run = run_name(self.stage.app.name, clock().now(), token=chance().token())
            registry.pull(release, claim=Claim(run=run, epoch=0), limit_seconds=PULL_SECONDS)
        return replace(release, ledger=self.stage.migrator.expected(release))

    def close(self) -> None:
        """No session is open, and no snapshot can be read any more without a recovery key."""
        self.vault.forget()
        self.engine.close()


def clock() -> Clock:
    """Return the clock of this machine."""
    return SystemClock()


def chance() -> Chance:
    """Return the chance of this machine."""
    return SystemChance()


def state_folder(settings: Settings) -> Path:
    """Return where the journal and all else lies that belongs to one configuration."""
    return settings.folder / STATE


def lost_folder() -> Path:
    """Return where a fault is kept that happened before any configuration was found."""
    home = Path(os.environ.get("HOME") or "/nonexistent")
    return Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state") / "amankan"


def disk(folder: Path) -> Disk:
    """Return a folder of state on a disk of this machine."""
    return LocalDisk(folder, SystemChance())


def keychain(settings: Settings, recovery: Path | None = None, *, new: bool = False) -> Keychain:
    """
    Return the keys of an app; its recovery key is `recovery`, or the file of the usual name, if it is there.

    Raises:
        KeyRefused: `recovery` is not there, and is not to be made `new`.
    """
    if recovery is not None and not new and not recovery.exists():
        raise KeyRefused(say("cannot read the key file {path}: it is not there", path=str(recovery)), next=say("aman key show"))
    return Keychain(state=state_folder(settings), recovery=recovery or settings.folder / RECOVERY)


def place(settings: Settings) -> Place:
    """Return the store that the vault is in; a relative folder is relative to the configuration."""
    location = settings.vault.location
    return open_place(location if "://" in location else str(settings.folder / location))


def catalogue(settings: Settings, keys: Keychain) -> Catalogue:
    """Return what lies in the vault, for which no database is needed."""
    return Catalogue(place(settings).store, app=settings.app.name, keyring=keys.keyring())


def house(settings: Settings, wanted: Wanted) -> House:
    """
    Return everything that works on the app of a configuration; nothing was asked of its server yet.

    Raises:
        ConfigurationFault: a reference leads nowhere, or its content cannot be understood.
        KeyRefused: a key file cannot be used.
    """
    found = address_of(settings)
    compose = compose_of(settings, found.app)
    address = reachable(compose, found.address)
    shelf = shelf_of(compose, address, given=found.address)
    vault = _vault(settings, wanted, shelf=shelf, address=address, project=gathering(settings, compose))
    reading = partial(fingerprint_of, sessions=SESSIONS, progress=wanted.progress)
    engine = PostgresEngine(address, fingerprint=reading, clock=clock())
    servers = ThrowawayServers(folder=Path(SANDBOXES.format(uid=os.geteuid())), clock=clock())
    sandbox = PostgresSandbox(servers=servers, reader=vault, progress=wanted.progress, shelf=shelf)
    premises = premises_of(settings, compose=compose, disk=wanted.disk, engine=engine, app=found.app)
    grounds = Grounds(
        settings=settings,
        premises=premises,
        own=address,
        app=found.app,
        engine=engine,
    )
    stage = Stage(
        app=_app(settings, database=address.database),
        engine=engine,
        runtime=premises.theatre.runtime,
        registry=premises.registry,
        migrator=grounds.migrator(),
        guard=guard_at(address),
        vault=vault,
        sandbox=RehearsingSandbox(place=sandbox, ground=grounds.ground),
        salvage=FileSalvage(engine=engine, state=state_folder(settings)),
        probes=grounds.probes(),
        disk=wanted.disk,
        clock=clock(),
        consent=wanted.consent,
    )
    return House(
        stage=stage,
        premises=premises,
        vault=vault,
        address=address,
        engine=engine,
        sandbox=sandbox,
        identities=wanted.keys.identities(),
        secrets=found.secrets if compose is None else (*found.secrets, *compose.project.secrets()),
        reach=partial(reachable, compose),
        remarks=found.remarks,
        keeps=keeps_of(settings, remote=place(settings).remote),
    )


def guard_place(settings: Settings) -> GuardPlace:
    """Return the guard of the app's database; nothing was asked of its server yet. Raises as `house`."""
    found = address_of(settings)
    compose = compose_of(settings, found.app)
    address = reachable(compose, found.address)
    return GuardPlace(
        guard=guard_at(address),
        address=address,
        app_role=found.app.user,
        secrets=found.secrets,
        remarks=found.remarks,
    )


def plain_sql(house: House, pieces: Iterable[bytes], *, snapshot: Snapshot) -> Iterator[bytes]:
    """Return the SQL of an archive, written by the tools of the version that it comes from."""
    major = int(house.vault.server_version(snapshot.id).partition(".")[0])
    return postgres_sql(pieces, tools=house.sandbox.shelf.client(major))


def write_out(path: Path, content: Iterable[bytes]) -> int:
    """A new file of that name holds the content, for its owner alone; returns its bytes. Raises Refused, DiskFailed."""
    return write_new(path, content)


def write_instead(path: Path, content: bytes) -> None:
    """The file of that name holds other content, for the same people as before. Raises DiskFailed."""
    write_again(path, content)


def adoption(house: House, *, progress: Progress) -> Adoption:
    """Return what files made by hand are tried with: servers of production's version, its roles, its tables' names."""
    with connected(house.address) as session:
        roles, making = roles_sql(session), making_of(session)
        tables = frozenset(promised_labels(session))
        major = server_major(session)[0]
    ground = Ground(servers=house.sandbox.servers, tools=house.sandbox.shelf.server(major), roles=roles, making=making)
    return Adoption(
        app=house.stage.app.name,
        tryer=Tryer(vault=house.vault, ground=ground, progress=progress),
        vault=house.vault,
        sandbox=house.sandbox,
        clock=clock(),
        chance=chance(),
        tables=tables,
    )


def fill(house: House, snapshot: Snapshot, *, url: Secret, progress: Progress, warn: Callable[[Sentence], None]) -> Fingerprint:
    """
    The empty database of an address holds the snapshot, compared with its fingerprint; returns what it holds.

    Args:
        url: its host may be a service of the app's own project.
        warn: is told, before anything is changed, that the database sorts text otherwise.
    Raises:
        ConfigurationFault: the address cannot be read.
        Refused: the database is not empty, somebody is in it, it is of another encoding, or its server is older.
        SnapshotDamaged: it restores to something else; the database holds it.
    """
    address = house.reach(parse_app_address(url, place="--into"))
    refuse_filled(address, live=house.stage.engine.identify(house.address.database))
    if (remark := unlike(address, house.vault.making(snapshot.id))) is not None:
        warn(remark)
    filling = Filling(reader=house.vault, snapshot=snapshot, progress=progress, clock=clock(), shelf=house.sandbox.shelf)
    return fill_database(address, filling)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAddress:
    """The way of the tool itself to the database, and the app's."""

    address: Address
    app: Address
    secrets: tuple[Secret, ...]
    remarks: tuple[Sentence, ...]


def address_of(settings: Settings) -> FoundAddress:
    """Return by which ways one comes to the database: the tool's own, where there is one, and the app's."""
    resolver = Resolver(settings.folder, container=container_asked(settings))
    url = resolver.follow(settings.database.url, key="database.url")
    app = own = parse_app_address(url.secret, place="database.url")
    secrets, remarks = [url.secret], [*url.remarks, *app.remarks]
    if settings.database.admin is not None:
        admin = resolver.follow(settings.database.admin, key="database.admin_url")
        own = parse_app_address(admin.secret, place="database.admin_url")
        secrets.append(admin.secret)
        remarks += [*admin.remarks, *own.remarks]
    secrets += [address.password for address in (app, own) if address.password is not None]
    return FoundAddress(address=own, app=app, secrets=tuple(secrets), remarks=tuple(dict.fromkeys(remarks)))


def _vault(settings: Settings, wanted: Wanted, *, shelf: Shelf, address: Address, project: Gather) -> SealedVault:
    where = place(settings)
    surroundings = Surroundings(
        store=where.store,
        archiver=InterruptibleArchiver(PostgresArchiver(address=address, clock=clock(), shelf=shelf), wanted.interrupted),
        founder=PostgresFounder(address=address, shelf=shelf),
        clock=clock(),
        progress=wanted.progress,
        project=project,
    )
    policy = Policy(
        app=settings.app.name,
        recipients=tuple(Recipient(text=text) for text in settings.vault.recipients),
        keyring=wanted.keys.keyring(),
        identities=wanted.keys.identities(),
        remote=where.remote,
    )
    return SealedVault(surroundings, policy)


def _app(settings: Settings, *, database: str) -> App:
    return App(name=settings.app.name, environment=settings.app.environment, database=database, limits=settings.limits)
