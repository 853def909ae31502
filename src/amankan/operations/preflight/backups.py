"""Whether there is a way back that was proved, and whether nobody else can read it."""

from __future__ import annotations

from typing import Final

from amankan.model.guard import Coverage
from amankan.model.project import Along, why_of
from amankan.model.sentence import Sentence, say
from amankan.model.units import duration_text, size_text
from amankan.operations.fleeting import danger, fleeting, remedy
from amankan.operations.preflight.judgement import Judgement, fault, named, stricter, warning, well
from amankan.operations.preflight.looks import KeysLook, Looks, OperationLook, Room, ServerLook, VaultLook

# A nightly backup may be a few hours late; one that is a week old was forgotten.
LATE_SECONDS: Final = 26 * 3600.0
FORGOTTEN_SECONDS: Final = 7 * 86_400.0

# What a snapshot may seem to be ahead of us before the clock must be wrong.
AHEAD_SECONDS: Final = 60.0


def backup(looks: Looks) -> Judgement:
    """The newest backup is young, and a proved one is not old."""
    vault = _vault(looks)
    if vault.disbelieved:
        return fault(
            say("snapshots in the vault cannot be believed: {names}", names=named(vault.disbelieved)),
            say("aman backups"),
        )
    if vault.count == 0:
        return warning(say("there is no backup yet"), say("aman backup"))
    if vault.age_seconds < -AHEAD_SECONDS:
        return fault(
            say("the newest backup is from the future, by {time}", time=duration_text(-vault.age_seconds)),
            say("timedatectl set-ntp true"),
        )
    age = duration_text(max(vault.age_seconds, 0.0))
    if vault.proved_age_seconds is None:
        return stricter(looks, say("no backup is proved; the newest is {age} old", age=age), remedy=say("aman backup"))
    if vault.proved_age_seconds > FORGOTTEN_SECONDS:
        proved = duration_text(vault.proved_age_seconds)
        return stricter(looks, say("the newest proved backup is {age} old", age=proved), remedy=say("aman backup"))
    if vault.age_seconds > LATE_SECONDS or not vault.proved:
        return warning(say("the newest backup is {age} old, or not proved", age=age), say("aman backup"))
    return well(say("the newest backup is {age} old and proved", age=age))


def chain(looks: Looks) -> Judgement:
    """No snapshot was taken out of the vault behind our back."""
    vault = _vault(looks)
    if vault.breaks:
        return warning(
            say("somebody removed or changed a snapshot behind our back: {breaks}", breaks=vault.breaks),
            say("see who else can write to the vault, then: aman backup"),
        )
    return well(say("the chain of {count} snapshots holds", count=vault.count))


def identity(looks: Looks) -> Judgement:
    """The database that answers is the one that the backups came from."""
    server, vault = looks.server, looks.vault
    if not isinstance(server, ServerLook) or not isinstance(vault, VaultLook):
        return warning(say("the database and the vault cannot both be looked at"), say("put that right, then: aman doctor"))
    ours = server.identity
    if vault.identity is None:
        return well(say("database {oid} of server {system}; no backup tells of another", oid=ours.oid, system=ours.system))
    if vault.identity.system != ours.system:
        return fault(
            say("the newest backup came from another server: {theirs}, and this one is {ours}",
                theirs=vault.identity.system, ours=ours.system),
            say("correct database.url, or give this app a vault of its own"),
        )  # fmt: skip
    if vault.identity.oid != ours.oid and vault.database and vault.database != server.database:
        return fault(
            say("the newest backup is of the database {theirs}, and this one is {ours}",
                theirs=vault.database, ours=server.database),
            say("correct database.url, or give this app a vault of its own"),
        )  # fmt: skip
    if vault.identity.oid != ours.oid:
        return well(
            say(
                "database {oid} of server {system}, that of the backups; it was swapped since", oid=ours.oid, system=ours.system
            )
        )
    return well(say("database {oid} of server {system}, as in the newest backup", oid=ours.oid, system=ours.system))


def project_files(looks: Looks) -> Judgement:
    """What the app is started from is in the backup too, all of it."""
    now = looks.project
    assert isinstance(now, Along)
    vault = looks.vault if isinstance(looks.vault, VaultLook) and looks.vault.count else None
    newest = vault.project if vault is not None else None
    missing = now.left_out or (newest.left_out if newest is not None else ())
    if missing:
        return warning(
            say("from a backup alone the app could not be started: {files}",
                files=tuple(say("{path}: {why}", path=each.path, why=why_of(each)) for each in missing)),
            say("put that right, or keep {path} where the recovery key is", path=missing[0].path),
        )  # fmt: skip
    if vault is not None and newest is None:
        return warning(say("the newest backup has none of the files that the app is started from"), say("aman backup"))
    return well(say("{count} files that the app is started from go along with a backup", count=now.files))


