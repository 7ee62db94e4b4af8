"""Finding this machine's container engine, and translating its errors."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pennsieve_agent.engine.docker_addresses import (
    SOCKET_SCHEMES,
    TCP_SCHEMES,
    Address,
    addresses,
)
from pennsieve_agent.errors import EngineError

PING_SECONDS = 2
_CALL_SECONDS = 60
_STATUS_LINE_BYTES = 256
_PORT = 2375
_HINT = "start Docker (or set DOCKER_HOST), or run without an engine: --backend process"


def is_local(address: str) -> bool:
    """Whether an engine shares this machine's files, which bind mounts need."""
    parts = urlsplit(address)
    if parts.scheme in SOCKET_SCHEMES:
        return True
    return parts.scheme in TCP_SCHEMES and parts.hostname in {
        *("localhost", "127.0.0.1", "::1"),
    }


def connect(environ: Mapping[str, str], home: Path, ping_seconds: float = PING_SECONDS) -> Any:
    """A client of the first engine that answers within ``ping_seconds``. To be closed.

    Raises:
        EngineError: none answers; the hint says what to do.
        UsageProblem: a variable names none.

    """
    return connect_and_name(environ, home, ping_seconds)[0]


def connect_and_name(
    environ: Mapping[str, str], home: Path, ping_seconds: float = PING_SECONDS
) -> tuple[Any, Address]:
    """As :func:`connect`, and which engine it is."""
    refused = EngineError("no container engine was found", hint=_HINT)
    for address in addresses(environ, home):
        try:
            return _open(environ, address.url, ping_seconds), address
        except EngineError as error:
            refused = error
    raise refused


def _open(environ: Mapping[str, str], address: str, ping_seconds: float) -> Any:
    if not is_local(address):
        raise EngineError(
            "a container engine on another machine cannot see the files of this one",
            where=address,
            hint="unset DOCKER_HOST and DOCKER_CONTEXT, or start the node on that machine",
        )
    _ping(address, ping_seconds)
    import docker  # noqa: PLC0415 - takes a fifth of a second; only who runs containers pays

    options = docker.utils.kwargs_from_env(environment={**environ, "DOCKER_HOST": address})
    if "tls" in options:
        raise EngineError("a container engine behind TLS is not supported", where=address)
    with engine_errors("the container engine does not answer"):
        return docker.DockerClient(**options, timeout=_CALL_SECONDS)


def _ping(address: str, seconds: float) -> None:
    """Ask an engine whether it is there, which costs a millisecond without docker-py."""
    try:
        with contextlib.closing(_dial(address, seconds)) as connection:
            connection.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            answer = connection.recv(_STATUS_LINE_BYTES)
    except PermissionError:
        raise EngineError(
            "you may not use the container engine",
            where=address,
            hint="ask an administrator to add you to the group 'docker', then sign in again",
        ) from None
    except OSError:
        answer = b""
    if answer.split(b" ")[1:2] != [b"200"]:
        raise EngineError("the container engine does not answer", where=address, hint=_HINT)


def _dial(address: str, seconds: float) -> socket.socket:
    parts = urlsplit(address)
    if parts.scheme in SOCKET_SCHEMES:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(seconds)
        try:
            connection.connect(parts.path)
        except OSError:
            connection.close()
            raise
        return connection
    return socket.create_connection((parts.hostname, parts.port or _PORT), seconds)


@contextlib.contextmanager
def engine_errors(what: str) -> Iterator[None]:
    """Turn whatever the engine or the way to it raises into one error.

    Raises:
        EngineError: ``what`` happened, with the engine's own words.

    """
    import docker.errors  # noqa: PLC0415 - see _open

    try:
        yield
    except docker.errors.APIError as error:
        raise EngineError(f"{what}: {_said(error.explanation or str(error))}") from None
    except (docker.errors.DockerException, OSError):
        raise EngineError(what, hint=_HINT) from None


def _said(text: str) -> str:
    return " ".join(text.split()).rstrip(".")
