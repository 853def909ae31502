"""Whether what is around the database lets an update end well: the app, its containers, its images, its secrets."""

from __future__ import annotations

from typing import Final

from amankan.model.sentence import say
from amankan.operations.preflight.judgement import Judgement, fault, named, stricter, warning, well
from amankan.operations.preflight.looks import (
    ContainerLook,
    HttpLook,
    LogLook,
    Looks,
    MessengersLook,
    PasswordLook,
    RuntimeLook,
    SecretsLook,
)

FIRST_BAD: Final = 400


def running(looks: Looks) -> Judgement:
    """Every service of the app runs, in one release."""
    runtime = _runtime(looks)
    mixed = tuple(each.service for each in runtime.services if " " in each.digest)
    down = tuple(each.service for each in runtime.services if not each.running)
    if runtime.never:
        return warning(
            say("Amankan has not started this app yet: its first update does"),
            say("stop the app where it runs now, then: aman update --tag RELEASE"),
        )
    if down:
        remedy = say("aman update --tag RELEASE") if runtime.process else say("docker compose up --detach")
        return fault(say("the app does not run: {names}", names=named(down)), remedy)
    if mixed:
        return fault(
            say("containers of several releases run side by side: {names}", names=named(mixed)),
            say("docker compose up --detach --force-recreate {name}", name=mixed[0]),
        )
    return well(say("the app runs: {names}", names=named(tuple(each.service for each in runtime.services))))


def told(looks: Looks) -> Judgement:
    """The app is really told of its database by the variables that a dark start will change."""
    runtime = _runtime(looks)
    if runtime.untold:
        return fault(
            say("the app has no variable {names}, so a rehearsal would use the live database", names=named(runtime.untold)),
            say("name in [database.env] the variables by which the app is told of its database"),
        )
    return well(say("the app is told of its database by variables that a rehearsal can change"))


def volume(looks: Looks) -> Judgement:
    """The database's files outlive its container."""
    container = _container(looks)
    if container.kept in ("anonymous", "layer"):
        return fault(
            say("the database's files in {folder} are in no named volume: the next docker compose down loses them",
                folder=container.folder),
            say("back up first: aman backup; then mount a named volume at {folder} and restore", folder=container.folder),
        )  # fmt: skip
    return well(
        say(
            "the database's files are kept by a {kept}",
            kept=say("named volume") if container.kept == "volume" else say("folder"),
        )
    )


def unchanged(looks: Looks) -> Judgement:
    """Compose would leave the database's container alone."""
    container = _container(looks)
    if container.file_major is not None and container.file_major != container.major:
        return fault(
            say("the Compose file wants PostgreSQL {wanted}, and {running} runs: its files do not fit",
                wanted=container.file_major, running=container.major),
            say("write the running version into the file; a new major version needs a dump and a restore"),
        )  # fmt: skip
    if container.changed:
        return warning(
            say("the Compose file says something else of {service} than what runs: docker compose up would recreate it",
                service=container.service),
            say("docker compose up --detach {service}, at a time of your choice", service=container.service),
        )  # fmt: skip
    return well(say("Compose would leave {service} alone", service=container.service))


def port(looks: Looks) -> Judgement:
    """Nobody from outside reaches the database."""
    container = _container(looks)
    if container.published:
        return stricter(
            looks,
            say("other machines reach the database at {ports}", ports=named(container.published)),
            remedy=say("publish it to 127.0.0.1 alone, or not at all, in the ports of {service}", service=container.service),
        )
    return well(say("the database's port is not published to other machines"))


def registry(looks: Looks) -> Judgement:
    """The registry of each image answers."""
    assert isinstance(looks.images, tuple)
    for each in looks.images:
        if each.why is not None:
            return warning(
                say("the registry of {image} does not answer: {why}", image=each.reference, why=each.why),
                say("docker manifest inspect {image}", image=each.reference),
            )
    built = tuple(each.reference for each in looks.images if each.built)
    if built:
        return well(say("built on this machine, no registry is asked: {names}", names=named(built)))
    return well(say("the registry answers for {names}", names=named(tuple(each.reference for each in looks.images))))


