"""A simulated world, shipped: users test as the authors do."""
