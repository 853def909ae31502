"""What the shop does by itself now and then."""

import sys

FEW = 10


def run(session) -> None:
    """Whoever reads the log knows what must be ordered."""
    for (name,) in session.execute("SELECT name FROM items WHERE stock < %s", (FEW,)).fetchall():
        sys.stderr.write(f"order more: {name}\n")
