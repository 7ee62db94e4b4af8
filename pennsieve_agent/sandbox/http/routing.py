"""Requests, responses and routes of the sandbox's two surfaces.

A surface (v1 or v2) is a WSGI application made of routes. Each route declares the security scheme
that the platform's gateway would apply before any code runs (``contracts/core.md`` 1.9,
``contracts/workflows.md`` 0.2); who the caller is, is decided by an :class:`Authorizer`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from werkzeug.exceptions import (
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestedRangeNotSatisfiable,
    RequestEntityTooLarge,
)
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request as WsgiRequest
from werkzeug.wrappers import Response as WsgiResponse
from werkzeug.wsgi import wrap_file

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

#: Deeper JSON is refused; nothing of the contract comes near it.
MAX_DEPTH = 200
log = logging.getLogger(__name__)

MAX_BODY_BYTES = 10_000_000
"""As much as API Gateway takes (its documented payload limit)."""


class Scheme(Enum):
    """What the gateway demands before a route's code runs."""

    NONE = "none"
    USER = "token_auth"
    WORKSPACE = "token_workspace_auth"
    DATASET = "token_dataset_auth"
    MANIFEST = "token_manifest_auth"

    @property
    def query(self) -> str | None:
        """The query parameter that is part of the identity source, if any."""
        return {
            Scheme.WORKSPACE: "organization_id",
            Scheme.DATASET: "dataset_id",
            Scheme.MANIFEST: "manifest_id",
        }.get(self)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request. ``org_role`` is the permission bitmap; 16 and more is an administrator.

    ``run_id`` is set when the credential was a run's callback token, which is good for the run's
    one dataset ``run_dataset_id`` only (``contracts/workflows.md`` 4.1, 5.5).
    """

    user_int_id: int
    user_id: str
    email: str
    org_int_id: int
    org_id: str
    org_role: int
    run_id: str | None = None
    run_dataset_id: str | None = None

    @property
    def is_admin(self) -> bool:
        """Whether the caller administers the workspace."""
        return self.org_role >= 16  # noqa: PLR2004 - the platform's own bit


@dataclass(frozen=True, slots=True)
class Request:
    """One request, after the gateway. ``params`` are the percent-decoded path parameters.

    Of a query parameter given several times, ``query`` holds the first value.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    query_lists: Mapping[str, list[str]]
    body: bytes
    params: Mapping[str, str] = field(default_factory=dict)
    known_caller: Caller | None = None

    @property
    def caller(self) -> Caller:
        """Who sent it; only on routes whose scheme is not NONE."""
        if self.known_caller is None:
            raise RuntimeError(f"{self.method} {self.path} has no caller")
        return self.known_caller

    def json(self) -> Any:
        """The body, decoded.

        Raises:
            ValueError: it is not JSON, or holds text that no file and no database can take.

        """
        try:
            value = json.loads(self.body)
            json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        if nested_too_deeply(value):
            raise ValueError("nested too deeply")
        return value

    def json_object(self) -> dict[str, Any]:
        """The body, decoded, when it must be a JSON object.

        Raises:
            ValueError: it is anything else.

        """
        value = self.json()
        if not isinstance(value, dict):
            raise ValueError("not a JSON object")  # noqa: TRY004 - one kind of failure for callers
        return value


