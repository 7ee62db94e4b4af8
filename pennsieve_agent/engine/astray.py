"""What a program wrote outside of its own folder, and what is lost with it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pennsieve_agent.domain.step_files import LAYERS_MOUNT, RUN_MOUNT
from pennsieve_agent.engine.docker_daemon import engine_errors
from pennsieve_agent.errors import EngineError

_DELETED = 2
#: What programs use while they run, or the engine makes: nobody misses it.
_OF_NO_USE = (
    *("/tmp", "/var/tmp", "/run", "/var/run", "/dev", "/proc", "/sys", "/var/cache", "/var/log"),  # noqa: S108 - nothing is written there
    *(
        "/sbin/docker-init",
        "/.dockerenv",
        "/root",
        "/home",
        "/etc",
        RUN_MOUNT,
        LAYERS_MOUNT,
        posixpath.dirname(RUN_MOUNT),
    ),
)
_NAMES_OF_NO_USE = {"__pycache__", ".cache", ".config", ".local"}


def written_astray(container: Any) -> tuple[str, ...]:
    """The files that an ended container made or changed beside its mounts; ``()`` if unknown."""
    try:
        with engine_errors("the container's files cannot be compared"):
            rows = container.diff() or []
    except EngineError:
        return ()
    return astray((row["Path"], row["Kind"]) for row in rows)


def astray(changes: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    """The files among paths with the engine's word for what became of them ("ContainerChanges").

    A folder counts as changed when something in it does, and only that is named.
    """
    paths = {path for path, kind in changes if kind != _DELETED}
    parents = {posixpath.dirname(path) for path in paths}
    return tuple(sorted(path for path in paths - parents if _is_missed(path)))


def _is_missed(path: str) -> bool:
    if _NAMES_OF_NO_USE & set(path.split("/")):
        return False
    return not any(path == folder or path.startswith(f"{folder}/") for folder in _OF_NO_USE)


def new_files(folder: Path, before: Iterable[str]) -> tuple[str, ...]:
    """The files in the copy of the code that a program made: those that were not there before."""
    known = set(before)
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return tuple(
        sorted(
            path.as_posix()
            for path in files
            if path.as_posix() not in known and not _NAMES_OF_NO_USE & set(path.parts)
        )
    )
