"""Make the images that a machine without a public registry has to do without."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.kit.docker.command import CommandFailed, run
from tests.kit.docker.engine import Engine
from tests.kit.docker.place import REPOSITORY, cache_folder

KIT = REPOSITORY / "tests" / "kit" / "docker"

STAND_INS = {"node": "node:18-bookworm-slim", "python": "python:3.11-slim-bookworm"}
"""What the examples' Dockerfiles begin from, as they would anywhere; here Debian's packages stand behind the names."""

POSTGRES = "postgres:15"
NEWER_POSTGRES = "postgres:17"
SEARCH_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def make_stand_ins(engine: Engine) -> None:
    """
    `node:18-bookworm-slim`, `python:3.11-slim-bookworm` and `postgres:15` are in the engine.

    Cost: 0.3 s when they are; 20 s when the engine is empty.
    """
    for name, reference in STAND_INS.items():
        _import(engine, name, reference)
    _import(engine, "postgres", "amankan-base/postgres")
    engine.docker("build", "--quiet", "--tag", POSTGRES, str(KIT / "postgres"), limit_seconds=300)


def make_newer_postgres(engine: Engine) -> None:
    """
    `postgres:17` is in the engine: made for a newer C library than this machine's, with databases that sort by en_US.

    Cost: 0.3 s when it is; 10 s when it is not.
    """
    _import(engine, "postgres17", "amankan-base/postgres17")
    words = [f"--build-arg={each}" for each in ("BASE=amankan-base/postgres17", "MAJOR=17", "LOCALE=en_US.utf8")]
    engine.docker("build", "--quiet", "--tag", NEWER_POSTGRES, *words, str(KIT / "postgres"), limit_seconds=300)


def _import(engine: Engine, name: str, reference: str) -> None:
    tree = (cache_folder() / "bases" / f"{name}.tar").resolve(strict=True)
    with contextlib.suppress(CommandFailed):
        made_from = engine.docker("image", "inspect", "--format", '{{index .Config.Labels "amankan.tree"}}', reference)
        if made_from == tree.name:
            return
    changes = (f"ENV {SEARCH_PATH}", "ENV LANG=C.UTF-8", "CMD bash", f"LABEL amankan.tree={tree.name}")
    words = [word for change in changes for word in ("--change", change)]
    engine.docker("import", *words, str(tree), reference, limit_seconds=300)


@contextlib.contextmanager
def package_access() -> Iterator[dict[str, str]]:
    """
    Files that let a build reach the package registries this machine is configured for, as environment variables.

    They enter a build as secrets, so nothing of them stays in an image: BUILD_NPMRC and BUILD_PIP_CONF say where
    packages are, BUILD_CA holds the machine's certificates, which may know an authority that no image knows.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        certificates = Path(os.environ.get("SSL_CERT_FILE") or "/etc/ssl/certs/ca-certificates.crt")
        npmrc = folder / "npmrc"
        npmrc.write_text(f"{_npm_settings()}\ncafile=/run/secrets/ca\n")
        pip_conf = folder / "pip.conf"
        pip_conf.write_text(f"[global]\n{_pip_settings()}\ncert = /run/secrets/ca\n")
        yield {"BUILD_NPMRC": str(npmrc), "BUILD_PIP_CONF": str(pip_conf), "BUILD_CA": str(certificates)}


def _npm_settings() -> str:
    if shutil.which("npm") is None:
        return ""
    return "registry=" + run(["npm", "config", "get", "registry"]).strip()


def _pip_settings() -> str:
    settings = run(["python3", "-m", "pip", "config", "list"])
    wanted = ("index-url", "extra-index-url", "trusted-host")
    lines = []
    for line in settings.splitlines():
        name, _, text = line.partition("=")
        short = name.rsplit(".", 1)[-1]
        if short in wanted:
            lines.append(f"{short} = {text.strip(chr(39))}")
    return "\n".join(lines)
