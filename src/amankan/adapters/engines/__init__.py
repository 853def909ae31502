"""Databases, one folder or file each."""