def beside(looks: Looks) -> Judgement:
    """The app keeps nothing but its database."""
    assert isinstance(looks.beside, tuple)
    if looks.beside:
        return warning(
            say("no backup has what the app writes beside its database: {names}", names=named(looks.beside)),
            say("copy these folders and volumes by other means, right after each aman backup"),
        )
    return well(say("the app writes to no folder or volume beside its database"))


def encryption(looks: Looks) -> Judgement:
    """Backups are encrypted, for somebody who can be."""
    keys = _keys(looks)
    if keys.wrong:
        return fault(
            say("recipients hold something that is no age key: {names}", names=named(keys.wrong)),
            say("copy the line that aman key new printed once more"),
        )
    if not keys.recipients:
        return stricter(looks, say("recipients is empty, so backups are not encrypted"), remedy=say("aman key new"))
    return well(say("backups are encrypted for {count} recipients", count=keys.recipients))


def key_place(looks: Looks) -> Judgement:
    """The recovery key does not lie beside what it opens."""
    keys = _keys(looks)
    if keys.recovery_open:
        return fault(
            say("everybody on this machine can read the recovery key {path}", path=keys.recovery),
            say("chmod 600 {path}", path=keys.recovery),
        )
    if keys.recovery and not keys.vault_remote:
        return warning(
            say("the recovery key {path} is on the machine of the backups: who takes one takes both", path=keys.recovery),
            say("copy it to another machine, prove it there with aman key check, then remove it here"),
        )
    if keys.recovery:
        return warning(
            say("the recovery key {path} is on the machine of the app", path=keys.recovery),
            say("copy it to another machine, prove it there with aman key check, then remove it here"),
        )
    return well(say("no recovery key lies on this machine"))


def kept(looks: Looks) -> Judgement:
    """Journal and backups are still there after the machine started anew."""
    found = fleeting(looks.keeps)
    if found is not None:
        return stricter(looks, danger(found), remedy=remedy(found))
    return well(say("journal and backups lie on a disk"))


def room(looks: Looks) -> Judgement:
    """There is room for the dump, the proof and the clone."""
    assert isinstance(looks.rooms, tuple)
    narrow = [each for each in looks.rooms if each.free_bytes is not None and each.free_bytes < each.need_bytes]
    if narrow:
        worst = min(narrow, key=lambda each: (each.free_bytes or 0) - each.need_bytes)
        return fault(_numbers(worst), say("free {size} at {place}", size=_missing(worst), place=worst.place))
    blind = [each for each in looks.rooms if each.free_bytes is None]
    if blind:
        return warning(
            say("the room at {place} cannot be seen; an update needs {need} there",
                place=blind[0].place, need=size_text(blind[0].need_bytes)),
            say("look yourself: df -h"),
        )  # fmt: skip
    return well(say("{rooms}", rooms=tuple(_numbers(each) for each in looks.rooms)))


def _no_guard(found: Coverage) -> Judgement:
    """What our role cannot install is told here, before it is tried."""
    closed = tuple(each for each in found.gaps if each.object.startswith("level "))
    if not closed:
        return warning(say("there is no guard: a DROP or TRUNCATE by mistake is not refused"), say("aman guard install"))
    said = say(
        "there is no guard: a DROP or TRUNCATE by mistake is not refused; not for our role: {levels}",
        levels=tuple(say("{object}: {reason}", object=each.object, reason=each.reason) for each in closed),
    )
    reachable = closed[0].object == "level deny"
    return warning(said, say("aman guard install") if reachable else say("write a superuser's address as database.admin_url"))


def guard(looks: Looks) -> Judgement:
    """The guard stands in the database, whole."""
    found = looks.guard
    assert isinstance(found, Coverage)
    if found.level is None:
        return _no_guard(found)
    if not found.at_home:
        return fault(say("the guard belongs to another database, of which this is a copy"), say("aman guard install"))
    if not found.whole:
        lacking = tuple(each.object for each in found.objects if not each.covered)
        return fault(say("the guard has holes: {names}", names=named(lacking)), say("aman guard install"))
    gaps = tuple(each.object for each in found.gaps)
    return well(say("the guard stands, level {level}; what it cannot see: {gaps}", level=found.level, gaps=named(gaps) or "-"))


def operation(looks: Looks) -> Judgement:
    """No operation was left behind."""
    found = looks.operation
    assert isinstance(found, OperationLook)
    if found.run and found.running:
        return warning(say("{run} is under way", run=found.run), say("aman show {run} --follow", run=found.run))
    if found.run:
        return fault(say("{run} was left behind", run=found.run), say("aman recover"))
    return well(say("no operation is unfinished"))


def _numbers(room: Room) -> Sentence:
    free = size_text(room.free_bytes or 0)
    return say("{place}: {free} free, {need} needed", place=room.place, free=free, need=size_text(room.need_bytes))


def _missing(room: Room) -> str:
    return size_text(room.need_bytes - (room.free_bytes or 0))


def _vault(looks: Looks) -> VaultLook:
    assert isinstance(looks.vault, VaultLook)
    return looks.vault


def _keys(looks: Looks) -> KeysLook:
    assert isinstance(looks.keys, KeysLook)
    return looks.keys
