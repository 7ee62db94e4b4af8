"""The archive of a run's logs, and addresses that give it without another credential.

``contracts/workflows.md`` 3.5: a zip with all logs and the run's configuration. On the platform it
lies in S3 and the address is presigned; here it is served on the v2 port, and refused the way S3
refuses.
"""

from __future__ import annotations

import json
import re
import secrets
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pennsieve_agent.sandbox.compute.runs.run_json import run_json
from pennsieve_agent.sandbox.compute.runs.run_states import RunStates
from pennsieve_agent.sandbox.compute.times import rfc3339
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.presigning import Presigning, no_such_key
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

ARCHIVE_SECONDS = 3600
Lines = Callable[[Row, str], Iterator[dict[str, Any]]]
"""Reads the lines of a run's step."""


class LogArchives:
    """Makes archives of ended runs, signs their addresses and serves them."""

    def __init__(self, world: World, lines: Lines) -> None:
        """``lines`` reads them from the nodes, which keep the logs of their runs."""
        self._lines = lines
        self._presigning = Presigning(world, "log-archives", "archive_key")
        self._folder = world.data / "log-archives"
        self._states = RunStates(world.store, world.now)

    def routes(self) -> list[Route]:
        """The route that serves (ours: on the platform this is S3)."""
        return [Route("GET", "/log-archives/<content>", Scheme.NONE, self.download)]

    def url(self, run: Row) -> str:
        """The address of an ended run's archive, for :data:`ARCHIVE_SECONDS`."""
        self._make(run)
        return self._presigning.url(run["uuid"], seconds=ARCHIVE_SECONDS)

    def download(self, request: Request) -> Response:
        """Ours: an archive by its signed address (3.5).

        Raises:
            Refusal: as S3 refuses.

        """
        (run_uuid,) = self._presigning.values(request)
        path = self._path(run_uuid)
        if not path.is_file():
            raise no_such_key()
        headers = {
            "Content-Type": "application/zip",
            "Content-Disposition": f'attachment; filename="run-{run_uuid}.zip"',
        }
        return Response(200, path, headers)

    def _make(self, run: Row) -> None:
        path = self._path(run["uuid"])
        if path.is_file():
            return  # what has ended says no more
        self._folder.mkdir(mode=0o700, exist_ok=True)
        part = path.with_name(f"{secrets.token_hex(8)}.part")
        try:
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                self._fill(archive, run)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _fill(self, archive: zipfile.ZipFile, run: Row) -> None:
        steps = self._states.steps(run["uuid"])
        archive.writestr("run.json", json.dumps(run_json(run, steps), indent=2))
        for number, step in enumerate(steps, 1):
            name = f"logs/{number:02d}-{_file_name(step['node_id'])}.log"
            with archive.open(name, "w") as file:
                for line in self._lines(run, step["node_id"]):
                    when = rfc3339(line["timestamp"] / 1000)
                    file.write(f"{when} {line['message']}\n".encode())

    def _path(self, run_uuid: str) -> Path:
        return self._folder / f"{run_uuid}.zip"


def _file_name(node_id: str) -> str:
    """A node's id, which is free text, as a part of a file's name."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", node_id).strip("-")[:60] or "step"
