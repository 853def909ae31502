"""What holds for all tests, and the fixtures that every test may ask for."""

from hypothesis import settings

pytest_plugins = ["tests.kit.docker.fixtures", "tests.kit.postgres.fixtures", "tests.kit.shop"]

# A busy machine makes an example slow, not wrong: time limits belong to tests that measure time.
settings.register_profile("amankan", deadline=None)
settings.load_profile("amankan")
