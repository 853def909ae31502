"""
Every error, as a tree. A class exists when somebody acts on it or a user must do something about it.

    AmankanError                      status  what production looks like
    ├── OwnFault                      1       as the message says
    ├── ConfigurationFault            2       unchanged
    ├── Refused                       3       unchanged
    │   ├── WrongTarget               3       unchanged: this is not the database that it should be
    │   ├── ConsentMissing            3       unchanged
    │   ├── StalePlan                 3       unchanged
    │   ├── NewerFormat               3       unchanged: written by a newer Amankan
    │   ├── Unsigned                  3       unchanged: nobody that is trusted signed this
    │   └── RunUnfinished             3       as the journal says: recover first
    ├── RehearsalFailed               4       unchanged
    │   └── LossFound                 4       unchanged
    ├── RolledBack                    5       exactly as before
    ├── Stopped                       6       as the message says; no row lost
    ├── SnapshotMissing               10      unchanged
    │   └── VaultMissing              10      unchanged: it is empty, and was not
    ├── Locked                        11      unchanged
    ├── KeyRefused                    12      unchanged
    ├── Damaged                       13      unchanged
    │   ├── JournalDamaged            13
    │   └── SnapshotDamaged           13
    │       ├── SnapshotCut           13      its end is missing
    │       └── SnapshotEmpty         13      there is nothing in it
    ├── AnswerLost                    6       as asked: the command was carried out, and only its answer is missing
    ├── Interrupted                   130     exactly as before
    └── EffectFailed                  1       (a port's verb failed: the walk turns it into an ending)
        ├── EngineFailed              the database server refused or went away
        ├── RuntimeFailed             the app could not be stopped or started
        ├── RegistryFailed            an image could not be had
        ├── MigrationFailed           the migration tool failed, or did not do what it said
        ├── StoreFailed               a store refused, or did not keep what it took
        ├── ProbeFailed               the release does not answer as it should
        ├── CommandFailed             an outside program ended with a status other than 0
        ├── TimedOut                  a limit passed; the effect may still happen
        ├── Unlooked                  an effect said that it was done, and a look says that it is not
        ├── Foreign                   something that is not ours stands where ours should be
        ├── Superseded                another process took this run up; this one must not write any more
        └── DiskFailed                the disk refused
            ├── DiskFull              no room; nothing was written
            └── SyncFailed            what was written may be gone; final, never tried again
"""

from __future__ import annotations

from typing import ClassVar

from amankan.model.sentence import Sentence, say


class AmankanError(Exception):
    """
    Something could not be done.

    `cannot` says what; `production` what it looks like now; `next` the command to type.
    The three lines that a user reads are chosen from these on the top floor.
    """

    status: ClassVar[int] = 1
    code: ClassVar[str] = "error"
    production_by_rule: ClassVar[Sentence] = say("unchanged")
    next_by_rule: ClassVar[Sentence] = say("aman status")

    def __init__(self, cannot: Sentence, *, production: Sentence | None = None, next: Sentence | None = None) -> None:
        """Keep the three sentences; those not given are the rule of the class."""
        super().__init__(cannot)
        self.cannot = cannot
        self.production = production or self.production_by_rule
        self.next = next or self.next_by_rule

    def __str__(self) -> str:
        return str(self.cannot)


class OwnFault(AmankanError):
    """Something that we did not think of; the traceback is in the log file."""

    status, code = 1, "own-fault"
    next_by_rule = say("aman status --verbose")


class ConfigurationFault(AmankanError):
    """The configuration or the command line cannot be understood; nothing was touched."""

    status, code = 2, "configuration"
    next_by_rule = say("aman config")


class Refused(AmankanError):
    """A rule says no; nothing was touched."""

    status, code = 3, "refused"
    next_by_rule = say("aman doctor")


class WrongTarget(Refused):
    """The database that answers is not the one that this app or run belongs to."""

    code = "wrong-target"


class ConsentMissing(Refused):
    """Nobody said yes, and nobody could be asked."""

    code = "consent-missing"


class StalePlan(Refused):
    """Something that the plan is bound to has changed since."""

    code = "stale-plan"
    next_by_rule = say("aman plan")


class NewerFormat(Refused):
    """A file was written by a newer version in a format that this version does not know."""

    code = "newer-format"


class Unsigned(Refused):
    """A snapshot carries no signature of a key that this vault trusts; whoever knows a recipient can make one."""

    code = "unsigned"
    next_by_rule = say("aman key show")


