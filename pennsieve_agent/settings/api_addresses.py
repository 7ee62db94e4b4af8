"""Addresses in settings: checked before a key is ever sent to one."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from pennsieve_agent.domain.profile import API2_HOST, API_HOST, Hosts
from pennsieve_agent.errors import SettingsError

_V1, _V2 = "https://api.", "https://api2."


def address(text: str, name: str, where: str) -> str:
    """An address without a trailing slash. ``name`` says in errors which setting it is.

    Raises:
        SettingsError: it is not a plain http or https address, or http to another machine, where a
            key would travel in clear. The address itself is not quoted: it may hold a password.

    """
    url = text.strip()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _problem(name, where) from None
    plain = f"{parts.scheme}://{parts.netloc}".casefold() == url.rstrip("/").casefold()
    if parts.scheme not in {"http", "https"} or not host or not plain or "@" in parts.netloc:
        raise _problem(name, where)
    if port == 0 or any(c.isspace() or ord(c) < ord(" ") for c in text.strip()):
        raise _problem(name, where)
    if parts.scheme == "http" and not _is_loopback(host):
        raise SettingsError(
            f"{name} begins with http, so the key would be sent without encryption",
            where=where,
            hint="use an https address; http is for this machine only, e.g. http://127.0.0.1:8080",
        )
    return url.rstrip("/")


def hosts(api: str | None, api2: str | None, cognito: str | None, where: str) -> Hosts:
    """The hosts of a profile, from addresses already checked.

    A missing v2 address follows from a v1 address of Pennsieve's form: ``https://api.<domain>`` has
    ``https://api2.<domain>`` (``contracts/core.md`` section 0). From any other it cannot be told,
    and Pennsieve's own would get a token that it did not issue.

    Raises:
        SettingsError: the v2 address is missing and cannot be told.

    """
    first = api or API_HOST
    if api2 is None and first == API_HOST:
        api2 = API2_HOST
    elif api2 is None and first.startswith(_V1):
        api2 = _V2 + first.removeprefix(_V1)
    elif api2 is None:
        raise SettingsError(
            "an address of Pennsieve's first API is set, but none of its second",
            where=where,
            hint="set api2_host (or PENNSIEVE_API2_HOST) as well",
        )
    return Hosts(api=first, api2=api2, cognito=cognito)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _problem(name: str, where: str) -> SettingsError:
    return SettingsError(
        f"{name} is not an address such as https://api.pennsieve.io",
        where=where,
        hint="give only scheme and host: no path, no user name",
    )
