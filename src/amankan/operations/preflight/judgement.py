"""What a look means: well, worth knowing, or a fault that stands in the way of an update."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from amankan.model.sentence import Sentence, say
from amankan.model.verdict import Finding, Level, Verdict
from amankan.operations.preflight.looks import Looks, Unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A level, the reason in one sentence, and what to do where it is not well."""

    level: Level
    sentence: Sentence
    remedy: Sentence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """
    One precondition: its name for machines, what it looks at, and how it is judged.

    `seen` returns the look that it rests on, Unseen where that could not be taken, None where it does not apply.
    """

    id: str
    seen: Callable[[Looks], object]
    judge: Callable[[Looks], Judgement]


def well(sentence: Sentence) -> Judgement:
    """Return that nothing is to be done."""
    return Judgement(level=Level.PASS, sentence=sentence)


def warning(sentence: Sentence, remedy: Sentence) -> Judgement:
    """Return that an update can be made and something should be known."""
    return Judgement(level=Level.WARN, sentence=sentence, remedy=remedy)


def fault(sentence: Sentence, remedy: Sentence) -> Judgement:
    """Return that no update should be made before something was done."""
    return Judgement(level=Level.STOP, sentence=sentence, remedy=remedy)


def stricter(looks: Looks, sentence: Sentence, *, remedy: Sentence) -> Judgement:
    """Return a fault in production, and a warning elsewhere."""
    return fault(sentence, remedy) if looks.production else warning(sentence, remedy)


def examine(looks: Looks, checks: tuple[Check, ...]) -> Verdict:
    """Return what each check that applies says; one that could not be made is a warning, never well."""
    findings = ((check, check.seen(looks)) for check in checks)
    return Verdict(findings=tuple(_finding(check, looks, seen=seen) for check, seen in findings if seen is not None))


def _finding(check: Check, looks: Looks, *, seen: object) -> Finding:
    if isinstance(seen, Unseen):
        remedy = seen.remedy or say("put that right, then: aman doctor")
        found = warning(say("could not be looked at: {why}", why=seen.why), remedy)
    else:
        found = check.judge(looks)
    return Finding(level=found.level, code=check.id, sentence=found.sentence, remedy=found.remedy)


def named(names: tuple[str, ...], most: int = 5) -> str:
    """Return some of the names, and how many more there are."""
    return ", ".join(names[:most]) + (f" (+{len(names) - most})" if len(names) > most else "")
