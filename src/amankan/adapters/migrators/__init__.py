"""The tools that change a database's schema."""
