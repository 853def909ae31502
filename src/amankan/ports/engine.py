"""A database server."""

from __future__ import annotations

from typing import Protocol

from amankan.model.claim import Claim
from amankan.model.database import DatabaseState
from amankan.model.fingerprint import Fingerprint
from amankan.model.identity import Identity
from amankan.model.marker import Marking


class Engine(Protocol):
    """
    One server and its databases.

    Every verb that writes takes a claim and compares it, with the server's identity, in the server itself at the moment
    of writing: Superseded and WrongTarget mean that nothing was written. EngineFailed leaves what the verb's promise
    says. TimedOut means that the effect may still come until `settle`.
    """

    def identify(self, database: str) -> Identity:
        """Return the identity of a database; reads only. EngineFailed where there is none of that name."""
        ...

    def database(self, name: str) -> DatabaseState | None:
        """Return the state of a database by name, or None; reads only."""
        ...

    def databases(self) -> tuple[DatabaseState, ...]:
        """Return every database that an app or a run may own, sorted by name; reads only."""
        ...

    def size_bytes(self, database: str) -> int:
        """Return the room that a database takes; reads only, also one that is shut."""
        ...

    def fingerprint(self, database: str) -> Fingerprint:
        """Return what a database holds at one moment; reads only, also one that this process has shut."""
        ...

    def census(self, database: str) -> Fingerprint:
        """Return the rows of every table and the schema, without digests of the rows; otherwise like `fingerprint`."""
        ...

    def aged_indexes(self, database: str) -> tuple[str, ...]:
        """Return the indexes whose order may no longer hold, since the server sorts text otherwise than it did; reads only."""
        ...

    def claimed(self) -> Claim | None:
        """Return the claim that stands for this app, or None; reads only."""
        ...

    def claim(self, claim: Claim, *, identity: Identity, marking: Marking | None = None) -> None:
        """
        The server knows that `claim` alone may write for the app of `identity`; may be repeated.

        Where there is a marking, the database carries its marker from the same moment on, for good.

        Raises:
            Superseded: a claim of another run stands, or a newer one of this run.
            WrongTarget: the server is not that of `identity`, or the database carries a marker that `marking` does not
                replace.
        """
        ...

    def release(self, claim: Claim) -> None:
        """No claim of this run stands; may be repeated."""
        ...

    def settle(self, claim: Claim) -> None:
        """No statement that an earlier process of this run began is at work any more; may be repeated."""
        ...

    def shut(self, database: str, *, claim: Claim) -> None:
        """
        Nobody but us can connect to the database and nobody is connected; may be repeated; a failure may leave it shut.
        """
        ...

    def admit(self, database: str, *, claim: Claim) -> None:
        """Everybody with the right to may connect again; may be repeated."""
        ...

    def copy(self, source: str, target: str, *, claim: Claim, limit_seconds: float) -> None:
        """
        `target` is a complete copy of the shut `source`, settings and grants included, marked with the run.

        Indexes whose order may no longer hold are made anew in it, so it is in the server's order of today.
        Not to be repeated while a `target` exists. A failure leaves no target, or one without a mark.
        """
        ...

    def drop(self, database: str, *, claim: Claim) -> None:
        """There is no database of that name; refused for one that this run did not make; may be repeated."""
        ...

    def discard(self, database: str, *, oid: int, claim: Claim) -> None:
        """
        There is no database of that name and number, which an earlier run kept; may be repeated.

        Refused for one of another number, one that admits connections, and the live one.
        """
        ...

    def rename(self, names: tuple[tuple[str, str], ...], *, claim: Claim) -> None:
        """
        All databases carry their new names, in one transaction, and `names` is done in its order.

        Whichever has the live name then carries the marker of the one that was claimed, where that has one.
        Not to be repeated without a look. A failure leaves all the old names.
        """
        ...

    def sequences(self, database: str) -> tuple[tuple[str, int], ...]:
        """Return, by name, the last value that each sequence may have given out; reads only, also one that is shut."""
        ...

    def advance(self, database: str, *, beyond: str, claim: Claim) -> None:
        """No sequence of `database` will give out a value that `beyond` may have given out; may be repeated."""
        ...
