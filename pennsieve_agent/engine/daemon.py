"""Finding the container engine of this machine, and putting its refusals into words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pennsieve_agent.errors import EngineError

PING_SECONDS = 2
_CALL_SECONDS = 60
_HINT = "start Docker (or set DOCKER_HOST), or run without an engine: --backend process"


def addresses(environ: Mapping[str, str], home: Path) -> list[str]:
    """Where an engine may listen: ``DOCKER_HOST`` alone, else the usual sockets that are there."""
    if host := environ.get("DOCKER_HOST"):
        return [host]
    runtime = environ.get("XDG_RUNTIME_DIR")
    sockets = [
        Path("/var/run/docker.sock"),
        home / ".docker" / "run" / "docker.sock",
        *(
            [Path(runtime, "docker.sock"), Path(runtime, "podman", "podman.sock")]
            if runtime
            else []
        ),
    ]
    return [f"unix://{socket}" for socket in sockets if socket.exists()]


def is_local(address: str) -> bool:
    """Whether an engine shares this machine's files, which bind mounts need."""
    parts = urlsplit(address)
    if parts.scheme in {"unix", "http+unix"}:
        return True
    return parts.scheme in {"tcp", "http", "https"} and parts.hostname in {
        *("localhost", "127.0.0.1", "::1"),
    }


def connect(environ: Mapping[str, str], home: Path, ping_seconds: float = PING_SECONDS) -> Any:
    """A client of the first engine that answers within ``ping_seconds``. To be closed.

    Raises:
        EngineError: none answers; the hint says what to do.

    """
    tried, why = "", "no container engine is there"
    for address in addresses(environ, home):
        if not is_local(address):
            raise EngineError(
                "a container engine on another machine cannot see the files of this one",
                where=address,
                hint="unset DOCKER_HOST, or start the node on that machine",
            )
        try:
            return _open(environ, address, ping_seconds)
        except EngineError as error:
            tried, why = address, error.message
    raise EngineError(why, where=tried or None, hint=_HINT)


def _open(environ: Mapping[str, str], address: str, ping_seconds: float) -> Any:
    import docker  # noqa: PLC0415 - takes a fifth of a second; only who runs containers pays

    options = docker.utils.kwargs_from_env(environment={**environ, "DOCKER_HOST": address})
    if "tls" in options:
        raise EngineError("a container engine behind TLS is not supported", where=address)
    with engine_errors("the container engine does not answer"):
        with contextlib.closing(docker.DockerClient(**options, timeout=ping_seconds)) as probe:
            probe.ping()
            version = probe.api.api_version
        return docker.DockerClient(**options, timeout=_CALL_SECONDS, version=version)


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
    except (docker.errors.DockerException, OSError) as error:
        if "Permission denied" in str(error):  # docker-py keeps no errno
            raise EngineError(
                "you may not use the container engine",
                hint="ask an administrator to add you to the group 'docker', then sign in again",
            ) from None
        raise EngineError(what, hint=_HINT) from None


def _said(text: str) -> str:
    return " ".join(text.split()).rstrip(".")
