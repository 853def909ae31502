"""Spoiled versions of the product, each with one promise broken; a campaign that lets one pass has a hole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from amankan.journal import log, replay
from amankan.journal.log import Log
from amankan.journal.story import Story
from amankan.operations import begin, guarded, walk
from amankan.operations.plans import restore, rollback, update
from amankan.operations.scene import Scene
from amankan.operations.steps import advance, close, fence, migrate, open, prove, pull, salvage, swap, verify
from amankan.testing.chaos import spoiled, theatre
from amankan.testing.engine import SimEngine
from amankan.testing.guard import SimGuard
from amankan.testing.platter import Platter
from amankan.testing.store import SimVault
from amankan.testing.world import World

Patch = tuple[object, str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One spoiled version: what is broken, in words, the names that are replaced, and the scenario that is tried first."""

    name: str
    breaks: str
    patches: tuple[Patch, ...]
    first: str = "update-swap"

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While the context lasts, the product is spoiled."""
        before = [(place, name, getattr(place, name)) for place, name, _ in self.patches]
        for place, name, wrong in self.patches:
            setattr(place, name, wrong)
        try:
            yield
        finally:
            for place, name, sound in before:
                setattr(place, name, sound)


def _named(module: object) -> tuple[Patch, ...]:
    return ((module, "database_name", spoiled.one_name_for_all),)


MUTANTS: Final = (
    Mutant(
        name="intent-not-synced",
        breaks="intents are written but not synced",
        patches=((Log, "_put", spoiled.put_without_sync),),
    ),
    Mutant(
        name="no-intent",
        breaks="the effect comes before its intent",
        patches=((walk, "_climb", spoiled.climb_without_an_intent),),
    ),
    Mutant(
        name="no-chain",
        breaks="a line need not follow the one before",
        patches=((replay, "_follows", spoiled.follows_anything),),
    ),
    Mutant(
        name="sync-tried-again",
        breaks="a failed sync is tried again and believed",
        patches=((Log, "_put", spoiled.put_again_after_a_failed_sync),),
    ),
    Mutant(
        name="appended-before-replay",
        breaks="new lines go behind a bad tail",
        patches=((begin, "resume_log", spoiled.resume_without_replay),),
    ),
    Mutant(
        name="no-ballast",
        first="backup",
        breaks="nothing is reserved for a full disk",
        patches=((log, "_with_ballast", spoiled.without_ballast), (Log, "_write", spoiled.write_without_ballast)),
    ),
    Mutant(
        name="decision-after-opening",
        breaks="the decision is recorded with the opening",
        patches=((Scene, "record", spoiled.record_decision_with_the_opening),),
    ),
    Mutant(name="no-decision", breaks="the decision is not recorded", patches=((Scene, "record", spoiled.record_no_decision),)),
    Mutant(
        name="opened-late",
        breaks="the opening is recorded after it happened",
        patches=((walk, "_climb", spoiled.climb_and_record_opened_late),),
    ),
    Mutant(name="no-look-after", breaks="a verb is believed", patches=((walk, "_climb", spoiled.climb_without_a_look),)),
    Mutant(
        name="back-after-opening",
        breaks="a failure after the opening leads back",
        patches=((walk, "_give_up", spoiled.give_up_after_the_opening_too),),
    ),
    Mutant(
        name="forward-by-hope",
        breaks="a recovery goes forward without a decision",
        patches=((walk, "_heads_forward", spoiled.head_forward_without_a_decision),),
    ),
    Mutant(
        name="wrong-order", breaks="steps are undone from the first", patches=((walk, "_back", spoiled.back_from_the_first),)
    ),
    Mutant(
        name="begun-forgotten",
        breaks="only finished steps are undone",
        patches=((Story, "standing", property(spoiled.standing_is_done)),),
    ),
    Mutant(name="claim-kept", breaks="the claim is not given back", patches=((walk, "_close", spoiled.close_without_release),)),
    Mutant(
        name="claim-not-asked",
        breaks="a superseded holder goes on",
        patches=(
            (walk, "refuse_superseded", spoiled.nothing),
            (guarded, "refuse_superseded", spoiled.nothing),
            (World, "refuse_foreign", spoiled.nothing),
        ),
    ),
    Mutant(name="not-confirmed", breaks="a holder that slept before its claim", patches=((begin, "confirm", spoiled.nothing),)),
    Mutant(
        name="lock-outlives-holder",
        breaks="the lock stays when its holder dies",
        patches=((Platter, "end_process", spoiled.nothing),),
    ),
    Mutant(name="sessions-not-ended", breaks="orphans go on", patches=((SimEngine, "settle", spoiled.nothing),)),
    Mutant(
        name="two-renames",
        breaks="names change one by one",
        patches=((SimEngine, "rename", spoiled.rename_one_by_one),),
    ),
    Mutant(
        name="fence-forgotten",
        breaks="the app is not stopped and the database not closed",
        patches=((fence, "do", spoiled.no_evidence), (fence, "look", spoiled.is_done)),
    ),
    Mutant(
        name="fence-without-database",
        breaks="the database stays open to others",
        patches=((fence, "do", spoiled.fence_only_the_app), (fence, "look", spoiled.is_done)),
    ),
    Mutant(
        name="fence-half-undone", breaks="the database stays closed", patches=((fence, "undo", spoiled.fence_undone_halfway),)
    ),
    Mutant(
        name="restart-policy-lost",
        breaks="services do not come back after a reboot",
        patches=((open, "do", spoiled.open_without_restart_policy), (open, "look", spoiled.is_done)),
    ),
    Mutant(
        name="verification-says-yes",
        first="update-late-loss",
        breaks="every verification passes",
        patches=(
            (verify, "_refuse_sick", spoiled.nothing),
            (verify, "_refuse_loss", spoiled.nothing),
            (verify, "_refuse_surprise", spoiled.nothing),
        ),
    ),
    Mutant(
        name="undo-without-looking",
        breaks="names are swapped back blindly",
        patches=((swap, "undo", spoiled.swap_back_blindly),),
    ),
    Mutant(
        name="replaced-dropped",
        first="restore",
        breaks="what was replaced is destroyed",
        patches=((swap, "do", spoiled.swap_and_drop),),
    ),
    Mutant(
        name="migrated-original-believed",
        first="update-in-place",
        breaks="in place, a half migration is left",
        patches=((migrate, "undo", spoiled.believe_the_ledger),),
    ),
    Mutant(
        name="name-used-twice",
        breaks="databases of two runs have one name",
        patches=(*_named(update), *_named(restore), *_named(rollback)),
    ),
    Mutant(
        name="numbers-given-twice",
        first="restore",
        breaks="sequences are not advanced",
        patches=((advance, "do", spoiled.no_evidence), (advance, "look", spoiled.is_done)),
    ),
    Mutant(
        name="proved-by-word",
        first="backup",
        breaks="proved is written without a restore",
        patches=((prove, "do", spoiled.prove_without_restore), (prove, "look", spoiled.is_done)),
    ),
    Mutant(
        name="not-read-back",
        first="backup",
        breaks="a store is believed",
        patches=((SimVault, "_put_and_read", spoiled.put_without_reading_back),),
    ),
    Mutant(
        name="permits-outlive-the-migration",
        breaks="the guard is settled by nobody, and said to be",
        patches=((SimGuard, "settle", spoiled.nothing), (SimGuard, "settled", spoiled.is_settled)),
    ),
    Mutant(
        name="permits-outlive-the-undoing",
        breaks="what was permitted stays so on the way back",
        patches=((migrate, "_settle", spoiled.nothing),),
    ),
    Mutant(
        name="kept-left-open",
        first="rollback-database",
        breaks="a kept database in which a process died stays open",
        patches=((salvage, "_shut_again", spoiled.nothing),),
    ),
    Mutant(name="images-kept-for-ever", breaks="undone pulls keep their images", patches=((pull, "undo", spoiled.nothing),)),
    Mutant(
        name="sandbox-forgotten",
        first="backup",
        breaks="sandboxes stay",
        patches=((close, "do", spoiled.no_evidence), (close, "look", spoiled.is_done), (prove, "undo", spoiled.nothing)),
    ),
    Mutant(
        name="secrets-written",
        breaks="nothing takes secrets out of texts",
        patches=((theatre, "operator_of", spoiled.operator_without_redaction),),
    ),
)
"""Every mutant, in the order in which they are tried."""
