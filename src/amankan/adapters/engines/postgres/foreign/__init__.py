"""Backups that were made by hand: hostile until they were tried in a sandbox."""
