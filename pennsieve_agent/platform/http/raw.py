"""One request and its answer, as they are: no token, no retry, no judgement.

The contract suite asks with it: what it wants to know is what a server really says, which the
client's own transport would soften.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Self

from pennsieve_agent.domain.loopback import is_loopback
from pennsieve_agent.errors import Unreachable
from pennsieve_agent.platform.http.exchange import host_of
from pennsieve_agent.platform.http.network import AddressError, HttpNetwork, Network, PackingError
from pennsieve_agent.platform.http.network_settings import NetworkSettings
from pennsieve_agent.platform.http.timed_reading import OverdueError

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

    def __init__(self, *, network: Network | None = None) -> None:
        self._network = network
        self._networks: dict[bool, Network] = {}

    def __enter__(self) -> Self:
        """Answer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        for network in (self._network, *self._networks.values()):
            if network is not None:
                network.close()

    def send(self, request: RawRequest) -> RawAnswer:
        """Send a request once; redirects are answers.

        Raises:
            Unreachable: no answer.

        """
        try:
            with self._reaching(request.url).send(
                request.method, request.url, request.headers, request.content
            ) as reply:
                return RawAnswer(reply.status, reply.headers, b"".join(reply.chunks))
        except (OSError, HTTPException, PackingError, OverdueError, AddressError) as error:
            raise Unreachable(
                f"no answer from {host_of(request.url)} ({type(error).__name__})",
                where=request.url.partition("?")[0],
                hint="check the address and the network",
            ) from None

    def _reaching(self, url: str) -> Network:
        if self._network is not None:
            return self._network
        # A proxy of the environment must not be asked for this machine's own ports.
        local = is_loopback(url)
        if local not in self._networks:
            settings = NetworkSettings(loopback=local, trusting=not local)
            self._networks[local] = HttpNetwork(settings, TIMEOUT_SECONDS, TIMEOUT_SECONDS)
        return self._networks[local]
