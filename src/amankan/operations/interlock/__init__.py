"""Commands that seed, reset or drop are known before they run."""
