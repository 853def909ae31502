"""Faults that are not ours yet, as errors with three lines."""

from __future__ import annotations

from typing import Any

from amankan import wiring
from amankan.cli.desk import Desk
from amankan.errors import AmankanError, ConfigurationFault, EffectFailed, OwnFault, Stopped
from amankan.journal.faults import keep_fault
from amankan.model.sentence import Sentence, say


def explained(fault: Any) -> AmankanError:
    """Return the error for a command line that cannot be understood."""
    context = getattr(fault, "ctx", None)
    path = context.command_path if context is not None else "aman"
    return ConfigurationFault(
        say("cannot understand the command line: {why}", why=_why(fault)), next=say("{command} --help", command=path)
    )


def without_walk(failure: EffectFailed) -> AmankanError:
    """Return the error for a server, a store or a disk that did not do its part before anything was begun."""
    stopped = Stopped(failure.cannot, production=failure.production, next=failure.next)
    stopped.code = failure.code  # type: ignore[misc]
    return stopped


def unknown_fault(desk: Desk, trace: str) -> AmankanError:
    """
    The traceback is in a log file; return the error that says where.

    How production looks is known only where no operation was under way.
    """
    production = say("not known: {operation} was under way", operation=desk.operation) if desk.operation else None
    next = say("aman status") if desk.operation else None
    kind = trace.strip().rpartition("\n")[2].partition(":")[0]
    try:
        folder = wiring.state_folder(desk.settings)
    except AmankanError:
        folder = wiring.lost_folder()
    try:
        path = keep_fault(wiring.disk(folder), desk.clock, trace=desk.redact(trace))
    except (AmankanError, OSError):
        cannot = say("cannot go on: {kind}, and its traceback could not be kept", kind=kind)
    else:
        cannot = say("cannot go on: {kind}; the traceback is in {place}", kind=kind, place=str(folder / path))
    return OwnFault(cannot, production=production, next=next)


def _why(fault: Any) -> Sentence:
    parameter = getattr(fault, "param", None)
    name = parameter.opts[0] if parameter is not None and parameter.param_type_name == "option" else ""
    match type(fault).__name__:
        case "NoSuchOption":
            near = ", ".join(fault.possibilities or ())
            if near:
                return say("there is no option {option}; did you mean {near}?", option=fault.option_name, near=near)
            return say("there is no option {option}", option=fault.option_name)
        case "MissingParameter":
            return say("{name} is missing", name=name or (parameter.metavar or parameter.name if parameter else "?"))
        case "BadParameter" if name:
            return say("{name} does not fit: {why}", name=name, why=fault.message)
        case "NoArgsIsHelpError":
            return say("{name} is missing", name="COMMAND")
        case "UsageError" if fault.message == "Missing command.":  # there were options, and no more
            return say("{name} is missing", name="COMMAND")
    return say("{why}", why=fault.format_message())
