"""The guard inside a PostgreSQL database."""
