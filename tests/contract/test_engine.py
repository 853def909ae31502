"""The promise of `ports.engine`, kept by every kind of server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contract.cases import CLAIM, OTHER_RUN, EngineCase
from tests.contract.makers import ENGINES, real_only

from amankan.errors import EngineFailed, Superseded, WrongTarget
from amankan.model.claim import Claim
from amankan.model.marker import Marker, Marking
from amankan.ports.engine import Engine

NEWER = replace(CLAIM, epoch=2)
OTHER = Claim(run=OTHER_RUN, epoch=1)
CLONE, SECOND = "shop_new_0badcafe", "shop_back_0badcafe"
LIMIT_SECONDS = 60.0
OURS = Marking(marker=Marker(app="shop", environment="production"))
THEIRS = Marking(marker=Marker(app="shop", environment="staging"))

WRITES: dict[str, Callable[[Engine, str, Claim], None]] = {
    "shut": lambda engine, live, claim: engine.shut(live, claim=claim),
    "admit": lambda engine, live, claim: engine.admit(CLONE, claim=claim),
    "copy": lambda engine, live, claim: engine.copy(CLONE, SECOND, claim=claim, limit_seconds=LIMIT_SECONDS),
    "drop": lambda engine, live, claim: engine.drop(CLONE, claim=claim),
    "discard": lambda engine, live, claim: engine.discard(CLONE, oid=engine.identify(CLONE).oid, claim=claim),
    "rename": lambda engine, live, claim: engine.rename(((CLONE, SECOND),), claim=claim),
    "advance": lambda engine, live, claim: engine.advance(CLONE, beyond=live, claim=claim),
}


@pytest.fixture(params=[pytest.param(name, marks=real_only(name)) for name in ENGINES], ids=str)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EngineCase]:
    """Yield a server of one kind."""
    with ENGINES[request.param](tmp_path) as made:
        yield made


@pytest.fixture
def engine(case: EngineCase) -> Engine:
    """Return the engine of a server on which our claim stands."""
    case.engine.claim(CLAIM, identity=case.engine.identify(case.live))
    return case.engine


def clone(case: EngineCase, target: str = CLONE) -> None:
    """A complete, shut copy of the shut live database is there."""
    case.engine.shut(case.live, claim=CLAIM)
    case.engine.copy(case.live, target, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    case.engine.shut(target, claim=CLAIM)


def marker(engine: Engine, name: str) -> Marker | None:
    """Return which app a database says that it belongs to."""
    state = engine.database(name)
    assert state is not None
    return state.marker


def test_what_is_not_there_is_told(engine: Engine) -> None:
    """A database that is not there has no state, and neither identity nor content."""
    assert None is engine.database("nowhere")
    for verb in (engine.identify, engine.fingerprint, engine.sequences):
        with pytest.raises(EngineFailed):
            verb("nowhere")


def test_no_index_is_out_of_order(case: EngineCase, engine: Engine) -> None:
    """Where the server sorts as it always did, no index may have lost its order; what is not there cannot be asked."""
    assert () == engine.aged_indexes(case.live)
    with pytest.raises(EngineFailed):
        engine.aged_indexes("nowhere")


def test_states_agree(case: EngineCase, engine: Engine) -> None:
    """The list of all databases is sorted and says the same as each by name."""
    clone(case)
    states = engine.databases()
    assert sorted(state.name for state in states) == [state.name for state in states]
    assert {case.live, CLONE} <= {state.name for state in states}
    assert list(states) == [engine.database(state.name) for state in states]


def test_identity_is_of_the_database(case: EngineCase, engine: Engine) -> None:
    """Two databases of a server have one system and two numbers; asking twice gives the same answer."""
    clone(case)
    live, copied = engine.identify(case.live), engine.identify(CLONE)
    assert (live, live.system) == (engine.identify(case.live), copied.system)
    assert live.oid != copied.oid


def test_nobody_has_claimed_at_first(case: EngineCase) -> None:
    """No claim stands before the first one."""
    assert None is case.engine.claimed()


def test_a_claim_may_be_repeated_and_renewed(case: EngineCase, engine: Engine) -> None:
    """The same claim again changes nothing, a newer one of the run takes its place."""
    for claim in (CLAIM, NEWER, NEWER):
        engine.claim(claim, identity=engine.identify(case.live))
        assert claim == engine.claimed()


@pytest.mark.parametrize("late", [CLAIM, OTHER, replace(OTHER, epoch=9)])
def test_a_late_claim_is_refused(case: EngineCase, engine: Engine, late: Claim) -> None:
    """An older claim of the run, and any of another run, are refused while one stands, and change nothing."""
    engine.claim(NEWER, identity=engine.identify(case.live))
    with pytest.raises(Superseded):
        engine.claim(late, identity=engine.identify(case.live))
    assert NEWER == engine.claimed()


def test_a_claim_on_another_server_is_refused(case: EngineCase) -> None:
    """A claim for a database of another server is refused, and nothing was claimed here."""
    with pytest.raises(WrongTarget):
        case.engine.claim(CLAIM, identity=case.elsewhere)
    assert None is case.engine.claimed()


def test_a_claim_marks_for_good(case: EngineCase) -> None:
    """The database carries the marker after the claim was given back, and a claim without one leaves it."""
    case.engine.claim(CLAIM, identity=case.engine.identify(case.live), marking=OURS)
    case.engine.release(CLAIM)
    assert OURS.marker == marker(case.engine, case.live)
    case.engine.claim(OTHER, identity=case.engine.identify(case.live))
    case.engine.release(OTHER)
    assert OURS.marker == marker(case.engine, case.live)


def test_another_marker_is_refused(case: EngineCase) -> None:
    """A database that carries another marker is not claimed and keeps it, unless it is named as the outdated one."""
    identity = case.engine.identify(case.live)
    case.engine.claim(CLAIM, identity=identity, marking=THEIRS)
    case.engine.release(CLAIM)
    for marking in (OURS, replace(OURS, outdated=Marker(app="bank", environment="staging"))):
        with pytest.raises(WrongTarget):
            case.engine.claim(OTHER, identity=identity, marking=marking)
        assert (None, THEIRS.marker) == (case.engine.claimed(), marker(case.engine, case.live))
    case.engine.claim(OTHER, identity=identity, marking=replace(OURS, outdated=THEIRS.marker))
    assert (OTHER, OURS.marker) == (case.engine.claimed(), marker(case.engine, case.live))


def test_the_live_name_brings_the_marker(case: EngineCase) -> None:
    """A copy carries no marker until it has the live name; the original keeps its own, and has it when it is back."""
    case.engine.claim(CLAIM, identity=case.engine.identify(case.live), marking=OURS)
    clone(case)
    assert None is marker(case.engine, CLONE)
    case.engine.rename(((case.live, SECOND), (CLONE, case.live)), claim=CLAIM)
    assert [OURS.marker] * 2 == [marker(case.engine, name) for name in (case.live, SECOND)]
    case.engine.rename(((case.live, CLONE), (SECOND, case.live)), claim=CLAIM)
    assert OURS.marker == marker(case.engine, case.live)
    assert CLAIM == case.engine.claimed()


def test_a_claim_is_given_back(case: EngineCase, engine: Engine) -> None:
    """Giving back may be repeated, leaves no claim of the run, and lets another run in."""
    engine.release(CLAIM)
    engine.release(CLAIM)
    assert None is engine.claimed()
    engine.claim(OTHER, identity=engine.identify(case.live))
    engine.release(CLAIM)
    assert OTHER == engine.claimed()


def test_an_older_process_gives_nothing_back(case: EngineCase, engine: Engine) -> None:
    """A process that was superseded cannot give back the claim of the one that superseded it."""
    engine.claim(NEWER, identity=engine.identify(case.live))
    with pytest.raises(Superseded):
        engine.release(CLAIM)
    assert NEWER == engine.claimed()


@pytest.mark.parametrize("verb", WRITES)
@pytest.mark.parametrize("standing", [NEWER, OTHER, None], ids=["newer", "other", "none"])
def test_only_the_standing_claim_writes(case: EngineCase, engine: Engine, verb: str, standing: Claim | None) -> None:
    """Every verb that writes is refused by the server under a claim that does not stand there, and writes nothing."""
    clone(case)
    engine.admit(case.live, claim=CLAIM)
    case.users_write()
    if standing is not NEWER:
        engine.release(CLAIM)
    if standing is not None:
        engine.claim(standing, identity=engine.identify(case.live))
    before = (engine.databases(), engine.sequences(CLONE))
    with pytest.raises((Superseded, WrongTarget)):
        WRITES[verb](engine, case.live, CLAIM)
    assert before == (engine.databases(), engine.sequences(CLONE))


def test_settling_may_be_repeated(engine: Engine) -> None:
    """Ending what is not at work changes nothing."""
    before = engine.databases()
    engine.settle(CLAIM)
    engine.settle(CLAIM)
    assert before == engine.databases()


def test_a_database_is_shut_and_opened(case: EngineCase, engine: Engine) -> None:
    """Shutting and admitting may each be repeated, and what it holds can be read while it is shut."""
    clone(case)
    held, numbers = engine.fingerprint(CLONE), engine.sequences(CLONE)
    for act, admits in ((engine.shut, False), (engine.shut, False), (engine.admit, True), (engine.admit, True)):
        act(CLONE, claim=CLAIM)
        state = engine.database(CLONE)
        assert state is not None
        assert (admits, held, numbers) == (state.admits, engine.fingerprint(CLONE), engine.sequences(CLONE))


def test_a_copy_is_complete_and_marked(case: EngineCase, engine: Engine) -> None:
    """A copy holds what its source holds, numbers too, and carries the run's mark; the source stays as it was."""
    source = engine.database(case.live)
    clone(case)
    copied, live = engine.database(CLONE), engine.database(case.live)
    assert copied is not None and live is not None and source is not None
    assert (CLAIM.run, replace(source, admits=False)) == (copied.mark, live)
    assert engine.fingerprint(case.live) == engine.fingerprint(CLONE)
    assert engine.sequences(case.live) == engine.sequences(CLONE)


