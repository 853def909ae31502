"""Quantities for people."""

from __future__ import annotations

_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")


def size_text(size_bytes: int) -> str:
    """Return a size in decimal units with at most one digit after the point: `1.2 GB`."""
    amount, unit = float(size_bytes), 0
    while abs(amount) >= 999.5 and unit < len(_SIZES) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.0f} {_SIZES[unit]}" if unit == 0 or amount >= 99.5 else f"{amount:.1f} {_SIZES[unit]}"


def duration_text(seconds: float) -> str:
    """Return a duration as people say it: `0.08 s`, `12 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 10:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
