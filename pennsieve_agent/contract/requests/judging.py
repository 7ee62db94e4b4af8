"""Compares a request with the tables of what requests may carry."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pennsieve_agent.contract.requests.sent import NOTHING, Sent, Table
from pennsieve_agent.contract.routes import ROUTES, ContractRoute, find
from pennsieve_agent.contract.shapes import mismatches

_BY_KEY = {route.key: route for route in ROUTES}
_EVERYWHERE = frozenset({"authorization", "accept", "content-type", "x-organization-id"})
"""Headers that every client sends after signing in (``contracts/core.md`` 1.4)."""
_OF_HTTP = frozenset(
    {"host", "user-agent", "connection", "content-length", "transfer-encoding"}
    | {"accept-encoding", "content-encoding", "keep-alive", "te"}
)
"""Headers of HTTP itself, which mean nothing to Pennsieve."""


@dataclass(frozen=True, slots=True)
class ObservedRequest:
    """A request as it was sent. ``path`` is still percent-encoded; header names are any case."""

    surface: str
    method: str
    path: str
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    def __str__(self) -> str:
        """Method, surface and path, without what may be secret."""
        return f"{self.method} {self.surface} {self.path}"


def faults(request: ObservedRequest, table: Table) -> list[str]:
    """The differences between a request and the tables.

    Each begins with the route as the contract writes it, or with the path of an unknown route.
    """
    route = find(request.surface, request.method, request.path)
    if route is None:
        return [f"{request}: no such route"]
    name = f"{route.method} {route.surface} {route.path}"
    sent = table.get(route.key, NOTHING)
    differences = (
        *_removed(route),
        *_query(request, sent),
        *_headers(request, sent),
        *_body(request, sent),
    )
    return [f"{name}: {fault}" for fault in differences]


def _removed(route: ContractRoute) -> Iterator[str]:
    if not route.hosted:
        yield f"not served by hosted Pennsieve ({route.reason})"


def _query(request: ObservedRequest, sent: Sent) -> Iterator[str]:
    for name in sorted(request.query.keys() - sent.query_names):
        yield f"query {name}"
    for name in sorted(sent.needed_names - {n for n, v in request.query.items() if any(v)}):
        yield f"query {name} is missing"


def _headers(request: ObservedRequest, sent: Sent) -> Iterator[str]:
    headers = {name.lower(): value for name, value in request.headers.items()}
    known = _EVERYWHERE | _OF_HTTP | {name.lower() for name in sent.headers.split()}
    for name in sorted(headers.keys() - known):
        yield f"header {name}"
    kind = headers.get("authorization", "").partition(" ")[0]
    if sent.open:
        if kind:
            yield "header authorization, where none is asked for"
    elif kind not in {"Bearer", "Callback"}:
        yield "header authorization is missing"


def _body(request: ObservedRequest, sent: Sent) -> Iterator[str]:
    if sent.body is None:
        if request.body:
            yield "a body"
        return
    try:
        value = json.loads(request.body)
    except ValueError:
        yield "a body that is not JSON" if request.body else "no body"
        return
    kinds = [v for k, v in request.headers.items() if k.lower() == "content-type"]
    if not any(kind.partition(";")[0].strip() == sent.kind for kind in kinds):
        yield f"header content-type is not {sent.kind}"
    yield from mismatches(sent.body, value)
