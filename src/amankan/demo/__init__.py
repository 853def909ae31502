"""A demonstration: a small shop on a server of its own, whose updates go well and badly while somebody buys."""
