"""Routes that older clients still call, and declared routes that nothing answers.

Legacy applications (``contracts/workflows.md`` 1.7) belonged to one compute node each. The sandbox
has none and makes none, so their list is empty and each of them is not found. A route that the
gateway declares and the router behind it does not know is answered in plain text, error family E
(``contracts/resources.md`` 0.3 and 3.13).
"""

from __future__ import annotations

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.nodes.nodes import PATH as NODES
from pennsieve_agent.sandbox.compute.request_bodies import BadBody, read
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

VIEWER = 2


def routes() -> list[Route]:
    """The routes."""
    one = "/applications/<uuid>"
    return [
        Route("GET", "/applications/v1", Scheme.WORKSPACE, _list),
        Route("POST", "/applications/v1", Scheme.USER, _unknown_method),
        Route("POST", "/applications/deploy", Scheme.USER, _rebuild),
        Route("GET", one, Scheme.USER, _none),
        Route("PUT", one, Scheme.USER, _change),
        Route("DELETE", one, Scheme.USER, _none),
        Route("GET", f"{NODES}/<id>/config", Scheme.USER, _unknown_route),
        Route("PATCH", f"{NODES}/<id>/config", Scheme.USER, _unknown_route),
        Route("GET", "/compute/resources/interactive/jwks", Scheme.NONE, _keys),
    ]


def _list(_request: Request) -> Response:
    """The workspace's legacy applications (``contracts/workflows.md`` 1.1): none."""
    return Response(200, [])


def _rebuild(request: Request) -> Response:
    """Build a legacy application again (``contracts/workflows.md`` 1.1): there is none."""
    if request.caller.org_role < VIEWER:
        raise compute_answers.message(401, "not permitted")
    try:
        read(request)
    except BadBody:
        raise compute_answers.message(500, compute_answers.UNMARSHAL) from None
    raise compute_answers.message(404, compute_answers.NO_RECORDS)


def _change(request: Request) -> Response:
    """Set a legacy application's parameters (``contracts/workflows.md`` 1.7): there is none."""
    try:
        read(request)
    except BadBody:
        raise compute_answers.message(500, compute_answers.UNMARSHAL) from None
    raise compute_answers.message(404, compute_answers.NO_RECORDS)


def _none(_request: Request) -> Response:
    """Read or delete a legacy application (``contracts/workflows.md`` 1.7): there is none."""
    raise compute_answers.message(404, compute_answers.NO_RECORDS)


def _unknown_method(_request: Request) -> Response:
    """Refuse a new legacy application: ours, the sandbox does not accept them (family E)."""
    return Response(422, "unsupported path")


def _unknown_route(_request: Request) -> Response:
    """A node's ``config``, declared and not implemented (``contracts/resources.md`` 3.13)."""
    return Response(404, "unsupported route")


def _keys(_request: Request) -> Response:
    """Keys of notebook sessions (``contracts/resources.md`` 3.13): none are ever signed."""
    headers = {"Content-Type": "application/json", "Cache-Control": "public, max-age=300"}
    return Response(200, {"keys": []}, headers)