@dataclass(frozen=True, slots=True)
class Response:
    """An answer.

    A ``body`` of text or bytes is sent unchanged, a path is sent as that file's content, None is an
    empty body, and anything else is sent as JSON with the surface's content type.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def nested_too_deeply(value: Any) -> bool:
    """Whether JSON is nested deeper than we walk; a newer Python reads deeper than that."""
    level = [value]
    for _ in range(MAX_DEPTH):
        inner = [x for x in level if isinstance(x, dict | list)]
        level = [y for x in inner for y in (x.values() if isinstance(x, dict) else x)]
        if not level:
            return False
    return True


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """Raised by a handler to answer at once."""

    def __init__(
        self, status: int, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status)
        self.response = Response(status, body, headers or {})


Handler = Callable[[Request], Response]


@dataclass(frozen=True, slots=True)
class Route:
    """A route: method, a werkzeug path pattern such as ``/runs/<id>``, scheme and handler."""

    method: str
    pattern: str
    scheme: Scheme
    handler: Handler


class Authorizer(Protocol):
    """Decides who sent a request."""

    def __call__(self, request: Request, scheme: Scheme) -> Caller:
        """The caller.

        Raises:
            Refusal: as the surface's gateway would answer.

        """
        ...


class Surface:
    """A WSGI application that serves routes."""

    def __init__(
        self,
        routes: Iterable[Route],
        authorize: Authorizer,
        *,
        content_type: str,
        not_found: Callable[[str, str], Response],
    ) -> None:
        self.routes = tuple(routes)
        self._map = Map(
            [Rule(r.pattern, methods=[r.method], endpoint=r) for r in self.routes],
            strict_slashes=False,
            merge_slashes=False,
        )
        self._authorize = authorize
        self._content_type = content_type
        self._not_found = not_found

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one WSGI request."""
        wsgi = WsgiRequest(environ)
        wsgi.max_content_length = MAX_BODY_BYTES
        answer = self._answer(wsgi)
        if isinstance(answer.body, Path):
            return _send_file(answer.body, answer.headers, environ)(environ, start_response)
        body, kind = _encode(answer.body, self._content_type)
        response = WsgiResponse(body, status=answer.status, headers=dict(answer.headers))
        if "Content-Type" not in answer.headers:
            response.headers["Content-Type"] = kind
        return response(environ, start_response)

    def _answer(self, wsgi: WsgiRequest) -> Response:
        try:
            route, params = self._map.bind("sandbox").match(
                wsgi.path, method=wsgi.method, return_rule=False
            )
        except (NotFound, MethodNotAllowed):
            return self._not_found(wsgi.method, wsgi.path)
        except HTTPException as error:
            return Response(error.code or 404, {"message": "Not Found"})
        try:
            request = _request(wsgi, {k: str(v) for k, v in params.items()})
            if route.scheme is not Scheme.NONE:
                caller = self._authorize(request, route.scheme)
                request = _with_caller(request, caller)
            answer: Response = route.handler(request)
        except Refusal as refusal:
            return refusal.response
        except RequestEntityTooLarge:
            return Response(413, {"message": "Request Entity Too Large"})
        except Exception:
            log.exception("%s %s failed", wsgi.method, wsgi.path)
            return Response(500, {"message": "Internal Server Error"})
        return answer


def _request(wsgi: WsgiRequest, params: Mapping[str, str]) -> Request:
    lists = wsgi.args.to_dict(flat=False)
    return Request(
        method=wsgi.method,
        path=wsgi.path,
        headers={name.lower(): value for name, value in wsgi.headers.items()},
        query={name: values[0] for name, values in lists.items()},
        query_lists=lists,
        body=wsgi.get_data(),
        params=params,
    )


def _with_caller(request: Request, caller: Caller) -> Request:
    return Request(
        request.method,
        request.path,
        request.headers,
        request.query,
        request.query_lists,
        request.body,
        request.params,
        caller,
    )


def _send_file(path: Path, headers: Mapping[str, str], environ: WSGIEnvironment) -> WsgiResponse:
    size = path.stat().st_size
    content = wrap_file(environ, path.open("rb"))
    response = WsgiResponse(content, headers=dict(headers), direct_passthrough=True)
    response.content_length = size
    response.headers.setdefault("Content-Type", "application/octet-stream")
    try:
        response.make_conditional(environ, accept_ranges=True, complete_length=size)
    except RequestedRangeNotSatisfiable:
        response.close()
        return WsgiResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    return response


def _encode(body: Any, content_type: str) -> tuple[bytes, str]:
    if body is None:
        return b"", content_type
    if isinstance(body, bytes):
        return body, "application/octet-stream"
    if isinstance(body, str):
        return body.encode(), "text/plain; charset=utf-8"
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode(), content_type
