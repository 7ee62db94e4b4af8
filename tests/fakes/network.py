"""A network that is a function or an application of this process, in httpx's forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import httpx

from pennsieve_agent.platform.http.network import AddressError, ConnectFailedError, Reply


class Through:
    """Sends requests through a transport of httpx; its errors become those of a real network."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport
        self._client = httpx.Client(transport=transport, follow_redirects=False)

    def again(self) -> Through:
        """The same network for another client, which closes what it was given."""
        return Through(self._transport)

    @contextmanager
    def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> Iterator[Reply]:
        try:
            answer = self._client.request(method, url, headers=dict(headers), content=content)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise ConnectFailedError from error
        except httpx.TimeoutException as error:
            raise TimeoutError from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise AddressError(str(error)) from None
        except httpx.TransportError as error:
            raise ConnectionResetError from error
        named = {name.lower(): value for name, value in answer.headers.items()}
        yield Reply(answer.status_code, named, iter([answer.content]))

    def close(self) -> None:
        self._client.close()


def answering(handle: Callable[[httpx.Request], httpx.Response]) -> Through:
    """A network on which a function answers every request."""
    return Through(httpx.MockTransport(handle))
