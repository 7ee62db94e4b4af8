"""Calling a function of AWS Lambda without botocore, where nothing is in the way.

To load botocore's client for one operation takes longer than the operation. What is sent is the
same (AWS Lambda API reference, "Invoke"). Only a good answer counts: refusals, busy services and
broken connections are left to botocore, which makes the call again, by its own rules.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from pennsieve_agent.aws.signing_keys import SigningKeys
from pennsieve_agent.domain.loopback import is_loopback
from pennsieve_agent.errors import AgentError
from pennsieve_agent.transfer.network import network
from pennsieve_agent.transfer.sigv4 import signed

CONNECT_SECONDS = 5
READ_SECONDS = 30
_PATH = "/2015-03-31/functions/{}/invocations"
_OK = 200


@dataclass(frozen=True, slots=True)
class Invoked:
    """What a function answered. ``error`` is empty, or the kind of its failure."""

    payload: bytes = field(repr=False)
    error: str = ""


class QuickLambda:
    """AWS Lambda of one region. ``endpoint`` is an emulated AWS, empty for AWS itself.

    Connections stay open between calls; several threads may call. ``now`` is in unix seconds.
    """

    def __init__(
        self, region: str, endpoint: str, keys: SigningKeys, now: Callable[[], float]
    ) -> None:
        self._region, self._keys, self._now = region, keys, now
        self._url = endpoint.rstrip("/") or f"https://lambda.{region}.amazonaws.com"
        self._idle: list[http.client.HTTPConnection] = []

    @property
    def fits(self) -> bool:
        """Whether this way can be taken: no proxy lies on it, and AWS's names are the usual."""
        if is_loopback(self._url):
            return True
        from urllib.request import getproxies  # noqa: PLC0415 - an emulated AWS needs none

        return not self._region.startswith("cn-") and not getproxies()

    def invoke(self, function: str, payload: bytes) -> Invoked | None:
        """Call a function and wait; None where botocore should do it, or do it again."""
        url = f"{self._url}{_PATH.format(quote(function, safe=''))}"
        digest, keys = hashlib.sha256(payload).hexdigest(), self._keys.as_words()
        headers = signed("POST", url, "lambda", self._region, keys, digest, at=self._now())
        try:
            connection = self._idle.pop()  # one step, so that two threads never take the same
        except IndexError:
            try:
                connection = self._new()
            except AgentError:  # certificates that cannot be read: botocore's way tells which
                return None
        try:
            if connection.sock is None:
                connection.connect()
            connection.sock.settimeout(READ_SECONDS)
            connection.request("POST", urlsplit(url).path, payload, headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return None
        self._idle.append(connection)
        if answer.status != _OK:
            return None
        return Invoked(body, answer.getheader("X-Amz-Function-Error") or "")

    def close(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.pop().close()

    def _new(self) -> http.client.HTTPConnection:
        parts = urlsplit(self._url)
        if parts.scheme == "http":
            return http.client.HTTPConnection(parts.netloc, timeout=CONNECT_SECONDS)
        trusted = network(os.environ, _certifi).trust()
        return http.client.HTTPSConnection(parts.netloc, timeout=CONNECT_SECONDS, context=trusted)


def _certifi() -> ssl.SSLContext:
    import certifi  # noqa: PLC0415 - an emulated AWS needs none

    return ssl.create_default_context(cafile=certifi.where())
