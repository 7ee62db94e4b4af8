"""How a profile's hosts are reached: the environment's proxies and certificates, loaded late.

They are those that :mod:`pennsieve_agent.transfer.network` reads; where the environment names no
certificates, those of ``certifi`` count.
"""

from __future__ import annotations

import ssl
from threading import Lock
from typing import TYPE_CHECKING

from pennsieve_agent.errors import AgentError, Unreachable

if TYPE_CHECKING:
    from pennsieve_agent.transfer.network import Network, Proxy


class NetworkSettings:
    """How this machine reaches others; for hosts of its own alone with ``loopback``.

    Then no proxy is asked, and with ``trusting`` off no certificate is trusted: loading the list of
    certificate authorities takes 20 ms, and nobody is asked for one. An https address that is met
    after all is refused.
    """

    def __init__(self, *, loopback: bool, trusting: bool) -> None:
        self._loopback, self._trusting = loopback, trusting
        self._lock = Lock()
        self._context: ssl.SSLContext | None = None
        self._network: Network | None = None

    def proxy(self, scheme: str, host: str) -> Proxy | None:
        """The proxy on the way to a host.

        Raises:
            Unreachable: the environment names one that cannot be used.

        """
        if self._loopback:
            return None
        try:
            return self._environment().proxy(scheme, host)
        except AgentError as error:
            raise _unusable(error) from None

    def certificates(self) -> ssl.SSLContext:
        """Whose certificates are trusted.

        Raises:
            Unreachable: the environment names a file that cannot be read.

        """
        with self._lock:
            if self._context is None:
                self._context = self._trusted()
            return self._context

    def _trusted(self) -> ssl.SSLContext:
        if not self._trusting:
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context = self._environment().trust()
        except AgentError as error:
            raise _unusable(error) from None
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _environment(self) -> Network:
        if self._network is None:
            from pennsieve_agent.transfer.network import network  # noqa: PLC0415 - a sandbox needs none

            self._network = network(trust=_certifi)
        return self._network


def _certifi() -> ssl.SSLContext:
    import certifi  # noqa: PLC0415 - a sandbox needs none

    return ssl.create_default_context(cafile=certifi.where())


def _unusable(error: AgentError) -> Unreachable:
    """The error that names the setting of the environment that cannot be used."""
    return Unreachable(error.message, where=error.where, hint=error.hint)
