"""A server of production's own version that holds one copy for one run and survives nothing."""
