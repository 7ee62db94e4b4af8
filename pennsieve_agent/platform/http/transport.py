"""One network for all hosts: time limits, retries, and answers as plain values.

It knows nothing of Pennsieve: no tokens, no JSON. Statuses other than "busy", "failed" and "slow
down" are answers, not errors; :mod:`pennsieve_agent.platform.http.failures` says what they mean.
"""

from __future__ import annotations

import random
import ssl
import threading
from collections.abc import Callable
from dataclasses import replace
from http.client import HTTPException

from pennsieve_agent import __version__
from pennsieve_agent.domain.backoff import read_retry_after
from pennsieve_agent.domain.loopback import is_loopback
from pennsieve_agent.domain.profile import Hosts
from pennsieve_agent.platform.http.exchange import Answer, Request, host_of
from pennsieve_agent.platform.http.network import (
    AddressError,
    HttpNetwork,
    Network,
    PackingError,
)
from pennsieve_agent.platform.http.network_settings import NetworkSettings
from pennsieve_agent.platform.http.outages import trouble_behind, unreachable
from pennsieve_agent.platform.http.retries import (
    LOOPBACK_PATIENCE_SECONDS,
    PATIENCE_SECONDS,
    Trouble,
    wait_before_repeat,
)
from pennsieve_agent.platform.http.timed_reading import OverdueError

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
_BUSY = {502, 503, 504}
_TOO_MANY_REQUESTS, _FAILED = 429, 500
_HEADERS = {
    "User-Agent": f"pennsieve-agent/{__version__}",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
}


def pause(seconds: float) -> None:
    """Wait for real; Ctrl+C ends it."""
    threading.Event().wait(seconds)


def silent(_sentence: str) -> None:
    """Tell nobody."""


def trusted() -> ssl.SSLContext:
    """What certificates are checked against: those that Mozilla trusts, on any system."""
    return settings_of(Hosts()).certificates()


class Transport:
    """Sends requests to the hosts of a profile; connections stay open between calls."""

    def __init__(  # noqa: PLR0913 - what a client depends on, each injected by tests
        self,
        hosts: Hosts,
        *,
        network: Network | None = None,
        now: Callable[[], float],
        sleep: Callable[[float], None],
        note: Callable[[str], None] = silent,
        jitter: Callable[[], float] = random.random,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._network = network or HttpNetwork(settings_of(hosts), CONNECT_SECONDS, read_seconds)
        self._now, self._sleep, self._note, self._jitter = now, sleep, note, jitter
        self._answered: set[str] = set()

    def close(self) -> None:
        """Close the connections; does nothing when none was opened."""
        self._network.close()

    def send(self, request: Request) -> Answer:
        """Send a request, again when that is safe and useful.

        Raises:
            Unreachable: no answer, or none that ended.
            PlatformError: an answer that cannot be read, or that has no end.

        """
        host, began, repeats, resent = host_of(request.url), self._now(), 0, False
        while True:
            outcome = self._try(request)
            trouble = outcome if isinstance(outcome, Trouble) else _trouble_of(outcome, request)
            if outcome is not Trouble.NO_CONNECTION:
                # Somebody listens there, even when the answer was cut: a server that restarts.
                self._answered.add(host)
            wait = None
            if trouble is not None and request.repeatable:
                wait = wait_before_repeat(
                    trouble,
                    repeats,
                    elapsed=self._now() - began,
                    patience=self._patience(request.url, host),
                    retry_after=outcome.retry_after if isinstance(outcome, Answer) else None,
                    jitter=self._jitter(),
                )
            if wait is None:
                return _settled(outcome, request, resent=resent)
            assert trouble is not None  # noqa: S101 - a wait exists only for a trouble
            self._note(f"{host} {trouble.value}; trying again in {wait:.2g} s")
            self._sleep(wait)
            repeats += 1
            resent = resent or trouble is not Trouble.NO_CONNECTION

    def _patience(self, url: str, host: str) -> float:
        if host not in self._answered and is_loopback(url):
            return LOOPBACK_PATIENCE_SECONDS
        return PATIENCE_SECONDS

    def _try(self, request: Request) -> Answer | Trouble:
        url = f"{request.url}?{request.query}" if request.query else request.url
        headers = {**_HEADERS, **request.headers}
        try:
            with self._network.send(request.method, url, headers, request.content) as reply:
                return Answer(
                    where=request.where,
                    status=reply.status,
                    body=b"".join(reply.chunks),
                    retry_after=read_retry_after(reply.headers.get("retry-after"), self._now()),
                    etag=reply.headers.get("etag", ""),
                )
        except (OSError, HTTPException, PackingError, OverdueError, AddressError) as error:
            return trouble_behind(error, request)


def settings_of(hosts: Hosts) -> NetworkSettings:
    """How the hosts of a profile are reached."""
    addresses = [hosts.api, hosts.api2, hosts.cognito or "https://"]
    return NetworkSettings(
        # A proxy of the environment must not be asked for this machine's own ports.
        loopback=all(is_loopback(address) for address in addresses),
        trusting=not all(address.startswith("http://") for address in addresses),
    )


def _trouble_of(answer: Answer, request: Request) -> Trouble | None:
    if answer.status == _TOO_MANY_REQUESTS or request.slow_down(answer.status, answer.body):
        return Trouble.SLOW_DOWN
    if answer.status == _FAILED:
        return Trouble.FAILED
    return Trouble.BUSY if answer.status in _BUSY else None


def _settled(outcome: Answer | Trouble, request: Request, *, resent: bool) -> Answer:
    if isinstance(outcome, Trouble):
        raise unreachable(outcome, request)
    return replace(outcome, resent=resent)
