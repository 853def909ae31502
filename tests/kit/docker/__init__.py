"""A real Docker Engine, a real registry and real example images, for tests."""
