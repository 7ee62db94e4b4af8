"""Authorised calls to one of the platform's two hosts; JSON goes out and comes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import quote, urlencode

from pennsieve_agent.domain.sign_in import Tokens
from pennsieve_agent.errors import Invalid, Unreachable
from pennsieve_agent.platform.http.auth import Session
from pennsieve_agent.platform.http.decode import Fields, parse, records
from pennsieve_agent.platform.http.exchange import Answer, Request, host_of
from pennsieve_agent.platform.http.failures import failure, is_token_refusal
from pennsieve_agent.platform.http.transport import Transport

_SAFE_TO_REPEAT = {"GET", "PUT", "DELETE"}
_NOT_FOUND = 404
_GAVE_UP = {502, 503, 504}


def segment(value: object) -> str:
    """One element of a path: an id as it stands in an address, with nothing that could leave it.

    Raises:
        Invalid: it is empty.

    """
    text = str(value)
    if not text:
        raise Invalid("an id is empty", hint="give the id or the name of the thing")
    # Dots alone would be taken for "this folder" and "the one above".
    return quote(text, safe="", errors="replace") if text.strip(".") else text.replace(".", "%2E")


class Surface:
    """One host of the platform, with the session's token."""

    def __init__(
        self,
        host: str,
        transport: Transport,
        session: Session,
        changing: Callable[[], None] = lambda: None,
    ) -> None:
        """``changing`` is told before a call that may change something."""
        self._changing = changing
        self.host = host.rstrip("/")
        self._transport = transport
        self._session = session

    def get_record(self, path: str, query: Mapping[str, object] | None = None) -> Fields:
        """The JSON object at a path."""
        answer = self.call("GET", path, query=query)
        return Fields(parse(answer), answer.where)

    def get_records(self, path: str, query: Mapping[str, object] | None = None) -> list[Fields]:
        """The JSON list of objects at a path; ``null`` is the empty list."""
        answer = self.call("GET", path, query=query)
        return records(parse(answer), answer.where)

    def post_record(
        self,
        path: str,
        body: object,
        *,
        query: Mapping[str, object] | None = None,
        with_refresh_token: bool = False,
    ) -> Fields:
        """Post a JSON body once; the JSON object that came back.

        ``with_refresh_token`` hands over what renews this session, for a run that acts as the user.
        """
        answer = self.call(
            "POST", path, query=query, body=body, with_refresh_token=with_refresh_token
        )
        return Fields(parse(answer), answer.where)

    def put_record(
        self, path: str, body: object, *, query: Mapping[str, object] | None = None
    ) -> Fields:
        """Put a JSON body; the JSON object that came back."""
        answer = self.call("PUT", path, query=query, body=body)
        return Fields(parse(answer), answer.where)

    def delete(self, path: str, query: Mapping[str, object] | None = None) -> None:
        """Delete what is at a path.

        When a repeated try finds nothing, an earlier one, whose answer was lost, did it.
        """
        self.call("DELETE", path, query=query)

    def call(  # noqa: PLR0913 - what a call may carry
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        repeatable: bool | None = None,
        reads: bool = False,
        if_match: str = "",
        with_refresh_token: bool = False,
    ) -> Answer:
        """Send a call. The answer is a success, of any content.

        A token that a gateway refuses is replaced and the call sent once more; a second refusal
        is taken for the truth. With ``if_match`` the platform refuses when the thing has changed
        since that ``etag`` was read. ``reads`` says of a POST that it changes nothing.

        Raises:
            AgentError: the platform refused or gave no answer; see
                :mod:`pennsieve_agent.platform.http.failures`.

        """
        headers = {"Content-Type": "application/json"} if body is not None else {}
        parameters = {name: value for name, value in (query or {}).items() if value is not None}
        request = Request(
            method,
            f"{self.host}{path}",
            query=urlencode(parameters, doseq=True, errors="replace"),
            headers=headers | ({"If-Match": if_match} if if_match else {}),
            content=None if body is None else json.dumps(body, separators=(",", ":")).encode(),
            repeatable=method in _SAFE_TO_REPEAT if repeatable is None else repeatable,
        )
        session = self._session
        if method != "GET" and not reads:
            self._changing()
        tokens = session.tokens_to_give_away() if with_refresh_token else session.tokens()
        answer = self._send(tokens, request, with_refresh_token=with_refresh_token)
        if is_token_refusal(answer):
            give_away = session.tokens_to_give_away
            tokens = give_away(tokens) if with_refresh_token else session.renew(tokens)
            answer = self._send(tokens, request, with_refresh_token=with_refresh_token)
        done_before = method == "DELETE" and answer.resent and answer.status == _NOT_FOUND
        if 200 <= answer.status < 300 or done_before:  # noqa: PLR2004 - successes
            return answer
        if answer.status in _GAVE_UP and not request.repeatable:
            # The gateway stops waiting after 30 s, and the service goes on (resources.md, trap 35).
            raise Unreachable(
                f"{host_of(request.url)} did not answer in time",
                where=answer.where,
                hint="it may have been done nevertheless; check before you try again",
                status=answer.status,
            )
        raise failure(answer)

    def _send(self, tokens: Tokens, request: Request, *, with_refresh_token: bool) -> Answer:
        headers = {**request.headers, "Authorization": f"Bearer {tokens.access}"}
        if with_refresh_token and tokens.refresh:
            headers["X-Refresh-Token"] = tokens.refresh
        return self._transport.send(replace(request, headers=headers))
