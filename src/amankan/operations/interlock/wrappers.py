"""Programs that run other programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

SHELLS: Final = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh", "busybox", "eval", "su", "script"})

# Behind these, a command may begin at every word: their own options are too many to be known.
WRAPPERS: Final = frozenset(
    {
        *("exec", "command", "builtin", "env", "nohup", "time", "nice", "ionice", "stdbuf", "setsid", "timeout", "xargs"),
        *("sudo", "doas", "gosu", "su-exec", "setpriv", "runuser", "chroot", "tini", "dumb-init", "catatonit", "s6-setuidgid"),
        *("npx", "bunx", "bun", "deno", "corepack", "npm", "pnpm", "pnpx", "yarn", "yarnpkg", "node", "tsx", "ts-node"),
        *("ts-node-dev", "ts-node-esm", "esbuild-runner", "babel-node", "nodemon", "cross-env", "cross-env-shell", "env-cmd"),
        *("dotenv", "dotenvx", "dotenv-cli", "doppler", "infisical", "op", "vault", "chamber", "concurrently", "turbo", "nx"),
        *("bundle", "ruby", "spring", "poetry", "pipenv", "uv", "uvx", "pdm", "rye", "hatch", "conda", "python", "pypy"),
        *("coverage", "ddtrace-run", "newrelic-admin", "opentelemetry-instrument", "php", "sail", "composer", "perl", "mix"),
        *("elixir", "cargo", "go", "dotnet", "mvn", "mvnw", "gradle", "gradlew", "docker", "docker-compose", "podman"),
        *(
            "podman-compose",
            "kubectl",
            "ssh",
            "heroku",
            "fly",
            "flyctl",
            "railway",
            "wait-for-it.sh",
            "wait-for-it",
            "wait-for",
        ),
        *("dockerize", "wait-for.sh", "watch", "flock", "chpst", "retry", "lerna", "rushx"),
        *("mikro-orm-esm", *SHELLS),
    }
)

# Programs that look a name up in a file of scripts; those with `True` run `preNAME` and `postNAME` too.
RUNNERS: Final = {
    **dict.fromkeys(("npm", "pnpm", "yarn", "yarnpkg", "bun"), True),
    **dict.fromkeys(
        ("composer", "make", "gmake", "just", "task", "poe", "invoke", "inv", "fab", "rake", "deno", "turbo"), False
    ),
    **dict.fromkeys(
        ("lerna", "nx", "npm-run-all", "run-s", "run-p", "rushx", "wireit", "pdm", "hatch", "rye", "pipenv"), False
    ),
}

_RUN: Final = frozenset({"run", "run-script", "workspace"})
_NOT_SCRIPTS: Final = frozenset(
    {"install", "ci", "i", "add", "exec", "x", "dlx", "init", "publish", "update", "why", "require"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A script by name, and the words that are handed on to it."""

    name: str
    more: tuple[str, ...] = ()


def program_of(word: str) -> str:
    """Return the name of a program without its folder, version and ending."""
    name = word.rpartition("/")[2]
    name = re.sub(r"\.(?:exe|cmd|bat|ps1|phar|phpt)$", "", name, flags=re.IGNORECASE)
    name = re.sub(r"^(prisma|knex|sequelize|typeorm|drizzle-kit)(?:@[\w.^~-]+|\.[cm]?js)$", r"\1", name)
    return re.sub(r"^(python|pypy|php|ruby|node|pip)[\d.]+$", r"\1", name)


def assigned(words: tuple[str, ...]) -> Iterator[str]:
    """Yield the values of assignments that could themselves be commands."""
    for word in words:
        match = re.fullmatch(r"[A-Za-z_]\w*=(.* .*)", word, re.DOTALL)
        if match is None:
            return
        yield match[1]


def scripts_asked(program: str, rest: tuple[str, ...]) -> tuple[Asked, ...]:
    """
    Return the scripts that a runner may be asked for.

    The value of an option that we do not know looks like one too; no script of that name is found then.
    """
    if program not in RUNNERS:
        return ()
    cut = rest.index("--") if "--" in rest else len(rest)
    asked: list[Asked] = []
    for index, word in enumerate(rest[:cut]):
        if word in _NOT_SCRIPTS and not asked:
            return ()
        if word in _RUN or word.startswith("-") or "=" in word:
            continue
        asked.append(Asked(name=word, more=rest[cut + 1 :] or rest[index + 1 : cut]))
    return tuple(asked)
