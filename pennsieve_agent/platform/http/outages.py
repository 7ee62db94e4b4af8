"""When there is no answer: what the network reports, as a trouble to retry or an error to show."""

from __future__ import annotations

import ssl

from pennsieve_agent.domain.loopback import is_loopback
from pennsieve_agent.errors import PlatformError, Unreachable
from pennsieve_agent.platform.http.exchange import Request, host_of, without_password
from pennsieve_agent.platform.http.network import (
    AddressError,
    ConnectFailedError,
    PackingError,
    ProxyRefusedError,
)
from pennsieve_agent.platform.http.retries import Trouble
from pennsieve_agent.platform.http.timed_reading import OverdueError


def trouble_behind(error: Exception, request: Request) -> Trouble:
    """What an exception of the network means.

    Raises:
        PlatformError: trying again cannot help.

    """
    host = host_of(request.url)
    if isinstance(error, PackingError):
        raise PlatformError(
            f"{host} answered something that cannot be unpacked",
            where=request.where,
            hint="try again; if it stays, look for a proxy between this machine and Pennsieve",
        ) from None
    if isinstance(error, OverdueError):
        raise PlatformError(
            f"the answer of {host} has no end", where=request.where, hint="try again later"
        ) from None
    if isinstance(error, ProxyRefusedError):
        raise Unreachable(
            f"the proxy on the way to {host} refused",
            where=request.where,
            hint="check HTTPS_PROXY and NO_PROXY in the environment",
        ) from None
    if isinstance(error, ConnectFailedError):
        if _is_about_certificates(error):
            from pennsieve_agent.transfer.network import untrusted  # noqa: PLC0415 - loaded late

            raise Unreachable(
                f"no secure connection to {host}: its certificate is not trusted",
                where=request.where,
                hint=untrusted(),
            ) from None
        return Trouble.NO_CONNECTION
    if isinstance(error, TimeoutError):
        return Trouble.NO_ANSWER
    if not isinstance(error, AddressError):
        return Trouble.BROKEN_OFF
    raise Unreachable(
        f"'{without_password(request.url)}' is not a usable address",
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
    Trouble.FAILED: "{host} failed",
    Trouble.SLOW_DOWN: "{host} asked to slow down",
}


def unreachable(trouble: Trouble, request: Request) -> Unreachable:
    """The error for a trouble that no repeat has ended."""
    if is_loopback(request.url):
        hint = "is the sandbox running? type: pennsieve sandbox status"
    else:
        hint = "check the network connection and the hosts of the profile"
    sentence = _SENTENCES[trouble].format(host=host_of(request.url))
    return Unreachable(sentence, where=request.where, hint=hint)
