"""Which database this is, told by the database itself and not by a host name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """
    The identity of one database: where two are equal, it is the same database of the same server.

    `system` is the cluster's own identifier, `oid` the database's number in it, `marker` the row that Amankan left
    there. A copy of a server's files has the same `system`; a restored dump may have the same `marker`; never both.
    """

    system: str
    oid: int
    marker: str = ""
