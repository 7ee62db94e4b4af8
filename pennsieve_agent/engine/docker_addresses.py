"""Where a container engine may listen on this machine, and what it is called.

``DOCKER_HOST``, ``DOCKER_CONTEXT`` and the current context mean what they mean to the Docker CLI
("docker context"). Where none of them says it, the sockets of the known engines are tried.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pennsieve_agent.errors import UsageProblem

HOST, CONTEXT, CONFIG = "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG"
SOCKET_SCHEMES = {"unix", "http+unix"}
TCP_SCHEMES = {"tcp", "http", "https"}
_REMOTE_SCHEMES = {"ssh"}
_DEFAULT = "default"
_OF_CONTEXTS = {
    "colima": "Colima",
    "desktop-linux": "Docker Desktop",
    "orbstack": "OrbStack",
    "rancher-desktop": "Rancher Desktop",
    "podman": "Podman",
}
"""The engines that make a context of their own, by its name."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where an engine may be. ``source`` says who named the place; empty for a usual one."""

    url: str
    engine: str = "Docker"
    source: str = ""

    @property
    def text(self) -> str:
        """Which engine this is, for people."""
        return f"{self.engine} at {self.url}{f' ({self.source})' if self.source else ''}"


def addresses(environ: Mapping[str, str], home: Path) -> list[Address]:
    """The places to try, in their order; one alone where a variable names it.

    Raises:
        UsageProblem: a variable names none.

    """
    if host := environ.get(HOST):
        return [Address(_checked(host), _engine_at(host), HOST)]
    if name := environ.get(CONTEXT):
        return _default(environ, home) if name == _DEFAULT else [_of_variable(name, environ, home)]
    current = _read(_config_folder(environ, home) / "config.json").get("currentContext")
    chosen = _of_context(current, environ, home) if isinstance(current, str) else None
    usual = [a for a in _default(environ, home) if chosen is None or a.url != chosen.url]
    return [chosen, *usual] if chosen else usual


def _default(environ: Mapping[str, str], home: Path) -> list[Address]:
    """The usual sockets that are there."""
    there = (Address(f"unix://{path}", name) for path, name in _sockets(environ, home) if _is(path))
    return list(dict.fromkeys(there))


def _sockets(environ: Mapping[str, str], home: Path) -> Iterator[tuple[Path, str]]:
    yield Path("/var/run/docker.sock"), "Docker"
    yield home / ".docker" / "run" / "docker.sock", "Docker Desktop"
    yield home / ".docker" / "desktop" / "docker.sock", "Docker Desktop"
    for folder in _colima(environ, home):
        yield folder / "default" / "docker.sock", "Colima"
        yield folder / "docker.sock", "Colima"
    yield home / ".orbstack" / "run" / "docker.sock", "OrbStack"
    yield home / ".rd" / "docker.sock", "Rancher Desktop"
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime, "docker.sock"), "Docker"
        yield Path(runtime, "podman", "podman.sock"), "Podman"
    yield home / ".local/share/containers/podman/machine/podman.sock", "Podman"
    yield Path("/run/podman/podman.sock"), "Podman"


def _colima(environ: Mapping[str, str], home: Path) -> Iterator[Path]:
    if folder := environ.get("COLIMA_HOME"):
        yield Path(folder)
    yield home / ".colima"
    yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "colima"


def _of_variable(name: str, environ: Mapping[str, str], home: Path) -> Address:
    address = _of_context(name, environ, home)
    if address is None:
        raise UsageProblem(
            f"{CONTEXT}={name}: there is no Docker context '{name}'",
            where=str(_config_folder(environ, home) / "contexts"),
            hint=f"list them with: docker context ls; or unset {CONTEXT}",
        )
    return Address(address.url, address.engine, f"{CONTEXT}={name}")


def _of_context(name: str, environ: Mapping[str, str], home: Path) -> Address | None:
    """The place that a context names; without its file, that of the engine called so."""
    folder = hashlib.sha256(name.encode()).hexdigest()
    path = _config_folder(environ, home) / "contexts" / "meta" / folder / "meta.json"
    endpoint = _read(path).get("Endpoints", {})
    docker = endpoint.get("docker", {}) if isinstance(endpoint, dict) else {}
    host = docker.get("Host") if isinstance(docker, dict) else None
    engine = _OF_CONTEXTS.get(name.partition("-")[0] if "colima" in name else name, "")
    if isinstance(host, str) and host:
        return Address(host, engine or _engine_at(host), f"Docker context '{name}'")
    for usual in _default(environ, home):
        if engine and usual.engine == engine:
            return usual
    return None


def _engine_at(url: str) -> str:
    """What an engine is called whose socket is at one of the usual places."""
    folders = {".colima": "Colima", "colima": "Colima", ".orbstack": "OrbStack"}
    folders |= {".rd": "Rancher Desktop", "podman": "Podman", ".docker": "Docker Desktop"}
    parts = urlsplit(url).path.split("/")
    return next((folders[part] for part in parts if part in folders), "Docker")


def _checked(host: str) -> str:
    """``DOCKER_HOST``, when it can be an engine's address."""
    try:
        parts = urlsplit(host)
        port = parts.port
    except ValueError:
        raise _no_address(host) from None
    if parts.scheme in SOCKET_SCHEMES and parts.path:
        return host
    if parts.scheme in TCP_SCHEMES | _REMOTE_SCHEMES and parts.hostname and port != 0:
        return host
    raise _no_address(host)


def _no_address(host: str) -> UsageProblem:
    return UsageProblem(
        f"{HOST}={host} is not the address of a container engine",
        where=HOST,
        hint=f"set it to one such as unix:///var/run/docker.sock or tcp://127.0.0.1:2375, or unset "
        f"{HOST}",
    )


def _config_folder(environ: Mapping[str, str], home: Path) -> Path:
    return Path(environ.get(CONFIG) or home / ".docker")


def _read(path: Path) -> dict[str, Any]:
    """A file of the Docker CLI; what cannot be read or understood says nothing."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _is(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - a folder that may not be read has none for us
