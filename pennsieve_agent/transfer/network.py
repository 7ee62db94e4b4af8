"""The way to storage: which proxy is asked, and whose certificates are trusted.

Both as the environment says, in the words that other programs read, too: ``HTTPS_PROXY``,
``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``; ``AWS_CA_BUNDLE``, ``REQUESTS_CA_BUNDLE``,
``SSL_CERT_FILE`` and ``SSL_CERT_DIR``, of which the first that is set counts.
"""

from __future__ import annotations

import base64
import os
import re
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
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
"""The only names that OpenSSL looks at in a folder (its manual, "openssl-rehash")."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, and the header that signs in there, if it wants one."""

    host: str
    port: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Network:
    """``proxies`` are addresses by scheme, with the hosts that need none under ``no``.

    ``names`` are the variables that have them. ``trust`` makes what certificates are checked
    against; it is asked when first needed.
    """

    proxies: Mapping[str, str]
    trust: Callable[[], ssl.SSLContext] = field(default=ssl.create_default_context)
    names: Mapping[str, str] = field(default_factory=dict)

    def proxy(self, scheme: str, host: str) -> Proxy | None:
        """The proxy on the way to a host; None where there is none.

        This machine itself is never asked for by way of a proxy.

        Raises:
            PlatformError: the address of the proxy is none; the variable is named.

        """
        known = dict(self.proxies)
        key = scheme if known.get(scheme) else "all"
        address = known.get(key)
        bypass = urllib.request.proxy_bypass_environment  # type: ignore[attr-defined]
        if not address or host in LOOPBACK or bypass(host, known):
            return None
        return _proxy(address, self.names.get(key))


def network(
    environ: Mapping[str, str] = os.environ,
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context,
) -> Network:
    """The way that an environment describes; ``trust`` counts where it names no certificates."""
    words = {name.lower(): name for name, value in environ.items() if value}
    names = {
        scheme: words[f"{scheme}_proxy"]
        for scheme in ("http", "https", "all", "no")
        if f"{scheme}_proxy" in words
    }
    proxies = {scheme: environ[name] for scheme, name in names.items()}
    if not proxies and sys.platform in {"darwin", "win32"}:  # those of the system's settings
        proxies = urllib.request.getproxies()
    if setting := certificate_setting(environ):
        return Network(proxies, lambda: trusted_certificates(*setting), names)
    return Network(proxies, trust, names)


def certificate_setting(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The variable that says which certificates are trusted, and the path in it."""
    return next(((name, environ[name]) for name in (*BUNDLES, FOLDER) if environ.get(name)), None)


def untrusted(environ: Mapping[str, str] = os.environ) -> str:
    """What to do where a certificate is not trusted: the setting that counts, for all sides."""
    name = next((name for name in BUNDLES if environ.get(name)), BUNDLES[-1])
    return f"if your network inspects traffic, set {name} to its certificate file"


def trusted_certificates(name: str, path: str) -> ssl.SSLContext:
    """What trusts the certificates of a file or of a folder, which the setting ``name`` has.

    Raises:
        PlatformError: they cannot be read.
    """
    folders = _folders(name, path)
    if name == FOLDER and not any(Path(folder).is_dir() for folder in folders):
        raise PlatformError(
            f"{name} '{path}' is not a folder",
            where=name,
            hint="set it to a folder of certificates, or unset it",
        )
    if folders and not any(_certificates_in(folder) for folder in folders):
        raise PlatformError(
            f"{name} '{path}' is not a folder of certificates with the names that OpenSSL gives",
            where=name,
            hint=f"prepare it with: openssl rehash {folders[0]}; or unset {name}",
        )
    try:
        if folders:
            return ssl.create_default_context(capath=os.pathsep.join(folders))
        return ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        raise PlatformError(
            f"{name} '{path}' cannot be read as certificates",
            where=name,
            hint="set it to a file of certificates in PEM format, or unset it",
        ) from error


def in_one_file(name: str, path: str) -> bytes | None:
    """The certificates of a folder for a program that reads files alone; None of a file.

    What the system does not let us read is left out, as OpenSSL does.
    """
    folders = _folders(name, path)
    files = [file for folder in folders for file in _certificates_in(folder)]
    return b"\n".join(map(_content, files)) if folders else None


def _folders(name: str, path: str) -> list[str]:
    if name == FOLDER:  # several, as OpenSSL reads it
        return [folder for folder in path.split(os.pathsep) if folder]
    return [path] if Path(path).is_dir() else []


def _certificates_in(folder: str) -> list[Path]:
    try:
        return [file for file in sorted(Path(folder).iterdir()) if _HASHED.fullmatch(file.name)]
    except OSError:
        return []


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _proxy(address: str, name: str | None) -> Proxy:
    shown = address.rpartition("@")[2]
    refused = PlatformError(
        f"{name or 'the proxy'} '{shown}' cannot be used: a proxy's address is http://HOST:PORT",
        where=name or "the system's settings",
        hint="correct or unset it",
    )
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
