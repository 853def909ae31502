"""What was seen of production before anything is done to it; each look may have failed, and says why."""

from __future__ import annotations

from dataclasses import dataclass

from amankan.model.facts import ServerFacts
from amankan.model.guard import Coverage
from amankan.model.identity import Identity
from amankan.model.keeping import Keep
from amankan.model.marker import Marker
from amankan.model.project import Along
from amankan.model.runtime import ServiceState
from amankan.model.sentence import Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A look that could not be taken, why, and what to do about it where that is known."""

    why: Sentence
    remedy: Sentence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether the database answers as the configuration says; `why` where it does not."""

    database: str
    version: str = ""
    why: Sentence | None = None
    pooled: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Idler:
    """A session that holds a transaction open and does nothing."""

    pid: int
    user: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLook:
    """
    What the server says. `floor` is the first safe minor version, None where the major is not known.

    `hidden` are objects that our role cannot read completely, `tables` the names of all tables, `unfinished` the
    migrations that were begun and never finished, `skew_seconds` how far the server's clock is ahead of ours, `marker` which
    app the database says that it belongs to, `unchecked` tables whose foreign keys are not enforced as they were made,
    `placed` what lies in another tablespace than the database, `unlogged` tables that a crash of the server empties.
    """

    facts: ServerFacts
    database: str
    role: str
    app_role: str
    app_superuser: bool
    minor: int
    floor: int | None
    identity: Identity
    hidden: tuple[str, ...] = ()
    idlers: tuple[Idler, ...] = ()
    foreign_tables: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    placed: tuple[str, ...] = ()
    unlogged: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    skew_seconds: float = 0.0
    ledger: str = ""
    unfinished: tuple[str, ...] = ()
    marker: Marker | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolsLook:
    """
    The client programs of the server's version; `minor` None where there are none. `lacking` are extensions.

    `carried` tells that they come out of the image of the database's own container.
    """

    major: int
    minor: int | None
    floor: int | None
    lacking: tuple[str, ...] = ()
    carried: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultLook:
    """
    The snapshots of the app: of the newest its age, proof, identity and database, and which of the project's files are in
    it; what cannot be believed, and how many links are missing.
    """

    count: int
    age_seconds: float = 0.0
    proved: bool = False
    proved_age_seconds: float | None = None
    identity: Identity | None = None
    database: str = ""
    disbelieved: tuple[str, ...] = ()
    breaks: tuple[Sentence, ...] = ()
    project: Along | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysLook:
    """Who can read the backups: recipients, those that are none, and where the recovery key and the vault are."""

    recipients: int
    wrong: tuple[str, ...] = ()
    recovery: str = ""
    recovery_open: bool = False
    vault_remote: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Room on a disk: what is free (None where it cannot be seen) and what an update needs there."""

    place: str
    need_bytes: int
    free_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeLook:
    """
    The services that carry the app; `untold` are variables of [database.env] that they do not have.

    `process` tells that the app is a process of this machine, `never` that Amankan has not started it yet.
    """

    services: tuple[ServiceState, ...]
    untold: tuple[str, ...] = ()
    process: bool = False
    never: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerLook:
    """
    The database's container, where it is one of the project.

    `kept` is how its files are kept: `volume`, `folder`, `anonymous`, `layer`. `published` are the ports that other
    machines reach; `changed` whether the Compose file says something else by now; `file_major` the version of its image.
    """

    service: str
    folder: str
    kept: str
    published: tuple[str, ...] = ()
    changed: bool = False
    image: str = ""
    file_major: int | None = None
    major: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLook:
    """One image of the app: whether a registry knows it, `built` where it was made on this machine."""

    reference: str
    built: bool = False
    why: Sentence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLook:
    """What an address answered before the update: a status, or why there was none."""

    url: str
    status: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLook:
    """How many of the app's newest lines match a pattern already."""

    patterns: int
    lines: int = 0
    matching: int = 0
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordLook:
    """Why the database's password is one that everybody tries first; None where it is not."""

    guessable: Sentence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretsLook:
    """
    Secrets that others may see.

    `tracked` are files that git has now, `historic` those that it had once, `open` those that everybody here can read.
    """

    tracked: tuple[str, ...] = ()
    historic: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    git: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MessengersLook:
    """Who is to be told how an operation ended: how many, those whose address is strange, and what hinders all or one."""

    count: int
    strange: tuple[str, ...] = ()
    hindrance: Sentence | None = None
    remedy: Sentence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationLook:
    """An operation that has not ended; empty where there is none."""

    run: str = ""
    running: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """
    All that was seen; None where something does not apply to this app.

    `project` are the files that would go along with a backup now, `beside` what the app writes to and no backup has.
    """

    app: str
    environment: str
    migrates: bool
    answer: Answer
    server: ServerLook | Unseen
    tools: ToolsLook | Unseen
    guard: Coverage | Unseen
    vault: VaultLook | Unseen
    keys: KeysLook | Unseen
    rooms: tuple[Room, ...] | Unseen
    keeps: tuple[Keep, ...]
    runtime: RuntimeLook | Unseen | None
    container: ContainerLook | Unseen | None
    images: tuple[ImageLook, ...] | Unseen | None
    http: tuple[HttpLook, ...] | Unseen
    logs: LogLook | Unseen | None
    password: PasswordLook | Unseen
    secrets: SecretsLook | Unseen
    operation: OperationLook | Unseen
    project: Along | Unseen
    beside: tuple[str, ...] | Unseen | None
    messengers: MessengersLook | None = None

    @property
    def production(self) -> bool:
        """Whether this is the place that must not lose anything."""
        return self.environment == "production"
