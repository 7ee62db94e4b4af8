"""One HTTP client: time limits, retries, and answers as plain values.

It knows nothing of Pennsieve: no tokens, no JSON. Statuses other than "busy" and "slow down" are
answers, not errors; what they mean is decided in :mod:`pennsieve_agent.platform.failures`.
"""

from __future__ import annotations

import random
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

import httpx

from pennsieve_agent import __version__
from pennsieve_agent.domain.identity import Hosts
from pennsieve_agent.errors import PlatformError, Unreachable
from pennsieve_agent.platform.retries import (
    LOOPBACK_PATIENCE_SECONDS,
    PATIENCE_SECONDS,
    Trouble,
    retry_after,
    wait_before_repeat,
)

TIMEOUT = httpx.Timeout(60.0, connect=10.0)
LONGEST_ANSWER_SECONDS = 180.0
LARGEST_ANSWER_BYTES = 256 * 1024 * 1024
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_BUSY = {502, 503, 504}
_TOO_MANY_REQUESTS = 429


def pause(seconds: float) -> None:
    """Wait for real; Ctrl+C ends it."""
    threading.Event().wait(seconds)


def silent(_sentence: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. ``repeatable`` says that sending it twice does no harm."""

    method: str
    url: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)
    repeatable: bool = False

    @property
    def where(self) -> str:
        """The call in words, for error messages; without the query."""
        return f"{self.method} {_without_password(self.url)}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``resent`` says that an earlier try may have been carried out already."""

    where: str
    status: int
    body: bytes = field(default=b"", repr=False)
    retry_after: float | None = None
    resent: bool = False


def host_of(url: str) -> str:
    """The host and port of an address, without user names and passwords in it."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or url
    except ValueError:
        return url


def is_loopback(url: str) -> bool:
    """Whether an address is this machine."""
    try:
        return urlsplit(url).hostname in _LOOPBACK
    except ValueError:
        return False


class Transport:
    """One client for all hosts of a profile; connections stay open between calls."""

    def __init__(
        self,
        hosts: Hosts,
        *,
        transport: httpx.BaseTransport | None,
        now: Callable[[], float],
        sleep: Callable[[float], None],
        note: Callable[[str], None] = silent,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._addresses = [hosts.api, hosts.api2, hosts.cognito or "https://"]
        self._transport = transport
        self._now, self._sleep, self._note, self._jitter = now, sleep, note, jitter
        self._answered: set[str] = set()

    def close(self) -> None:
        """Close the connections; does nothing when none was opened."""
        if client := self.__dict__.get("_client"):
            client.close()

    @cached_property
    def _client(self) -> httpx.Client:
        if all(address.startswith("http://") for address in self._addresses):
            # Loading the list of certificate authorities takes 20 ms and nobody will be asked for a
            # certificate. This context trusts none: an https address met after all is refused.
            verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        else:
            verify = httpx.create_ssl_context()
        return httpx.Client(
            headers={"User-Agent": f"pennsieve-agent/{__version__}", "Accept": "application/json"},
            timeout=TIMEOUT,
            transport=self._transport,
            verify=verify,
            # A proxy of the environment must not be asked for this machine's own ports.
            trust_env=not all(is_loopback(address) for address in self._addresses),
            follow_redirects=False,
        )

    def send(self, request: Request) -> Answer:
        """Send a request, again when that is safe and useful.

        Raises:
            Unreachable: no answer, or none that ended.
            PlatformError: an answer that cannot be read at all.

        """
        host, began, repeats, resent = host_of(request.url), self._now(), 0, False
        while True:
            outcome = self._try(request)
            trouble = outcome if isinstance(outcome, Trouble) else _trouble_of(outcome.status)
            if isinstance(outcome, Answer):
                self._answered.add(host)
            wait = None
            if trouble is not None and request.repeatable:
                wait = wait_before_repeat(
                    trouble,
                    repeats,
                    elapsed=self._now() - began,
                    patience=self._patience(request.url, host),
                    asked=outcome.retry_after if isinstance(outcome, Answer) else None,
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
            with self._client.stream(
                request.method, url, headers=dict(request.headers), content=request.content
            ) as response:
                return Answer(
                    where=request.where,
                    status=response.status_code,
                    body=self._read(response, request),
                    retry_after=retry_after(response.headers.get("Retry-After"), self._now()),
                )
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            return _trouble(error, request)

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


def _trouble_of(status: int) -> Trouble | None:
    if status == _TOO_MANY_REQUESTS:
        return Trouble.SLOW_DOWN
    return Trouble.BUSY if status in _BUSY else None


def _settled(outcome: Answer | Trouble, request: Request, *, resent: bool) -> Answer:
    if isinstance(outcome, Trouble):
        raise _unreachable(outcome, request)
    return Answer(outcome.where, outcome.status, outcome.body, outcome.retry_after, resent)


def _trouble(error: Exception, request: Request) -> Trouble:
    host = host_of(request.url)
    if isinstance(error, httpx.DecodingError):
        raise PlatformError(
            f"{host} answered something that cannot be unpacked",
            where=request.where,
            hint="try again; if it stays, look for a proxy between this machine and Pennsieve",
        ) from None
    if isinstance(error, httpx.ProxyError):
        raise Unreachable(
            f"the proxy on the way to {host} refused",
            where=request.where,
            hint="check HTTPS_PROXY and NO_PROXY in the environment",
        ) from None
    if isinstance(error, httpx.TimeoutException):
        connecting = isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout)
        return Trouble.NO_CONNECTION if connecting else Trouble.NO_ANSWER
    if isinstance(error, httpx.ConnectError):
        if _is_about_certificates(error):
            raise Unreachable(
                f"no secure connection to {host}: its certificate is not trusted",
                where=request.where,
                hint="if your network inspects traffic, set SSL_CERT_FILE to its certificate file",
            ) from None
        return Trouble.NO_CONNECTION
    if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
        return Trouble.BROKEN_OFF
    raise Unreachable(
        f"'{_without_password(request.url)}' is not a usable address",
        where=request.where,
        hint="check the hosts of the profile; they begin with https://",
    ) from None


def _is_about_certificates(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


_SENTENCES = {
    Trouble.NO_CONNECTION: "cannot reach {host}",
    Trouble.NO_ANSWER: "{host} did not answer in time",
    Trouble.BROKEN_OFF: "{host} broke off in the middle of its answer",
    Trouble.BUSY: "{host} is busy",
    Trouble.SLOW_DOWN: "{host} asked to slow down",
}


def _unreachable(trouble: Trouble, request: Request) -> Unreachable:
    if is_loopback(request.url):
        hint = "is the sandbox running? type: pennsieve sandbox status"
    else:
        hint = "check the network connection and the hosts of the profile"
    sentence = _SENTENCES[trouble].format(host=host_of(request.url))
    return Unreachable(sentence, where=request.where, hint=hint)


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"
