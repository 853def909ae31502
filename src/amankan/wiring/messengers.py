"""Who is told how an operation ended."""

from __future__ import annotations

from dataclasses import dataclass

from amankan.adapters.notifiers.apprise import Address, AppriseNotifier
from amankan.config.references import Resolver
from amankan.config.settings import Settings
from amankan.errors import AmankanError, Refused
from amankan.model.secret import Secret
from amankan.model.sentence import Sentence
from amankan.operations.preflight.looks import MessengersLook
from amankan.ports.notifier import Notifier
from amankan.wiring.apps import container_asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Messengers:
    """
    The way to the people of a configuration, None where there is nobody; `secrets` are their addresses.

    `faults` say which references lead nowhere, `remarks` what should be known of the others.
    """

    notifier: Notifier | None = None
    secrets: tuple[Secret, ...] = ()
    faults: tuple[Sentence, ...] = ()
    remarks: tuple[Sentence, ...] = ()


def messengers(settings: Settings) -> Messengers:
    """Return the way to the people of a configuration; a reference that leads nowhere is no reason to fail."""
    resolver = Resolver(settings.folder, container=container_asked(settings) if settings.notify else None)
    addresses: list[Address] = []
    faults: list[Sentence] = []
    remarks: list[Sentence] = []
    for place, reference in enumerate(settings.notify):
        name = f"notify.urls[{place}]"
        try:
            found = resolver.follow(reference, key=name)
        except AmankanError as fault:
            faults.append(fault.cannot)
            continue
        addresses.append(Address(name=name, url=found.secret))
        remarks += found.remarks
    return Messengers(
        notifier=AppriseNotifier(tuple(addresses)) if addresses else None,
        secrets=tuple(address.url for address in addresses),
        faults=tuple(faults),
        remarks=tuple(remarks),
    )


def messengers_look(settings: Settings) -> MessengersLook | None:
    """Return whether the people of a configuration could be told; None where nobody is to be."""
    if not settings.notify:
        return None
    found = messengers(settings)
    try:
        strange = found.notifier.strange() if found.notifier is not None else ()
    except Refused as fault:
        return MessengersLook(count=len(settings.notify), hindrance=fault.cannot, remedy=fault.next)
    return MessengersLook(count=len(settings.notify), strange=strange, hindrance=next(iter(found.faults), None))
