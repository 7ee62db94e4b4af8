"""Images between an engine and a registry: pushed under a tag, pulled by digest."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.domain.image_names import is_digest
from pennsieve_agent.engine.backend import Log
from pennsieve_agent.engine.docker_daemon import engine_errors
from pennsieve_agent.errors import EngineError


def push(client: Any, image: str, name: str, tag: str, login: str, log: Log) -> str:
    """Push an image of the engine to ``name`` under a tag; answers the digest of its manifest.

    ``login`` is what basic authentication sends, in Base64, as ECR gives it.

    Raises:
        EngineError: the engine or the registry refuses.

    """
    digest = ""
    with engine_errors("the container engine could not push the image"):
        client.api.tag(image, name, tag)
        try:
            events = client.api.push(
                name, tag, stream=True, decode=True, auth_config=_account(login)
            )
            for event in events:
                _refuse(event, "pushed", f"{name}:{tag}")
                if "status" in event and not event.get("progressDetail"):
                    log(f"{event.get('id', '')} {event['status']}".strip())
                digest = str((event.get("aux") or {}).get("Digest") or digest)
        finally:
            client.api.remove_image(f"{name}:{tag}", noprune=True)
    if not is_digest(digest):
        raise EngineError("the container engine did not say what it pushed", where=f"{name}:{tag}")
    return digest


def pull(client: Any, name: str, digest: str, login: str) -> str:
    """Pull an image by digest; answers the engine's own id of it. ``login`` may be empty.

    Raises:
        EngineError: there is none, or the engine or the registry refuses.

    """
    whole = f"{name}@{digest}"
    with engine_errors("the container engine could not pull the image"):
        for event in client.api.pull(
            name, tag=digest, stream=True, decode=True, auth_config=_account(login)
        ):
            _refuse(event, "pulled", whole)
        return str(client.images.get(whole).id)


def _account(login: str) -> dict[str, str] | None:
    """A login as docker-py takes it; None lets it use what ``docker login`` keeps."""
    if not login:
        return None
    user, _, password = base64.b64decode(login).decode().partition(":")
    return {"username": user, "password": password}


def _refuse(event: Mapping[str, Any], done: str, where: str) -> None:
    if "error" in event:
        words = " ".join(str(event["error"]).split())
        raise EngineError(f"the image could not be {done}: {words}", where=where)
