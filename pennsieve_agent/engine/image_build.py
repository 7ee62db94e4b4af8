"""Building an image from a repository, with the engine's log as it comes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pennsieve_agent.engine.backend import Log
from pennsieve_agent.engine.docker_daemon import engine_errors
from pennsieve_agent.errors import EngineError, SourceError

_BUILT = re.compile(r"Successfully built ([0-9a-f]+)|^(?:sha256:)?([0-9a-f]{64})$")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_BUILD_SECONDS = 3600
_SHORT = 12


def build_image(
    client: Any,
    checkout: Path,
    name: str,
    labels: Mapping[str, str],
    log: Log,
    platform: str | None = None,
) -> str:
    """Build a repository's Dockerfile and tag it ``pennsieve/<name>:<start of its id>``.

    Base images that are on this machine are used as they are; others the engine fetches.
    ``platform``, such as ``linux/amd64``, is where it will run; None is this machine. Answers the
    image's id.

    Raises:
        SourceError: there is no Dockerfile, or its build failed; the log says why.
        EngineError: the engine itself failed.

    """
    if not (checkout / "Dockerfile").is_file():
        raise SourceError(
            "the repository has no Dockerfile",
            where=name,
            hint="add one: it says how the step is built and what it runs",
        )
    with engine_errors("the container engine could not build the image"):
        image_id = _build(_events(client, checkout, labels, platform), name, log)
        image = client.images.get(image_id)
        short = str(image.id).removeprefix("sha256:")[:_SHORT]
        image.tag(f"pennsieve/{name}", tag=short)
        return str(image.id)


def _build(events: Iterator[dict[str, Any]], name: str, log: Log) -> str:
    """Follow a build to its end; the engine's id of the image."""
    image_id = ""
    for event in events:
        for line in _lines(event):
            log(line)
        if "error" in event:
            raise SourceError(
                f"the image could not be built: {_line(str(event['error']))}",
                where=f"Dockerfile of {name}",
                hint="the lines before it are in the log; try: docker build .",
            )
        image_id = _image(event) or image_id
    if not image_id:
        raise EngineError("the container engine did not say what it built", where=name)
    return image_id


def _events(
    client: Any, checkout: Path, labels: Mapping[str, str], platform: str | None
) -> Iterator[dict[str, Any]]:
    import docker.errors  # noqa: PLC0415 - see daemon.connect

    try:
        yield from client.api.build(
            path=str(checkout),
            labels=dict(labels),
            platform=platform,
            pull=False,
            rm=True,
            forcerm=True,
            decode=True,
            timeout=_BUILD_SECONDS,
        )
    except docker.errors.APIError as error:
        if not error.is_client_error():
            raise
        # The engine could not even read the Dockerfile; said as any other failure of a build.
        yield {"error": error.explanation or str(error)}


def _lines(event: Mapping[str, Any]) -> list[str]:
    """What an event says to a person; the ticking of a download's progress is left out."""
    text = str(event.get("stream", ""))
    if "status" in event and not event.get("progressDetail"):
        text = f"{event.get('id', '')} {event['status']}"
    return [line for part in text.splitlines() if (line := _line(part))]


def _line(text: str) -> str:
    return _COLOUR.sub("", text).strip()


def _image(event: Mapping[str, Any]) -> str:
    aux = event.get("aux")
    if isinstance(aux, Mapping) and "ID" in aux:
        return str(aux["ID"])
    hit = _BUILT.search(_line(str(event.get("stream", ""))))
    return (hit.group(1) or hit.group(2)) if hit else ""
