"""Real PostgreSQL servers for tests: versions 14 to 18, started as an ordinary user, nothing left behind."""
