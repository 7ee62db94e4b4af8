"""The archive of a run's logs, and addresses that give it without another credential.

``contracts/workflows.md`` 3.5: a zip with all logs and the run's configuration. On the platform it
lies in S3 and the address is presigned; here it is served on the v2 port, and refused the way S3
refuses.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
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
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

ARCHIVE_SECONDS = 3600
Lines = Callable[[Row, str], Iterator[dict[str, Any]]]
"""Reads the lines of a run's step."""
_XML = {"Content-Type": "application/xml"}


class LogArchives:
    """Makes archives of ended runs, signs their addresses and serves them."""

    def __init__(self, world: World, lines: Lines) -> None:
        """``lines`` reads them from the nodes, which keep the logs of their runs."""
        self._lines = lines
        self._store = world.store
        self._now = world.now
        self._host = world.urls.api2
        self._folder = world.data / "log-archives"
        self._states = RunStates(world.store, world.now)

    def routes(self) -> list[Route]:
        """The route that serves (ours: on the platform this is S3)."""
        return [Route("GET", "/log-archives/<content>", Scheme.NONE, self.download)]

    def url(self, run: Row) -> str:
        """The address of an ended run's archive, for :data:`ARCHIVE_SECONDS`."""
        self._make(run)
        until = int(self._now()) + ARCHIVE_SECONDS
        content = base64.urlsafe_b64encode(json.dumps([run["uuid"], until]).encode()).decode()
        return f"{self._host}/log-archives/{content}?X-Amz-Signature={self._sign(content)}"

    def download(self, request: Request) -> Response:
        """Ours: an archive by its signed address, or a refusal in XML as S3 gives it (3.5)."""
        if "authorization" in request.headers:
            return _refusal(400, "InvalidArgument", "Only one auth mechanism allowed")
        content = request.params["content"]
        signature = request.query.get("X-Amz-Signature", "").encode("utf-8", "replace")
        if not hmac.compare_digest(signature, self._sign(content).encode()):
            return _refusal(403, "SignatureDoesNotMatch", "The signature does not match")
        run_uuid, until = json.loads(base64.urlsafe_b64decode(content))
        if until <= self._now():
            return _refusal(403, "AccessDenied", "Request has expired")
        path = self._path(run_uuid)
        if not path.is_file():
            return _refusal(404, "NoSuchKey", "The specified key does not exist.")
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

    def _sign(self, content: str) -> str:
        key = _signing_key(self._store)
        return hmac.new(key, content.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _file_name(node_id: str) -> str:
    """A node's id, which is free text, as a part of a file's name."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", node_id).strip("-")[:60] or "step"


def _signing_key(store: Store) -> bytes:
    row = store.row("SELECT value FROM settings WHERE name = 'archive_key'")
    if row is None:
        store.execute(
            "INSERT OR IGNORE INTO settings VALUES ('archive_key', ?)", (secrets.token_hex(32),)
        )
        row = store.row("SELECT value FROM settings WHERE name = 'archive_key'")
    return bytes.fromhex(row["value"] if row else "")


def _refusal(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(status, body, _XML)
