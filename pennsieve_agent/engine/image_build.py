"""Building an image from a repository, with the engine's log as it comes."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pennsieve_agent.engine.backend import Log
from pennsieve_agent.engine.docker_daemon import engine_errors
from pennsieve_agent.engine.dockerfile_text import Instruction, instructions
from pennsieve_agent.errors import EngineError, SourceError

PLATFORM = "linux/amd64"
"""What AWS Batch on Fargate runs here (AWS Batch, "runtimePlatform")."""
_BUILT = re.compile(r"Successfully built ([0-9a-f]+)|^(?:sha256:)?([0-9a-f]{64})$")
_STEP = re.compile(r"Step (\d+)/\d+ : (\w+)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_BUILD_SECONDS = 3600
_SHORT = 12
_SHOWN = 80
"""Characters of a line of a Dockerfile in a sentence."""


@dataclass(frozen=True, slots=True)
class Build:
    """What is built: a folder with a Dockerfile, and a short ``name`` for people.

    The engine ends the build when ``stop`` is set.
    """

    checkout: Path
    name: str
    labels: Mapping[str, str]
    stop: threading.Event = field(default_factory=threading.Event)


def build_image(client: Any, build: Build, log: Log) -> str:
    """Build a repository's Dockerfile and tag it ``pennsieve/<name>:<start of its id>``.

    It is built for :data:`PLATFORM`. Base images that are on this machine are used as they are;
    others the engine fetches. Answers the image's id.

    Raises:
        SourceError: there is no Dockerfile, its build failed or was stopped, or the image is for
            other machines; the log says why.
        EngineError: the engine itself failed.

    """
    if not (build.checkout / "Dockerfile").is_file():
        raise SourceError(
            "the repository has no Dockerfile",
            where=build.name,
            hint="write one for your script: pennsieve workflow init",
        )
    with engine_errors("the container engine could not build the image"), _held(client, build):
        image_id = _follow(_events(client, build), build, log)
        image = client.images.get(image_id)
        _check_platform(image, build)
        short = str(image.id).removeprefix("sha256:")[:_SHORT]
        image.tag(f"pennsieve/{build.name}", tag=short)
        return str(image.id)


@contextlib.contextmanager
def _held(client: Any, build: Build) -> Iterator[None]:
    """The time of a build; the engine ends it when its request is given up."""
    answers: list[Any] = []
    done, built = threading.Event(), threading.Event()

    def note(answer: Any, **_: Any) -> None:
        answers.append(answer)

    def hang_up() -> None:
        while not build.stop.wait(_POLL_SECONDS) and not done.is_set():
            pass
        for answer in () if built.is_set() else answers:
            # Closing alone does not wake a thread that reads; docker-py has no other way to it.
            with contextlib.suppress(Exception):  # it has ended
                stream = client.api._get_raw_response_socket(answer)  # noqa: SLF001
                getattr(stream, "_sock", stream).shutdown(socket.SHUT_RDWR)

    thread = threading.Thread(target=hang_up, name="build", daemon=True)
    hooks = client.api.hooks["response"]
    hooks.append(note)
    thread.start()
    try:
        yield
        built.set()
    except Exception:
        if build.stop.is_set():
            raise SourceError(
                "building the image took too long, and was stopped",
                where=f"Dockerfile of {build.name}",
                hint="the last lines of its log say what it was doing; or give it more --timeout",
            ) from None
        raise
    finally:
        hooks.remove(note)
        done.set()
        thread.join()
        for answer in () if built.is_set() else answers:
            answer.close()


_POLL_SECONDS = 0.1


def _follow(events: Iterator[dict[str, Any]], build: Build, log: Log) -> str:
    """Follow a build to its end; the engine's id of the image."""
    image_id, step = "", 0
    for event in events:
        for line in _lines(event):
            log(line)
        if "error" in event:
            place = _failed_line(build.checkout, step)
            raise SourceError(
                f"the image could not be built: {place}{_line(str(event['error']))}",
                where=f"Dockerfile of {build.name}",
                hint="the lines before it are in the log; try: docker build .",
            )
        if match := _STEP.match(str(event.get("stream", ""))):
            step = int(match[1])
        image_id = _image(event) or image_id
    if not image_id:
        raise EngineError("the container engine did not say what it built", where=build.name)
    return image_id


def _failed_line(checkout: Path, step: int) -> str:
    """The line of the Dockerfile that is the engine's step of that number; "" if none was begun."""
    text = (checkout / "Dockerfile").read_text(encoding="utf-8", errors="replace")
    rows: list[Instruction] = []
    with contextlib.suppress(SourceError):  # the engine's own words say what is wrong
        rows.extend(instructions(text))
    if not 0 < step <= len(rows):
        return ""
    row = rows[step - 1]
    shown = f"{row.name} {row.rest}"
    shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"
    return f"line {row.line} of the Dockerfile, {shown}: "


def _check_platform(image: Any, build: Build) -> None:
    """Refuse an image that no node can run, whatever its ``FROM`` says.

    Raises:
        SourceError: it is for other machines.

    """
    system, machine = str(image.attrs.get("Os") or ""), str(image.attrs.get("Architecture") or "")
    if f"{system}/{machine}" != PLATFORM:
        raise SourceError(
            f"the image is for machines of the kind {system}/{machine}, and nodes are {PLATFORM}",
            where=f"Dockerfile of {build.name}",
            hint=f"take --platform out of its FROM lines, or build it from an image for {PLATFORM}",
        )


def _events(client: Any, build: Build) -> Iterator[dict[str, Any]]:
    import docker.errors  # noqa: PLC0415 - see daemon.connect

    try:
        yield from client.api.build(
            path=str(build.checkout),
            labels=dict(build.labels),
            platform=PLATFORM,
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
