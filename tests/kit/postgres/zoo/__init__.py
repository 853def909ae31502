"""A schema with every kind of object that can matter to whoever copies a database."""

from tests.kit.postgres.zoo.hostile import HOSTILE_NAMES
from tests.kit.postgres.zoo.load import load_database_part, load_odd, load_zoo, parts_for

__all__ = ["HOSTILE_NAMES", "load_database_part", "load_odd", "load_zoo", "parts_for"]
