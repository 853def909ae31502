"""What `aman init` looks at: the project or the folder, the images, the files."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from amankan.adapters.hosts.folder import files_below, texts_of, variables_of
from amankan.adapters.migrators.recognise import recognise
from amankan.adapters.runtimes.compose.contents import files_in, image_of, text_in
from amankan.adapters.runtimes.compose.project import Project, Words, render
from amankan.adapters.runtimes.compose.settings import ComposeSettings, Reach
from amankan.errors import CommandFailed, Refused, RuntimeFailed
from amankan.model.sentence import Sentence, say
from amankan.operations.guess import compose, process
from amankan.operations.guess.database import told_by
from amankan.operations.guess.proposal import Proposal
from amankan.operations.guess.seen import Contents, SeenFolder, SeenPort, SeenProject, ServiceSeen
from amankan.proc.docker import Docker
from amankan.wiring.apps import STATE, docker_here

# In the order in which Compose itself looks.
FILES: Final = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
TELLING: Final = ("package.json", "Procfile")


def proposal(folder: Path, file: Path | None) -> Proposal:
    """
    Return the configuration that the app in a folder seems to need; nothing is changed.

    Raises:
        Refused: there is neither a Compose file nor a folder of releases, or no database.
        RuntimeFailed, CommandFailed: the Compose file cannot be read.
    """
    chosen = file or compose_file(folder)
    if chosen is not None:
        return compose.propose(_project(folder, chosen), _recognised)
    if (folder / "releases").is_dir() and (folder / "current").is_symlink():
        return process.propose(_folder(folder), _recognised)
    raise Refused(
        say(
            "cannot guess a configuration: {folder} has neither a Compose file nor releases and a link current",
            folder=str(folder),
        ),
        next=say("go to the app's folder, or: aman init --compose FILE"),
    )


def compose_file(folder: Path) -> Path | None:
    """Return the file that Compose itself would use in a folder, or None."""
    said = os.environ.get("COMPOSE_FILE") or variables_of(texts_of(folder, (".env",)).get(".env", "")).get("COMPOSE_FILE", "")
    names = (said.split(":")[0], *FILES) if said else FILES
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _project(folder: Path, file: Path) -> SeenProject:
    docker = docker_here()
    place = file.absolute()
    if not place.is_file():
        raise Refused(say("cannot read {path}: there is no such file", path=str(file)), next=say("aman init --compose FILE"))
    beside = place.with_name(f"{place.stem}.override{place.suffix}")
    settings = ComposeSettings(
        docker=docker,
        folder=place.parent,
        files=(place.name, *((beside.name,) if beside.exists() else ())),
        services=(),
        state=folder / STATE,
        reach=Reach(host="", port=0, variables=lambda _host, _port, _database: ()),
    )
    try:
        project = render(settings)
    except (CommandFailed, RuntimeFailed) as fault:
        raise Refused(fault.cannot, next=say("docker compose --file {file} config", file=str(file))) from fault
    return SeenProject(
        name=project.name,
        file=os.path.relpath(place, folder),
        services=tuple(_service(docker, project, name=name) for name in project.services),
        beside=Contents(files=files_below(place.parent), texts=texts_of(place.parent, TELLING)),
    )


def _service(docker: Docker, project: Project, *, name: str) -> ServiceSeen:
    said = project.services[name]
    image = project.image_of(name)
    known = _known(docker, image)
    config: dict[str, Any] = (known or {}).get("Config") or {}
    variables = _variables(config.get("Env") or []) | {
        key: str(value).replace("$$", "$") for key, value in (said.get("environment") or {}).items() if value is not None
    }
    begins = (*_words(said, config, key="entrypoint"), *_words(said, config, key="command"))
    # Only where it matters is an image looked into: the app is what tells of a database and is none itself.
    telling = known is not None and told_by(variables) is not None and not compose.BESIDE.search(image.rpartition("/")[2])
    folder = str(said.get("working_dir") or config.get("WorkingDir") or "/")
    return ServiceSeen(
        name=name,
        image=image,
        variables=variables,
        begins=begins,
        script=_script(docker, image, first=begins[:1], variables=variables, folder=folder) if telling else "",
        ports=tuple(_ports(said)),
        health=_health(said, config),
        names=frozenset(host for host in _hosts(name, said) if project.holder_of(host) == name),
        contents=_contents(docker, image, folder=folder) if telling else Contents(),
    )


def _known(docker: Docker, image: str) -> dict[str, Any] | None:
    """Return what the engine knows of an image; without an engine the files beside the Compose file must do."""
    try:
        return image_of(docker, image)
    except CommandFailed:
        return None


def _contents(docker: Docker, image: str, *, folder: str) -> Contents:
    files = files_in(docker, image, folder=folder)
    texts: dict[str, str] = {name: text_in(docker, image, f"{folder.rstrip('/')}/{name}") for name in TELLING if name in files}
    return Contents(files=files, texts=texts)


def _script(docker: Docker, image: str, *, first: tuple[str, ...], variables: Mapping[str, str], folder: str) -> str:
    """Return the text of the entrypoint where it is a script."""
    if not first:
        return ""
    name = first[0]
    places = [name] if name.startswith("/") else [f"{folder}/{name}"]
    if "/" not in name:
        places = [f"{place}/{name}" for place in variables.get("PATH", "/usr/local/bin:/usr/bin:/bin").split(":")]
    text = text_in(docker, image, *places)
    return text if text.startswith("#!") else ""


def _words(said: Words, config: Mapping[str, Any], *, key: str) -> tuple[str, ...]:
    """Return the entrypoint or command of a service: the file's word, or the image's."""
    value = said.get(key)
    if key == "command" and value is None and said.get("entrypoint") is not None:
        return ()  # an entrypoint in the file takes the image's command away
    found = value if value is not None else config.get("Entrypoint" if key == "entrypoint" else "Cmd")
    words = shlex.split(found) if isinstance(found, str) else found or ()
    return tuple(str(word).replace("$$", "$") for word in words)


def _ports(said: Words) -> list[SeenPort]:
    return [
        SeenPort(host=str(each.get("host_ip") or ""), published=int(each["published"]), target=int(each["target"]))
        for each in said.get("ports") or ()
        if str(each.get("published") or "").isdigit() and each.get("protocol", "tcp") == "tcp"
    ]


def _health(said: Words, config: Mapping[str, Any]) -> str:
    test = (said.get("healthcheck") or config.get("Healthcheck") or {}).get("test") or (config.get("Healthcheck") or {}).get(
        "Test"
    )
    return test if isinstance(test, str) else " ".join(map(str, test or ()))


def _hosts(name: str, said: Words) -> list[str]:
    networks = said.get("networks") or {}
    aliases = [alias for network in networks.values() for alias in (network or {}).get("aliases", ())]
    return [name, *(str(said[key]) for key in ("container_name", "hostname") if said.get(key)), *aliases]


def _variables(pairs: list[str]) -> dict[str, str]:
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


def _folder(folder: Path) -> SeenFolder:
    release = (folder / "current").resolve()
    beside = variables_of(texts_of(folder, (".env",)).get(".env", ""))
    kept = {name: value for name, value in beside.items() if name == "PORT"}
    return SeenFolder(
        name=folder.absolute().name,
        release=str(os.path.relpath(release, folder.resolve())),
        contents=Contents(files=files_below(release), texts=texts_of(release, TELLING)),
        variables={**kept, **os.environ},
    )


def _recognised(contents: Contents) -> tuple[str, Sentence] | None:
    found = recognise(contents.files, ())
    return None if found is None else (found.name, found.why)
