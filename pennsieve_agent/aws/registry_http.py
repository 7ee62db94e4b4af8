"""Requests to one container registry: its address, its login and its redirects.

The standard library alone. Names and tokens go to the registry's own host only; where it sends a
download elsewhere, as ECR does, nothing of them goes along.
"""

from __future__ import annotations

import http.client
import json
import re
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Protocol, cast
from urllib.parse import urlencode, urljoin, urlsplit

from pennsieve_agent.domain.loopback import is_loopback
from pennsieve_agent.errors import RegistryError

IDLE_SECONDS = 60
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_HOPS = 5
_MAX_ERROR = 65_536
_UNAUTHORIZED, _TOO_MANY, _SERVER_ERRORS = 401, 429, 500


class Stream(Protocol):
    """Something to read from."""

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes; empty at the end."""
        ...


class Refusal(RegistryError):  # noqa: N818 - a kind of answer
    """The registry answered with an error. ``status`` is HTTP's; 0 without an answer."""

    def __init__(self, message: str, status: int, *, where: str) -> None:
        super().__init__(message, where=where, hint="check the network, then run the command again")
        self.status = status

    @property
    def may_pass(self) -> bool:
        """Whether a retry may help."""
        return self.status in {0, _TOO_MANY} or self.status >= _SERVER_ERRORS


class _AsItIs(urllib.request.HTTPErrorProcessor):
    """Passes on errors and redirects: which headers follow a redirect is decided here."""

    def http_response(self, request: Any, response: Any) -> Any:
        """Hand the answer on."""
        del request
        return response

    def https_response(self, request: Any, response: Any) -> Any:
        """Hand the answer on."""
        del request
        return response


class RegistryHttp:
    """A registry at ``base``, such as ``https://public.ecr.aws``.

    ``login`` is what basic authentication sends, in Base64; empty is anonymous.
    """

    def __init__(self, base: str, login: str = "") -> None:
        _check_scheme(base)
        self.base = base.rstrip("/")
        self._login = f"Basic {login}" if login else ""
        self._tokens: dict[str, str] = {}
        self._opener = urllib.request.build_opener(_AsItIs)

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        content: bytes | Stream | None = None,
    ) -> http.client.HTTPResponse:
        """An answer of 2xx, to be closed; redirects of what is read are followed.

        Raises:
            Refusal: the registry says no, or nothing.

        """
        sent, at = dict(headers or {}), url
        for _ in range(_MOST_HOPS):
            own = urlsplit(at).netloc == urlsplit(self.base).netloc
            token = self._tokens.get(_area(at), "") if own else ""
            known = token or (self._login if own else "")
            signed = {"Authorization": known} if known else {}
            answer = self._once(method, at, {**sent, **signed}, content)
            if answer.status // 100 == 2:  # noqa: PLR2004 - HTTP
                return answer
            with closing(answer):
                if answer.status in _REDIRECTS and method in {"GET", "HEAD"}:
                    at = urljoin(at, str(answer.headers.get("Location") or ""))
                    _check_scheme(at)
                    continue
                challenge = str(answer.headers.get("WWW-Authenticate") or "")
                once_more = content is None or isinstance(content, bytes)
                # A registry that takes tokens refuses the login itself, and says who gives tokens.
                bearer = challenge.casefold().startswith("bearer ")
                may_ask = not token and (bearer or not known)
                if answer.status == _UNAUTHORIZED and own and once_more and may_ask:
                    self._tokens[_area(at)] = self._token(challenge)
                    continue
                raise _refused(answer, self.base)
        raise RegistryError("the registry redirects too often", where=self.base)

    def _once(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | Stream | None
    ) -> http.client.HTTPResponse:
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            url,
            data=content,  # what has read() is as good as a file
            headers=dict(headers),
            method=method,
        )
        try:
            answer = self._opener.open(request, timeout=IDLE_SECONDS)
        except (OSError, http.client.HTTPException) as error:
            raise _no_answer(url, error) from None
        return cast("http.client.HTTPResponse", answer)

    def _token(self, challenge: str) -> str:
        """The header that a registry's challenge asks for ("Token Authentication", Docker)."""
        kind, _, rest = challenge.partition(" ")
        query = dict(_CHALLENGE.findall(rest))
        realm = query.pop("realm", "")
        if kind.casefold() != "bearer" or not realm:
            raise Refusal("the registry requires a login", _UNAUTHORIZED, where=self.base)
        _check_scheme(realm)
        query.pop("error", None)
        signed = {"Authorization": self._login} if self._login else {}
        with self._once("GET", f"{realm}?{urlencode(query)}", signed, None) as answer:
            if answer.status // 100 != 2:  # noqa: PLR2004 - HTTP
                raise _refused(answer, realm)
            try:
                document = json.loads(answer.read(_MAX_ERROR * 16))
                return f"Bearer {document.get('token') or document['access_token']}"
            except (ValueError, KeyError, AttributeError):
                raise RegistryError("the registry's login returned no token", where=realm) from None


def _area(url: str) -> str:
    """What a token is for: everything of one repository."""
    path = urlsplit(url).path
    return (
        path.rpartition("/manifests/")[0] or path.removesuffix("/tags/list").partition("/blobs/")[0]
    )


def _check_scheme(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(url)):
        raise RegistryError("images are copied over HTTPS only", where=url.partition("?")[0])


def _refused(answer: http.client.HTTPResponse, where: str) -> Refusal:
    said = ""
    try:
        errors = json.loads(answer.read(_MAX_ERROR))["errors"]
        said = "; ".join(str(e.get("message") or e.get("code")) for e in errors)
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        pass
    words = {
        _UNAUTHORIZED: "it requires a login, or refused this one",
        403: "access is not allowed",
        404: "the image does not exist",
        _TOO_MANY: "too many requests",
    }.get(answer.status, f"status {answer.status}")
    return Refusal(f"the image registry refused: {said or words}", answer.status, where=where)


def _no_answer(url: str, error: Exception) -> Refusal:
    host = urlsplit(url).netloc
    reason = getattr(error, "reason", error)
    words = getattr(reason, "strerror", None) or type(reason).__name__
    return Refusal(f"the image registry does not answer: {words}", 0, where=host)
