"""The way to storage: which proxy is asked, and whose certificates are trusted.

Both as the environment says, in the words that other programs read, too: ``HTTPS_PROXY``,
``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``; ``AWS_CA_BUNDLE``, ``REQUESTS_CA_BUNDLE``,
``SSL_CERT_FILE`` and ``SSL_CERT_DIR``, of which the first that is set counts.
"""

from __future__ import annotations

import base64
import os
import ssl
import sys
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pennsieve_agent.domain.loopback import LOOPBACK
from pennsieve_agent.errors import PlatformError

BUNDLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
FOLDER = "SSL_CERT_DIR"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, and the header that signs in there, if it wants one."""

    host: str
    port: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Network:
    """``proxies`` are addresses by scheme, with the hosts that need none under ``no``.

    ``trust`` makes what certificates are checked against; it is asked when first needed.
    """

    proxies: Mapping[str, str]
    trust: Callable[[], ssl.SSLContext] = field(default=ssl.create_default_context)

    def proxy(self, scheme: str, host: str) -> Proxy | None:
        """The proxy on the way to a host; None where there is none.

        This machine itself is never asked for by way of a proxy.

        Raises:
            PlatformError: the address of the proxy is none.

        """
        known = dict(self.proxies)
        address = known.get(scheme) or known.get("all")
        bypass = urllib.request.proxy_bypass_environment  # type: ignore[attr-defined]
        if not address or host in LOOPBACK or bypass(host, known):
            return None
        return _proxy(address)


def network(
    environ: Mapping[str, str] = os.environ,
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context,
) -> Network:
    """The way that an environment describes; ``trust`` counts where it names no certificates."""
    words = {name.lower(): value for name, value in environ.items() if value}
    proxies = {
        scheme: words[f"{scheme}_proxy"]
        for scheme in ("http", "https", "all", "no")
        if f"{scheme}_proxy" in words
    }
    if not proxies and sys.platform in {"darwin", "win32"}:  # those of the system's settings
        proxies = urllib.request.getproxies()
    bundle = next((environ[name] for name in BUNDLES if environ.get(name)), None)
    folder = environ.get(FOLDER) or None
    if bundle or folder:
        return Network(proxies, lambda: trusted_certificates(bundle, folder))
    return Network(proxies, trust)


def untrusted(environ: Mapping[str, str] = os.environ) -> str:
    """What to do where a certificate is not trusted: the setting that counts, for all sides."""
    name = next((name for name in BUNDLES if environ.get(name)), BUNDLES[-1])
    return f"if your network inspects traffic, set {name} to its certificate file"


def trusted_certificates(bundle: str | None, folder: str | None) -> ssl.SSLContext:
    """What trusts the certificates of a file or of a folder.

    Raises:
        PlatformError: they cannot be read.
    """
    if bundle and Path(bundle).is_dir():
        bundle, folder = None, bundle
    try:
        return ssl.create_default_context(cafile=bundle, capath=None if bundle else folder)
    except (OSError, ssl.SSLError) as error:
        raise PlatformError(
            f"the certificates in '{bundle or folder}' cannot be read",
            where=", ".join((*BUNDLES, FOLDER)),
            hint="set them to a file of certificates in PEM format, or unset them",
        ) from error


def _proxy(address: str) -> Proxy:
    hint = "check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY in the environment"
    shown = address.rpartition("@")[2]
    refused = PlatformError(f"'{shown}' cannot be used: a proxy's address is http://...", hint=hint)
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        raise refused from None
    if not host or parts.scheme != "http":
        raise refused
    if parts.username is None:
        return Proxy(host, port)
    word = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return Proxy(
        host, port, {"Proxy-Authorization": f"Basic {base64.b64encode(word).decode('ascii')}"}
    )
