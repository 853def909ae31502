"""`python -m amankan.cli` is `aman`."""

from __future__ import annotations

from amankan.cli.main import main

if __name__ == "__main__":
    main()
