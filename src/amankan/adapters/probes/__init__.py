"""Checks that tell whether a release works."""
