"""Guards inside databases."""
