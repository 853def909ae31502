"""The configuration of an app that is one process, guessed from its folder of releases."""

from __future__ import annotations

from amankan.model.sentence import Sentence, say
from amankan.operations.guess.compose import Recognise
from amankan.operations.guess.database import told_by
from amankan.operations.guess.migration import COMMANDS, Guessed, scripts_of, seeding
from amankan.operations.guess.proposal import Line, Proposal, Section, line, quoted
from amankan.operations.guess.rest import app_section, checks_section, vault_section
from amankan.operations.guess.seen import SeenFolder

USUAL_PORT = "3000"


def propose(folder: SeenFolder, recognise: Recognise) -> Proposal:
    """Return the configuration that this app seems to need."""
    start, port = _start(folder), _port(folder)
    address = f"http://127.0.0.1:{port.value}/"
    found = recognise(folder.contents)
    tool, because = found if found is not None else ("", None)
    migrate = COMMANDS.get(tool, "")
    seed = seeding(folder.contents)
    runtime = Section(
        name="runtime.process",
        lines=(
            line("command", start.value, *start.why),
            line("folder", ".", say("the folder with releases and current, which leads to {release}", release=folder.release)),
            line("address", address, *port.why),
        ),
    )
    sections = (
        app_section(folder.name, say("the name of the folder")),
        runtime,
        _database(folder, migrate=Guessed(value=migrate, why=(because,) if because else ()), seed=seed),
        vault_section(),
        checks_section(((address, say("the address of [runtime.process]")),), folder.contents),
    )
    told = (
        say("the app: {services}", services=start.value),
        say("migrations: {command}", command=migrate or say("none found")),
    )
    return Proposal(sections=sections, told=told)


def _start(folder: SeenFolder) -> Guessed:
    texts = folder.contents.texts
    for text in texts.get("Procfile", "").splitlines():
        kind, _, words = text.partition(":")
        if kind.strip() == "web" and words.strip():
            return Guessed(value=words.strip(), why=(say("Procfile says so for web"),))
    start = scripts_of(folder.contents).get("start", "")
    if start:
        return Guessed(value=start, why=(say("package.json has the script {name}", name="start"),))
    for path, words in (("server.js", "node server.js"), ("app.py", "python3 app.py"), ("main.py", "python3 main.py")):
        if path in folder.contents.files:
            return Guessed(value=words, why=(say("the release has {path}", path=path),))
    return Guessed(value="./start", why=(say("nothing told how the app is started: write its command here"),))


def _port(folder: SeenFolder) -> Guessed:
    said = folder.variables.get("PORT", "")
    if said.isdigit():
        return Guessed(value=said, why=(say("the variable {name} says so", name="PORT"),))
    return Guessed(value=USUAL_PORT, why=(say("a guess: no variable PORT is set here; the app is told its port in PORT"),))


def _database(folder: SeenFolder, *, migrate: Guessed, seed: Guessed) -> Section:
    told = told_by(folder.variables)
    lines: list[Line] = []
    if told is not None and told.whole:
        lines.append(Line(key="url", value=f"{{ env = {quoted(told.first)} }}", why=(_env_why(told.first, host=told.host),)))
    else:
        why = say("no variable tells of the database here: set DATABASE_URL where aman runs")
        lines.append(Line(key="url", value='{ env = "DATABASE_URL" }', why=(why,)))
    if migrate.value:
        lines.append(line("migrate", migrate.value, *migrate.why))
    else:
        lines.append(Line(why=(say("no migration tool was found: if there is one, write its command as migrate"),)))
    if seed.value:
        lines.append(line("seed", seed.value, *seed.why))
    return Section(name="database", lines=tuple(lines))


def _env_why(name: str, *, host: str) -> Sentence:
    return say("the variable {name} leads to {host}; it must be set wherever aman runs", name=name, host=host or "-")
