"""The network settings of the environment: proxies and certificates.

They are those that other programs read: ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY``,
``NO_PROXY`` (on macOS and Windows also the system's settings), ``SSL_CERT_FILE`` and
``SSL_CERT_DIR``.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import unquote, urlsplit

from pennsieve_agent.errors import Unreachable

_HTTP_PORT = 80


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, and the headers that let us in."""

    host: str
    port: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Surroundings:
    """How this machine reaches others; for hosts of its own alone with ``loopback``.

    Then no proxy is asked, and no certificate is trusted: loading the list of certificate
    authorities takes 20 ms, and nobody is asked for one. An https address that is met after all is
    refused.
    """

    def __init__(self, *, loopback: bool, trusting: bool) -> None:
        self._loopback, self._trusting = loopback, trusting
        self._lock = Lock()
        self._context: ssl.SSLContext | None = None
        self._proxies: Mapping[str, Proxy] | None = None

    def proxy(self, scheme: str, host: str) -> Proxy | None:
        """The proxy on the way to a host.

        Raises:
            Unreachable: the environment names one that cannot be used.

        """
        if self._loopback:
            return None
        with self._lock:
            if self._proxies is None:
                self._proxies = _proxies()
        proxy = self._proxies.get(scheme) or self._proxies.get("all")
        if proxy is None:
            return None
        from urllib.request import proxy_bypass  # noqa: PLC0415 - only where there is a proxy

        return None if proxy_bypass(host) else proxy

    def certificates(self) -> ssl.SSLContext:
        """Whose certificates are trusted.

        Raises:
            Unreachable: the environment names a file that cannot be read.

        """
        with self._lock:
            if self._context is None:
                self._context = _trusting() if self._trusting else _trusting_nobody()
            return self._context


def _trusting_nobody() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _trusting() -> ssl.SSLContext:
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not file and not folder:
        import certifi  # noqa: PLC0415 - a sandbox needs none

        file = certifi.where()
    try:
        context = ssl.create_default_context(cafile=file or None, capath=folder or None)
    except OSError:  # ssl.SSLError is one, too
        raise unusable() from None
    context.set_alpn_protocols(["http/1.1"])
    return context


def _proxies() -> Mapping[str, Proxy]:
    from urllib.request import getproxies  # noqa: PLC0415 - a sandbox needs none

    named = getproxies()
    return {name: _parsed(named[name]) for name in ("http", "https", "all") if named.get(name)}


def _parsed(address: str) -> Proxy:
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        host, port = parts.hostname, parts.port or _HTTP_PORT
    except ValueError:
        raise unusable() from None
    if parts.scheme != "http" or not host:
        raise unusable()
    headers = {}
    if parts.username is not None:
        from base64 import b64encode  # noqa: PLC0415 - few proxies ask for a name

        who = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Proxy-Authorization"] = f"Basic {b64encode(who.encode()).decode()}"
    return Proxy(host, port, headers)


def unusable() -> Unreachable:
    """The error where the environment's settings cannot be used."""
    return Unreachable(
        "the network settings of the environment cannot be used",
        hint="check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR",
    )
