"""Ownership of the files that a container reads and writes.

Programs in containers run as the user their image names, mostly root, and the engine gives what
they make to that user. On Linux with an engine that runs as root, a person who is not root could
then neither read nor delete their own results. So after each step whose folder has files of
another user, a second container of the same image runs ``chown`` over that folder, without a
network and with no other rights. Images without ``chown`` are rare; then the log says so.
Afterwards everybody may read the step's files, as the next step may run as any user.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pennsieve_agent.domain.step_files import RUN_MOUNT
from pennsieve_agent.engine.backend import Log, Task
from pennsieve_agent.engine.docker_daemon import engine_errors
from pennsieve_agent.errors import EngineError

_INSIDE = RUN_MOUNT
"""Where the container that makes files the owner's has them."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The user whose the results shall be."""

    uid: int
    gid: int

    def open_folders(self, task: Task) -> None:
        """Let an image that runs as some other user write its own folder and reach the others'.

        The folders around that of the run keep strangers on this machine out.
        """
        for path in (task.own, task.output):
            if path.is_dir():
                path.chmod(stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO)
        for path in (task.root, task.input.parent, task.input):
            if path.is_dir():
                _show(path)

    def take_back(self, client: Any, task: Task, labels: Mapping[str, str], log: Log) -> None:
        """Make the step's files the owner's. What cannot be done is said in the log."""
        if not self.reclaim(client, task.program.reference, task.own, labels):
            log(f"the results belong to another user; to own them: sudo chown -R {self.uid} OUTPUT")
            return
        for path in _walk(task.own):
            _show(path)

    def reclaim(self, client: Any, image: str, folder: Path, labels: Mapping[str, str]) -> bool:
        """Make all in a folder the owner's, with ``chown`` of an image; whether it is."""
        if self.uid == 0 or not self._has_strangers(folder):
            return True
        try:
            with engine_errors("the results could not be given to their owner"):
                return self._chown(client, image, folder, labels)
        except EngineError:
            return False

    def _has_strangers(self, folder: Path) -> bool:
        try:
            return any(path.lstat().st_uid != self.uid for path in _walk(folder))
        except PermissionError:
            return True

    def _chown(self, client: Any, image: str, folder: Path, labels: Mapping[str, str]) -> bool:
        import docker.types  # noqa: PLC0415 - see daemon.connect

        # To a rootless engine this user is root, and the only one it can give files to.
        rootless = any("rootless" in o for o in client.info().get("SecurityOptions") or ())
        owner = "0:0" if rootless else f"{self.uid}:{self.gid}"
        container = client.containers.create(
            image,
            entrypoint=["chown", "-hR", owner],
            command=[_INSIDE],
            user="0:0",
            mounts=[docker.types.Mount(_INSIDE, str(folder.absolute()), type="bind")],
            network_mode="none",
            cap_drop=["ALL"],
            cap_add=["CHOWN", "DAC_OVERRIDE", "FOWNER"],
            security_opt=["no-new-privileges"],
            log_config=docker.types.LogConfig(type="none"),
            labels=dict(labels),
        )
        try:
            container.start()
            return int(container.wait()["StatusCode"]) == 0
        finally:
            container.remove(force=True, v=True)


def _show(path: Path) -> None:
    """Let everybody read a file or folder."""
    mode = path.lstat().st_mode
    readable = mode | stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
    if stat.S_ISDIR(mode):
        readable |= stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH
    if readable != mode and not stat.S_ISLNK(mode):
        path.chmod(stat.S_IMODE(readable))


def _walk(folder: Path) -> Iterator[Path]:
    """A folder and everything in it; links are not followed.

    Raises:
        PermissionError: a folder cannot be read.

    """

    def give_up(error: OSError) -> None:
        raise error

    yield folder
    for place, folders, names in os.walk(folder, onerror=give_up):
        yield from (Path(place, name) for name in (*folders, *names))
