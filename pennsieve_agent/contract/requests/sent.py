"""How the tables of requests are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.contract.routes import anonymous

Table = Mapping[tuple[str, str, str], "Sent"]
"""By surface, method and path without the names of its parameters."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a request of one route may carry, and which file and section say so.

    ``query`` and ``headers`` are names with spaces between them; a query name that ends in ``!``
    must be there, because the gateway asks for it. ``body`` is a shape, as in
    :mod:`pennsieve_agent.contract.shapes`; None means without a body. ``kind`` is the body's
    Content-Type. ``open`` routes take no credential.
    """

    source: str
    query: str = ""
    body: Any = None
    headers: str = ""
    kind: str = "application/json"
    open: bool = False

    @property
    def query_names(self) -> frozenset[str]:
        """The names that may be in the query."""
        return frozenset(name.removesuffix("!") for name in self.query.split())

    @property
    def needed_names(self) -> frozenset[str]:
        """The names that must be in the query."""
        return frozenset(name[:-1] for name in self.query.split() if name.endswith("!"))


NOTHING = Sent("")


def table(surface: str, rows: Mapping[str, Sent]) -> dict[tuple[str, str, str], Sent]:
    """Rows whose keys are ``METHOD[,METHOD] /path``, as a table."""
    by_route: dict[tuple[str, str, str], Sent] = {}
    for key, row in rows.items():
        methods, _, path = key.partition(" ")
        by_route |= {(surface, method, anonymous(path)): row for method in methods.split(",")}
    return by_route


def joined(*tables: Table) -> Table:
    """Several tables as one.

    Raises:
        ValueError: two of them have the same route.

    """
    rows: dict[tuple[str, str, str], Sent] = {}
    for part in tables:
        if twice := rows.keys() & part.keys():
            raise ValueError(f"in two tables: {sorted(twice)}")
        rows |= part
    return rows
