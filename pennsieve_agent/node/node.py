"""What the node's functions work with: settings, AWS, the platform's address, and a clock."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pennsieve_agent.node.aws_calls import Batch, S3Files, SignedCalls, s3files_address
from pennsieve_agent.node.node_settings import NodeSettings

OpenUrl = Callable[[urllib.request.Request, float], Any]
"""Opens a request within seconds; a context manager with ``status`` and ``read()``."""


@dataclass(slots=True)
class Node:
    """A node. ``make`` makes the client of a service, in the node's region or a given one.

    ``now`` is in unix seconds.
    """

    settings: NodeSettings
    make: Callable[..., Any]
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep  # noqa: TID251 - the function itself
    open_url: OpenUrl = lambda request, seconds: urllib.request.urlopen(request, timeout=seconds)  # noqa: S310 - Pennsieve's address
    memory: dict[str, Any] = field(default_factory=dict, repr=False)
    """What an execution environment remembers between calls; never needed, only quicker."""
    _clients: dict[tuple[str, ...], Any] = field(default_factory=dict)
    _making: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str, region: str = "") -> Any:
        """The client of a service, made once; ``region`` where it is not the node's own."""
        what = (service, region) if region not in {"", self.settings.region} else (service,)
        with self._making:
            if what not in self._clients:
                self._clients[what] = self.make(*what)
            return self._clients[what]


def node_of(session: Any, environ: Mapping[str, str]) -> Node:
    """The node of a function, with a session of boto3 and the function's variables."""
    from botocore.config import Config  # noqa: PLC0415 - slow, and not needed for a bad variable

    settings = NodeSettings.of(environ)
    common = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard"})
    # Links to objects are signed so in every region; older ones would take an older way, too.
    style = {"addressing_style": "path"} if settings.endpoint else None
    s3 = common.merge(Config(signature_version="s3v4", s3=style))
    endpoint = {"endpoint_url": settings.endpoint} if settings.endpoint else {}

    def keys() -> dict[str, str]:
        own = session.get_credentials().get_frozen_credentials()
        return {"key": own.access_key, "secret": own.secret_key, "token": own.token or ""}

    def make(service: str, region: str = settings.region) -> Any:
        if service == "s3files":
            address = settings.endpoint or s3files_address(region)
            return S3Files(SignedCalls(service, region, address, keys))
        config = s3 if service == "s3" else common
        client = session.client(service, region_name=region, config=config, **endpoint)
        if service == "batch":
            return Batch(client, SignedCalls(service, region, client.meta.endpoint_url, keys))
        return client

    return Node(settings, make)


def aws_code(error: Exception) -> str:
    """AWS's own word for a refusal of boto3's; empty for anything else."""
    response = getattr(error, "response", None)
    return (
        str(response["Error"]["Code"]) if isinstance(response, dict) and "Error" in response else ""
    )
