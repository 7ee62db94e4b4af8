"""What goes to a server and what comes back, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


def never(_status: int, _body: bytes) -> bool:
    """No answer but 429 asks to wait."""
    return False


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. ``repeatable`` says that sending it twice does no harm.

    ``slow_down`` tells from a status and a body that the server asks to wait, where it does not
    say so by 429.
    """

    method: str
    url: str
    query: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)
    repeatable: bool = False
    slow_down: Callable[[int, bytes], bool] = field(default=never, repr=False)

    @property
    def where(self) -> str:
        """The call in words, for error messages; without the query."""
        return f"{self.method} {without_password(self.url)}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``resent`` says that an earlier try may have been carried out already.

    ``etag`` names the state of what was read, for a later ``If-Match``; "" when there is none.
    """

    where: str
    status: int
    body: bytes = field(default=b"", repr=False)
    retry_after: float | None = None
    resent: bool = False
    etag: str = ""


def host_of(url: str) -> str:
    """The host and port of an address, without user names and passwords in it."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or url
    except ValueError:
        return url


def without_password(url: str) -> str:
    """An address without a user name and password in it."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"