def test_an_open_source_is_not_copied(case: EngineCase, engine: Engine) -> None:
    """A source in which somebody could write is refused, and no complete target is left."""
    with pytest.raises(EngineFailed):
        engine.copy(case.live, CLONE, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    left = engine.database(CLONE)
    assert left is None or not left.mark


def test_a_copy_never_goes_over_what_is_there(case: EngineCase, engine: Engine) -> None:
    """A target that exists is refused, and stays as it is."""
    clone(case)
    before = engine.databases()
    for source, target in ((case.live, CLONE), (CLONE, case.live)):
        with pytest.raises(EngineFailed):
            engine.copy(source, target, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    assert before == engine.databases()


def test_what_the_run_made_is_dropped(case: EngineCase, engine: Engine) -> None:
    """Dropping may be repeated, and takes that database only."""
    before = engine.databases()
    clone(case)
    engine.drop(CLONE, claim=CLAIM)
    engine.drop(CLONE, claim=CLAIM)
    engine.admit(case.live, claim=CLAIM)
    assert before == engine.databases()


def test_what_another_run_made_is_not_dropped(case: EngineCase, engine: Engine) -> None:
    """A database that carries the mark of another run is refused, and stays."""
    clone(case)
    engine.release(CLAIM)
    engine.claim(OTHER, identity=engine.identify(case.live))
    with pytest.raises(EngineFailed):
        engine.drop(CLONE, claim=OTHER)
    assert engine.database(CLONE) is not None


def test_names_change_together(case: EngineCase, engine: Engine) -> None:
    """Names are exchanged in the order given; number, mark and content go along."""
    clone(case)
    before = {name: (engine.database(name), engine.fingerprint(name)) for name in (case.live, CLONE)}
    engine.rename(((case.live, SECOND), (CLONE, case.live)), claim=CLAIM)
    assert None is engine.database(CLONE)
    for old, new in ((case.live, SECOND), (CLONE, case.live)):
        state, held = before[old]
        assert state is not None
        assert (replace(state, name=new), held) == (engine.database(new), engine.fingerprint(new))


@pytest.mark.parametrize("second", [("nowhere", "shop_x"), (CLONE, CLONE)], ids=["absent", "taken"])
def test_a_failed_exchange_leaves_all_old_names(case: EngineCase, engine: Engine, second: tuple[str, str]) -> None:
    """Where one name cannot be given, none is."""
    clone(case)
    before = engine.databases()
    with pytest.raises(EngineFailed):
        engine.rename(((case.live, SECOND), second), claim=CLAIM)
    assert before == engine.databases()


def test_no_number_is_given_out_twice(case: EngineCase, engine: Engine) -> None:
    """Advancing brings every sequence at least as far as its counterpart, never back, and may be repeated."""
    clone(case)
    engine.admit(case.live, claim=CLAIM)
    case.users_write()
    last = engine.sequences(case.live)
    assert last != engine.sequences(CLONE)
    for _ in range(2):
        engine.advance(CLONE, beyond=case.live, claim=CLAIM)
        ours = dict(engine.sequences(CLONE))
        assert [] == [name for name, number in last if ours[name] < number]
    clone_numbers = engine.sequences(CLONE)
    engine.advance(CLONE, beyond=CLONE, claim=CLAIM)
    assert clone_numbers == engine.sequences(CLONE)


def test_what_was_kept_is_dropped(case: EngineCase, engine: Engine) -> None:
    """A shut database of the very number is dropped, by a run that did not make it; dropping may be repeated."""
    clone(case)
    oid = engine.identify(CLONE).oid
    assert engine.size_bytes(CLONE) > 0
    engine.release(CLAIM)
    engine.claim(OTHER, identity=engine.identify(case.live))
    for _ in range(2):
        engine.discard(CLONE, oid=oid, claim=OTHER)
        assert None is engine.database(CLONE)


def test_what_was_not_kept_is_not_dropped(case: EngineCase, engine: Engine) -> None:
    """The live database, one of another number and one that somebody opened are not dropped for one that was kept."""
    clone(case)
    engine.copy(CLONE, SECOND, claim=CLAIM, limit_seconds=LIMIT_SECONDS)
    second = engine.identify(SECOND).oid
    before = {state.name for state in engine.databases()}
    for name, oid in ((case.live, second), (CLONE, second), (SECOND, second)):
        with pytest.raises(EngineFailed):
            engine.discard(name, oid=oid, claim=CLAIM)
    assert before == {state.name for state in engine.databases()}
