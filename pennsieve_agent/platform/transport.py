"""One HTTP client: time limits, retries, and answers as plain values.

It knows nothing of Pennsieve: no tokens, no JSON. Statuses other than "busy" and "slow down" are
answers, not errors; what they mean is decided in :mod:`pennsieve_agent.platform.failures`.
"""

from __future__ import annotations

import random
import ssl
import threading
from collections.abc import Callable
from dataclasses import replace

import httpx

from pennsieve_agent import __version__
from pennsieve_agent.domain.backoff import read_retry_after
from pennsieve_agent.domain.profile import Hosts
from pennsieve_agent.errors import PlatformError, Unreachable
from pennsieve_agent.platform.exchange import Answer, Request, host_of, is_loopback
from pennsieve_agent.platform.once import Once
from pennsieve_agent.platform.outages import trouble_behind, unreachable
from pennsieve_agent.platform.retries import (
    LOOPBACK_PATIENCE_SECONDS,
    PATIENCE_SECONDS,
    Trouble,
    wait_before_repeat,
)

TIMEOUT = httpx.Timeout(60.0, connect=10.0)
LONGEST_ANSWER_SECONDS = 180.0
LARGEST_ANSWER_BYTES = 256 * 1024 * 1024
_BUSY = {502, 503, 504}
_TOO_MANY_REQUESTS = 429


def pause(seconds: float) -> None:
    """Wait for real; Ctrl+C ends it."""
    threading.Event().wait(seconds)


def silent(_sentence: str) -> None:
    """Tell nobody."""


def trusted() -> ssl.SSLContext:
    """What certificates are checked against: those that Mozilla trusts, on any system."""
    return httpx.create_ssl_context()


class Transport:
    """One client for all hosts of a profile; connections stay open between calls."""

    def __init__(  # noqa: PLR0913 - what a client depends on, each injected by tests
        self,
        hosts: Hosts,
        *,
        transport: httpx.BaseTransport | None,
        now: Callable[[], float],
        sleep: Callable[[float], None],
        note: Callable[[str], None] = silent,
        jitter: Callable[[], float] = random.random,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        self._addresses = [hosts.api, hosts.api2, hosts.cognito or "https://"]
        self._transport = transport
        self._now, self._sleep, self._note, self._jitter = now, sleep, note, jitter
        self._timeout = timeout
        self._answered: set[str] = set()
        self._client = Once(self._connect)

    def close(self) -> None:
        """Close the connections; does nothing when none was opened."""
        if client := self._client.made():
            client.close()

    def _connect(self) -> httpx.Client:
        try:
            return httpx.Client(
                headers={
                    "User-Agent": f"pennsieve-agent/{__version__}",
                    "Accept": "application/json",
                },
                timeout=self._timeout,
                transport=self._transport,
                verify=self._certificates(),
                # A proxy of the environment must not be asked for this machine's own ports.
                trust_env=not all(is_loopback(address) for address in self._addresses),
                follow_redirects=False,
            )
        except (ValueError, OSError, ImportError, httpx.InvalidURL):
            raise Unreachable(
                "the network settings of the environment cannot be used",
                hint="check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR",
            ) from None

    def _certificates(self) -> ssl.SSLContext:
        if self._transport or all(address.startswith("http://") for address in self._addresses):
            # Loading the list of certificate authorities takes 20 ms and nobody will be asked for a
            # certificate. This context trusts none: an https address met after all is refused.
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return trusted()

    def send(self, request: Request) -> Answer:
        """Send a request, again when that is safe and useful.

        Raises:
            Unreachable: no answer, or none that ended.
            PlatformError: an answer that cannot be read at all.

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
        try:
            with self._client().stream(
                request.method, url, headers=dict(request.headers), content=request.content
            ) as response:
                return Answer(
                    where=request.where,
                    status=response.status_code,
                    body=self._read(response, request),
                    retry_after=read_retry_after(response.headers.get("Retry-After"), self._now()),
                    etag=response.headers.get("ETag", ""),
                )
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            return trouble_behind(error, request)

    def _read(self, response: httpx.Response, request: Request) -> bytes:
        began, size, chunks = self._now(), 0, []
        for chunk in response.iter_bytes():
            chunks.append(chunk)
            size += len(chunk)
            if size > LARGEST_ANSWER_BYTES or self._now() - began > LONGEST_ANSWER_SECONDS:
                raise PlatformError(
                    f"the answer of {host_of(request.url)} has no end",
                    where=request.where,
                    hint="try again later",
                    status=response.status_code,
                )
        return b"".join(chunks)


def _trouble_of(answer: Answer, request: Request) -> Trouble | None:
    if answer.status == _TOO_MANY_REQUESTS or request.slow_down(answer.status, answer.body):
        return Trouble.SLOW_DOWN
    return Trouble.BUSY if answer.status in _BUSY else None


def _settled(outcome: Answer | Trouble, request: Request, *, resent: bool) -> Answer:
    if isinstance(outcome, Trouble):
        raise unreachable(outcome, request)
    return replace(outcome, resent=resent)
