"""A value that must not be seen."""

from __future__ import annotations

from typing import Final, NoReturn

MASK: Final = "•••"


class Secret:
    """
    A text that prints as `•••` everywhere and is opened only on purpose.

    It cannot be pickled, put into JSON, formatted or hashed by accident; equality takes the same
    time whatever the values are.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Wrap `text`; an empty text is allowed (an empty password is a password)."""
        self._text = text

    def reveal(self) -> str:
        """Return the text itself; only adapters that hand it to an outside program or server call this."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    def __str__(self) -> str:
        return MASK

    def __format__(self, _: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine, theirs = self._text.encode(), other._text.encode()
        differing = len(mine) ^ len(theirs)
        for left, right in zip(mine, theirs, strict=False):
            differing |= left ^ right
        return differing == 0

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")
