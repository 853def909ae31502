"""Plans as pure functions of surveyed facts."""
