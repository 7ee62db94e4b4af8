"""An emulated AWS on loopback, and sessions with it."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.server import ThreadedMotoServer
from werkzeug.serving import make_server

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.sandbox.aws.moto_speed import hurry
from pennsieve_agent.sandbox.aws.s3files.s3files_api import S3FilesFront
from pennsieve_agent.sandbox.aws.stacks import fill_gaps

NUMBER = "123456789012"

# moto leaves bucket policies out of a stack and says so; see its list of supported resources.
IGNORED = "ignore:Tried to parse AWS"


class _Server(ThreadedMotoServer):
    """moto's server, with what the sandbox answers in front of it."""

    def _server_entry(self) -> None:
        behind = DomainDispatcherApplication(create_backend_app)
        app = S3FilesFront(behind, lambda _: False)
        self._server = make_server(
            self._ip_address, self._port, app, threaded=True, request_handler=MotoRequestHandler
        )
        self._server_ready_event.set()
        self._server.serve_forever()


@contextmanager
def emulated() -> Iterator[str]:
    """A moto server; its address."""
    hurry()
    fill_gaps()
    server = _Server(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def reset(url: str) -> None:
    """Empty the emulated account."""
    request = urllib.request.Request(f"{url}/moto-api/reset", method="POST")  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
        assert answer.status == 200


def settings(folder: Path, endpoint: str | None, **changes: Any) -> AwsSettings:
    """Settings with credentials and configuration files of their own, one attempt each call."""
    credentials, config = folder / "credentials", folder / "config"
    if not credentials.exists():
        credentials.write_text(
            "[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = hidden-word\n"
        )
    if not config.exists():
        config.write_text("[default]\nmax_attempts = 1\n")
    return AwsSettings(
        **{
            "endpoint": endpoint,
            "config_file": config,
            "credentials_file": credentials,
            **changes,
        }
    )


class ScriptedAws(Aws):
    """Answers from a script instead of asking AWS. Unexpected and unused calls fail."""

    def __init__(self, *script: tuple[str, dict[str, Any] | Exception]) -> None:
        super().__init__(AwsSettings(region="us-east-1"))
        self.script = list(script)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        self.asked.append((f"{service}.{operation}", parameters))
        assert self.script, f"{operation} was not expected"
        expected, answer = self.script.pop(0)
        assert operation == expected
        if isinstance(answer, Exception):
            raise answer
        return answer

    def pages(self, service: str, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        yield self.call(service, operation, **parameters)


def reset_moto() -> None:
    """Empty the emulated account of this process, without a server."""
    moto_api_backend.reset()
