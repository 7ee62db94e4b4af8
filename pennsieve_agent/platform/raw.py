"""One request and its answer, as they are: no token, no retry, no judgement.

The contract suite asks with it: what it wants to know is what a server really says, which the
client's own transport would soften.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import httpx

from pennsieve_agent.errors import Unreachable
from pennsieve_agent.platform.exchange import host_of, is_loopback

TIMEOUT_SECONDS = 35.0
"""A little more than the gateway's own 30 s (``contracts/resources.md`` trap 35)."""


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request; ``url`` has its query already."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer; the names of ``headers`` are in small letters."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class RawClient:
    """Sends requests. Use it with ``with``, or call :meth:`close`."""

    def __init__(self, *, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport
        self._clients: dict[bool, httpx.Client] = {}

    def __enter__(self) -> Self:
        """Answer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()

    def send(self, request: RawRequest) -> RawAnswer:
        """Send a request once; redirects are answers.

        Raises:
            Unreachable: no answer.

        """
        try:
            answer = self._client(request.url).request(
                request.method,
                request.url,
                headers=dict(request.headers),
                content=request.content,
            )
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise Unreachable(
                f"no answer from {host_of(request.url)} ({type(error).__name__})",
                where=request.url.partition("?")[0],
                hint="check the address and the network",
            ) from None
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return RawAnswer(answer.status_code, headers, answer.content)

    def _client(self, url: str) -> httpx.Client:
        # A proxy of the environment must not be asked for this machine's own ports.
        local = is_loopback(url)
        if local not in self._clients:
            self._clients[local] = httpx.Client(
                transport=self._transport,
                timeout=TIMEOUT_SECONDS,
                trust_env=not local,
                follow_redirects=False,
            )
        return self._clients[local]
