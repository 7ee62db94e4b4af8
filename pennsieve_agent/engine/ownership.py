"""Whose the files are that a container reads and makes.

Programs in containers run as the user their image names, mostly root, and the engine gives what
they make to that user. On Linux with an engine that runs as root, a person who is not root could
then neither read nor delete their own results. So after each step whose output has files of
another user, a second container of the same image runs ``chown`` over the output folder, without a
network and with no other rights. Images without ``chown`` are rare; then the log says so.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pennsieve_agent.engine.backend import Log, Task
from pennsieve_agent.engine.daemon import engine_errors
from pennsieve_agent.errors import EngineError

_PLACE = "/mnt/output"


@dataclass(frozen=True, slots=True)
class Owner:
    """The user whose the results shall be."""

    uid: int
    gid: int

    def open_folders(self, task: Task) -> None:
        """Let an image that runs as some other user read its input and write its output.

        The folders around these two keep strangers on this machine out.
        """
        task.output.chmod(stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO)
        for path in _walk(task.input):
            mode = path.lstat().st_mode
            wanted = mode | stat.S_IRGRP | stat.S_IROTH
            if stat.S_ISDIR(mode):
                wanted |= stat.S_IXGRP | stat.S_IXOTH
            if wanted != mode and not stat.S_ISLNK(mode):
                path.chmod(stat.S_IMODE(wanted))

    def take_back(self, client: Any, task: Task, labels: Mapping[str, str], log: Log) -> None:
        """Make the output the owner's. What cannot be done is said in the log."""
        if self.uid == 0 or not self._has_strangers(task.output):
            return
        try:
            with engine_errors("the results could not be given to their owner"):
                done = self._chown(client, task, labels)
        except EngineError:
            done = False
        if not done:
            log(f"the results belong to another user; to own them: sudo chown -R {self.uid} OUTPUT")

    def _has_strangers(self, folder: Path) -> bool:
        try:
            return any(path.lstat().st_uid != self.uid for path in _walk(folder))
        except PermissionError:
            return True

    def _chown(self, client: Any, task: Task, labels: Mapping[str, str]) -> bool:
        import docker.types  # noqa: PLC0415 - see daemon.connect

        # To a rootless engine this user is root, and the only one it can give files to.
        rootless = any("rootless" in o for o in client.info().get("SecurityOptions") or ())
        owner = "0:0" if rootless else f"{self.uid}:{self.gid}"
        container = client.containers.create(
            task.program.reference,
            entrypoint=["chown", "-hR", owner],
            command=[_PLACE],
            user="0:0",
            mounts=[docker.types.Mount(_PLACE, str(task.output.absolute()), type="bind")],
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
