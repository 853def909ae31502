"""What holds for all tests, and the fixtures that every test may ask for."""

import os
import tempfile
from pathlib import Path

from hypothesis import settings

from amankan.adapters.hosts.mounts import keeping_of
from amankan.model.keeping import Keeping

pytest_plugins = ["tests.kit.docker.fixtures", "tests.kit.postgres.fixtures", "tests.kit.shop"]

# Where /tmp is kept in memory, what plays production in it would rightly be refused.
if keeping_of(Path(tempfile.gettempdir())) is not Keeping.ON_DISK:
    tempfile.tempdir = os.environ["TMPDIR"] = "/var/tmp"

# A busy machine makes an example slow, not wrong: time limits belong to tests that measure time.
settings.register_profile("amankan", deadline=None)
settings.load_profile("amankan")
