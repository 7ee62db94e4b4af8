"""What goes to a server and what comes back, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


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
        return f"{self.method} {without_password(self.url)}"


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


def without_password(url: str) -> str:
    """An address without a user name and password in it."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"
