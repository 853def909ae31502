"""Amankan: an update of your app cannot lose your data."""

__version__ = "0.1.0"
