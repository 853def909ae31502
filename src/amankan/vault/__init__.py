"""Sealed snapshots: seal, catalogue, retention."""
