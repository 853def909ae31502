"""Where the tests' PostgreSQL lives on this machine, and as whom its servers run."""

import os
import pwd
from collections.abc import Sequence
from pathlib import Path

ACCOUNT = "amankan-tests"
PREPARED = Path("/var/cache/amankan-tests")


class KitError(Exception):
    """The test kit cannot give what was asked; the message says what to run."""


def cache_dir() -> Path:
    """Return the folder that keeps unpacked builds and template clusters between sessions."""
    chosen = os.environ.get("AMANKAN_TEST_CACHE")
    return Path(chosen) if chosen else PREPARED


def clusters_dir() -> Path:
    """Return the folder of template clusters, which the servers' account can write."""
    if os.geteuid() == 0:
        return cache_dir() / "clusters"
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "amankan-tests" / "clusters"


def account() -> pwd.struct_passwd:
    """
    Return the account that servers run as: our own, or the tests' own account when we are root.

    Source: PostgreSQL manual, "The PostgreSQL User Account" (a server refuses root).
    """
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError as missing:
        raise KitError(f"cannot find the account {ACCOUNT}: run tools/prepare.d/40-postgres as root") from missing


def own(path: Path) -> None:
    """Give a file or folder to the servers' account."""
    if os.geteuid() == 0:
        holder = account()
        os.chown(path, holder.pw_uid, holder.pw_gid)


def as_account(words: Sequence[str], *, dies_with_us: bool = False) -> tuple[str, ...]:
    """Return the same command run as the servers' account and, when asked, ended when the calling thread ends."""
    prefix: list[str] = ["setpriv"]
    if os.geteuid() == 0:
        holder = account()
        prefix += [f"--reuid={holder.pw_uid}", f"--regid={holder.pw_gid}", "--clear-groups"]
    if dies_with_us:
        # SIGQUIT is PostgreSQL's immediate stop: no server outlives a killed test run.
        prefix += ["--pdeathsig=SIGQUIT"]
    return (*prefix, *words) if len(prefix) > 1 else tuple(words)


def environment() -> dict[str, str]:
    """Return an environment for server programs in which nothing of the caller's PostgreSQL settings remains."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