class RunUnfinished(Refused):
    """An operation that a crash left behind must be finished or undone first."""

    code = "run-unfinished"
    next_by_rule = say("aman recover")


class RehearsalFailed(AmankanError):
    """The new release failed on the clone; production was not touched."""

    status, code = 4, "rehearsal-failed"
    next_by_rule = say("correct the release, then: aman plan")


class LossFound(RehearsalFailed):
    """The new release would lose more rows than the budget allows."""

    code = "loss-found"
    next_by_rule = say("correct the release, or allow the loss in [limits] lost_rows, then: aman plan")


class RolledBack(AmankanError):
    """The operation failed behind the fence and everything is as it was before."""

    status, code = 5, "rolled-back"
    production_by_rule = say("exactly as before")


class Stopped(AmankanError):
    """Neither forward nor back was possible now; no row is lost, hands are needed."""

    status, code = 6, "stopped"
    production_by_rule = say("as the journal says; no row is lost")
    next_by_rule = say("aman recover")


class SnapshotMissing(AmankanError):
    """There is no vault there, or no such snapshot in it."""

    status, code = 10, "snapshot-missing"
    next_by_rule = say("aman backups")


class VaultMissing(SnapshotMissing):
    """The vault held snapshots, and there is nothing now where it was."""

    code = "vault-missing"


class Locked(AmankanError):
    """Another process holds the lock of this app."""

    status, code = 11, "locked"


class KeyRefused(AmankanError):
    """The key is missing or is not one of those that the snapshot was sealed for."""

    status, code = 12, "key-refused"
    next_by_rule = say("aman key check")


class Damaged(AmankanError):
    """Bytes are not those that were written."""

    status, code = 13, "damaged"


class JournalDamaged(Damaged):
    """A journal is broken before its last line, so it cannot say what happened."""

    code = "journal-damaged"


class SnapshotDamaged(Damaged):
    """A snapshot's files do not match its manifest, or the manifest its signature."""

    code = "snapshot-damaged"
    next_by_rule = say("aman backups")


class SnapshotCut(SnapshotDamaged):
    """The end of a backup is missing, so nobody can know what else is."""

    code = "snapshot-cut"


class SnapshotEmpty(SnapshotDamaged):
    """A backup holds nothing at all."""

    code = "snapshot-empty"


class AnswerLost(AmankanError):
    """What was asked for is done, and its answer could not be written where it should go."""

    status, code = 6, "answer-lost"
    production_by_rule = say("as the command left it; only its answer is missing")


class Interrupted(AmankanError):
    """The user asked to stop, and what had been done was undone."""

    status, code = 130, "interrupted"
    production_by_rule = say("exactly as before")


class EffectFailed(AmankanError):
    """A verb of a port failed; what state it left is the promise of that verb."""

    code = "effect-failed"


class EngineFailed(EffectFailed):
    """The database server refused, or the connection to it was lost."""

    code = "engine-failed"


class RuntimeFailed(EffectFailed):
    """The app could not be stopped, placed or started."""

    code = "runtime-failed"


class RegistryFailed(EffectFailed):
    """An image could not be resolved, pulled or kept."""

    code = "registry-failed"


class MigrationFailed(EffectFailed):
    """The migration tool failed, or its ledger does not say what it should."""

    code = "migration-failed"


class StoreFailed(EffectFailed):
    """A store refused, or does not hold what it took."""

    code = "store-failed"


class ProbeFailed(EffectFailed):
    """The release does not answer as it should."""

    code = "probe-failed"


class CommandFailed(EffectFailed):
    """An outside program could not be run or ended with a status other than 0."""

    code = "command-failed"


class TimedOut(EffectFailed):
    """A limit passed before the answer came; the effect may still happen until its session is ended."""

    code = "timed-out"


class Unlooked(EffectFailed):
    """An effect was said to be done, and a look at it says that it is not."""

    code = "not-done"


class Foreign(EffectFailed):
    """Something that is not ours stands where ours should be; it was not touched."""

    code = "foreign"


class Superseded(EffectFailed):
    """Another process took this run up; nothing was written and this process must not write any more."""

    code = "superseded"


class DiskFailed(EffectFailed):
    """The disk refused a read or write."""

    code = "disk-failed"


class DiskFull(DiskFailed):
    """There is no room; nothing was written."""

    code = "disk-full"


class SyncFailed(DiskFailed):
    """A sync failed, so what was written before it may be gone; final for the file, never tried again."""

    code = "sync-failed"
