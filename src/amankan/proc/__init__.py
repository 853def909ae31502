"""Outside programs, as values and as runs."""