def http(looks: Looks) -> Judgement:
    """The app answers well before the update, so that the update is not blamed."""
    assert isinstance(looks.http, tuple)
    if not looks.http:
        return warning(
            say("nothing asks whether the app answers: checks.http is empty"),
            say("write an address of the app as http of [checks]"),
        )
    bad = [each for each in looks.http if not each.status or each.status >= FIRST_BAD]
    if bad:
        return fault(
            say("{url} is not well before any update: {answer}", url=bad[0].url, answer=_answer(bad[0])),
            say("look into the app's log, or correct http of [checks]"),
        )
    return well(say("{names} answers well", names=named(tuple(each.url for each in looks.http))))


def log(looks: Looks) -> Judgement:
    """The app's log is calm, so that something new would be seen."""
    logs = looks.logs
    assert isinstance(logs, LogLook)
    if not logs.patterns:
        return warning(
            say("nothing looks at the app's log: checks.log_errors is empty"),
            say("write patterns as log_errors of [checks]"),
        )
    if logs.matching:
        return warning(
            say("{count} of {lines} lines of the log match already, such as: {line}",
                count=logs.matching, lines=logs.lines, line=logs.example),
            say("mend what they tell of, or make log_errors of [checks] narrower"),
        )  # fmt: skip
    return well(say("none of {lines} lines of the log match", lines=logs.lines))


def password(looks: Looks) -> Judgement:
    """The database's password is none that everybody tries first."""
    found = looks.password
    assert isinstance(found, PasswordLook)
    if found.guessable is not None:
        return stricter(looks, found.guessable, remedy=say("ALTER ROLE … PASSWORD '…', and the same in the app's variables"))
    return well(say("the database's password is none of the usual ones"))


def tracked(looks: Looks) -> Judgement:
    """No secret and no dump is in git, now or once."""
    secrets = _secrets(looks)
    if secrets.tracked:
        return stricter(
            looks,
            say("git tracks files with secrets or rows: {names}", names=named(secrets.tracked)),
            remedy=say("git rm --cached {name}; add it to .gitignore; change the secrets in it", name=secrets.tracked[0]),
        )
    if secrets.historic:
        return warning(
            say("git's history holds files with secrets or rows: {names}", names=named(secrets.historic)),
            say("change the secrets that stood in {name}; everybody with a clone has them", name=secrets.historic[0]),
        )
    if not secrets.git:
        return well(say("the folder is in no git repository"))
    return well(say("git holds no secret or dump of this folder"))


def readable_files(looks: Looks) -> Judgement:
    """Files with secrets are for their owner alone."""
    secrets = _secrets(looks)
    if secrets.open:
        return warning(
            say("everybody on this machine can read {names}", names=named(secrets.open)),
            say("chmod 600 {name}", name=secrets.open[0]),
        )
    return well(say("files with secrets and dumps are for their owner alone"))


def told_people(looks: Looks) -> Judgement:
    """Whoever is to be told how an operation ended can be told, as far as can be seen without a message."""
    people = looks.messengers
    assert isinstance(people, MessengersLook)
    if people.hindrance is not None:
        return warning(
            say("not everybody can be told how an operation ends: {why}", why=people.hindrance),
            people.remedy or say("put that right, then: aman doctor"),
        )
    if people.strange:
        return warning(
            say("Apprise does not understand the addresses {names}", names=named(people.strange)),
            say("write them as Apprise does: https://github.com/caronc/apprise/wiki"),
        )
    return well(say("{count} addresses are told how an operation ends", count=people.count))


def _answer(look: HttpLook) -> str:
    return str(look.status) if look.status else look.why


def _runtime(looks: Looks) -> RuntimeLook:
    assert isinstance(looks.runtime, RuntimeLook)
    return looks.runtime


def _container(looks: Looks) -> ContainerLook:
    assert isinstance(looks.container, ContainerLook)
    return looks.container


def _secrets(looks: Looks) -> SecretsLook:
    assert isinstance(looks.secrets, SecretsLook)
    return looks.secrets
