"""Requests to Pennsieve as a person, as a workflow's own user, or with a run's token."""

from __future__ import annotations

import json
import random
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from pennsieve_agent.domain.backoff import Backoff
from pennsieve_agent.node.node import Node

SERVICE = "workflow-service"
CALL_SECONDS = 20.0
BACKOFF = Backoff(first=2.0, repeats=2)
RUNS = "/compute/workflows/runs"
_SERVER_ERROR = 500
_BUSY = 429
_NOT_LET_IN = {401, 403}
_OK = 300


class Down(Exception):  # noqa: N818 - a state of the platform
    """The platform does not answer now; it is worth asking later."""


class Refused(Exception):  # noqa: N818 - an answer
    """The platform says no; ``status`` is HTTP's."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class PennsieveApi:
    """The platform, as one run may ask it (``contracts/workflows.md`` 5.5).

    ``bearer`` is an access token; ``token`` the run's own, of a run that Pennsieve started, which
    is tried where there is no other, or the other is refused.
    """

    node: Node
    run: str
    token: str = field(default="", repr=False)
    bearer: str = field(default="", repr=False)

    def ask(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None
    ) -> Any:
        """What the platform answers, as JSON; None for an empty answer.

        Raises:
            Refused: it says no.
            Down: it does not answer, three times.

        """
        said = "no answer"
        for wait in BACKOFF.waits(random.random):
            status, text = self.send(method, path, query, body)
            if status and status < _SERVER_ERROR and status != _BUSY:
                if status >= _OK:
                    raise Refused(status, _message(text) or f"HTTP {status}")
                return _json(text)
            said = _message(text) or f"HTTP {status}"
            if wait is not None:
                self.node.sleep(wait)
        raise Down(said)

    def send(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None
    ) -> tuple[int, str]:
        """One try: HTTP's status and the answer's text; 0 and why, when there is none."""
        credentials = [f"Bearer {self.bearer}"] if self.bearer else []
        if self.token:
            credentials.append(f"Callback {SERVICE}:{self.run}:{self.token}")
        status, text = 0, "there is no token for it"
        for credential in credentials:
            status, text = self._send(credential, method, path, query, body)
            # A session may have ended or lost its rights; the run's own token may still do.
            if status not in _NOT_LET_IN:
                break
        return status, text

    def _send(
        self, credential: str, method: str, path: str, query: Mapping[str, str] | None, body: Any
    ) -> tuple[int, str]:
        words = f"?{urlencode(query)}" if query else ""
        url = f"{self.node.settings.api2}{quote(path)}{words}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, method=method)  # noqa: S310 - Pennsieve's
        request.add_header("Authorization", credential)
        request.add_header("Content-Type", "application/json")
        try:
            with self.node.open_url(request, CALL_SECONDS) as answer:
                return int(answer.status), answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode("utf-8", "replace")
        except (OSError, ValueError) as error:
            return 0, str(getattr(error, "reason", error))


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def _message(text: str) -> str:
    """What a refusal says: JSON's ``message`` or ``error``, else the text itself."""
    body = _json(text)
    if isinstance(body, dict):
        return str(body.get("message") or body.get("Message") or body.get("error") or "")
    return text[:300]
