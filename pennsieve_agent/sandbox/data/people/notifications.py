"""Messages for people (``contracts/upstream-2026-11.md`` 9): nobody has any in a sandbox.

The contract names the paths, and says that they take a bearer's token. What they answer, it does
not say: here it is what there is, which is nothing.
"""

from __future__ import annotations

from pennsieve_agent.sandbox.http.routing import Refusal, Request, Response, Route, Scheme


def routes() -> list[Route]:
    """The routes."""
    return [
        Route("GET", "/notification/topics", Scheme.USER, _none),
        Route("GET", "/notification/subscriptions", Scheme.USER, _none),
        Route("GET", "/notification/subscriptions/<id>", Scheme.USER, _unknown),
        Route("GET", "/notification/<topic>/notifications", Scheme.USER, _unknown),
    ]


def _none(_request: Request) -> Response:
    return Response(200, [])


def _unknown(_request: Request) -> Response:
    raise Refusal(404, {"message": "not found"})
