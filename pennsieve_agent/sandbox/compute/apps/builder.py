"""Builds registered applications: check out, read the manifest, make it runnable."""

from __future__ import annotations

import json
import logging
import re
import shutil
from pathlib import Path

from pennsieve_agent.errors import AgentError, SourceError
from pennsieve_agent.sandbox.compute.apps.catalogue import manifest_json, without_defaults
from pennsieve_agent.sandbox.compute.apps.images import Images
from pennsieve_agent.sandbox.compute.neighbour_protocols import Neighbours
from pennsieve_agent.sandbox.compute.times import rfc3339
from pennsieve_agent.sandbox.compute.workers import Workers
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World

log = logging.getLogger(__name__)

ASSETS = ("application.json", "README.md", "app.yml")
"""What is kept of a repository: the platform's two files (1.2), and ours, ``app.yml``."""
MAX_ASSET_BYTES = 1_000_000


class Builder:
    """Builds versions, one at a time. A build that a restart cut off is done again."""

    def __init__(self, world: World, neighbours: Neighbours, images: Images | None = None) -> None:
        """``images`` takes what is built, where nodes get images from a registry."""
        self._images = images
        self._store = world.store
        self._now = world.now
        self._apps = world.data / "apps"
        self._neighbours = neighbours
        self._workers = Workers("builder", self._build)

    def start(self) -> None:
        """Start, with the builds that an earlier process left."""
        for row in self._store.rows(
            "SELECT uuid FROM app_versions WHERE status IN ('registering', 'deploying')"
            " ORDER BY seq"
        ):
            self._workers.put(row["uuid"])
        self._workers.start()

    def stop(self) -> None:
        """Stop after the build at hand."""
        self._workers.stop()

    def put(self, version_uuid: str) -> None:
        """A version has to be built."""
        self._workers.put(version_uuid)

    def _build(self, version_uuid: str) -> None:
        row = self._store.row(
            "SELECT v.*, a.source_url FROM app_versions v JOIN app_store a ON a.uuid = v.app_uuid"
            " WHERE v.uuid = ? AND v.status IN ('registering', 'deploying')",
            (version_uuid,),
        )
        if row is None:
            return
        self._deployment(version_uuid, "RUNNING")
        try:
            self._set_status(version_uuid, "deploying")
            self._prepare(row, self._check_out(row))
        except AgentError as error:
            self._failed(row, error.message, error.hint)
        except Exception as error:
            log.exception("building %s failed", row["source_url"])
            self._failed(row, f"{type(error).__name__}: {error}", None)

    def _check_out(self, row: Row) -> Path:
        folder = self._apps / str(row["uuid"])
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        commit = self._neighbours.checkout(row["source_url"], row["version"], folder)
        _say(row, f"checked out {row['source_url']} at {commit}")
        self._keep_assets(row, folder)
        self._read_manifest(row, folder)
        return folder

    def _keep_assets(self, row: Row, folder: Path) -> None:
        for name in ASSETS:
            path = folder / name
            if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_ASSET_BYTES:
                continue
            self._store.execute(
                "INSERT OR REPLACE INTO app_assets VALUES (?, ?, ?)",
                (row["uuid"], name, path.read_bytes()),
            )

    def _read_manifest(self, row: Row, folder: Path) -> None:
        """An unusable manifest only costs the defaults, as on the platform (1.8)."""
        try:
            manifest = self._neighbours.manifest(folder)
        except SourceError as error:
            _say(row, f"the manifest is not used: {error.message}")
            return
        if manifest.breaks_schema:
            _say(row, "the manifest breaks the schema, so its defaults are left out")
            manifest = without_defaults(manifest)
        text = json.dumps(manifest_json(manifest))
        with self._store.transaction():
            self._store.execute(
                "UPDATE app_versions SET about = ? WHERE uuid = ?", (text, row["uuid"])
            )
            self._store.execute(
                "UPDATE app_store SET about = ? WHERE uuid = ?", (text, row["app_uuid"])
            )

    def _prepare(self, row: Row, folder: Path) -> None:
        program = self._neighbours.backend.prepare(
            folder, _short_name(row), lambda line: _say(row, line)
        )
        if self._images is not None:
            place = {"backend": program.backend, "reference": program.reference}
            self._images.put({**row, **place})
        with self._store.transaction():
            self._store.execute(
                "UPDATE app_versions SET status = 'deployed', backend = ?, reference = ?"
                " WHERE uuid = ?",
                (program.backend, program.reference, row["uuid"]),
            )
            self._deployment(row["uuid"], "STOPPED")

    def _failed(self, row: Row, why: str, hint: str | None) -> None:
        _say(row, why)
        if hint:
            _say(row, hint)
        with self._store.transaction():
            self._set_status(row["uuid"], "error")
            self._deployment(row["uuid"], "STOPPED", why)

    def _set_status(self, version_uuid: str, status: str) -> None:
        self._store.execute(
            "UPDATE app_versions SET status = ? WHERE uuid = ?", (status, version_uuid)
        )

    def _deployment(self, version_uuid: str, status: str, problem: str = "") -> None:
        now = rfc3339(self._now())
        column = "stopped_at" if status == "STOPPED" else "started_at"
        self._store.execute(
            f"UPDATE app_deployments SET last_status = ?, updated_at = ?, {column} = ?,"  # noqa: S608
            " stopped_reason = ?, errored = ? WHERE version_uuid = ?",
            (status, now, now, problem, bool(problem), version_uuid),
        )


def _say(row: Row, line: str) -> None:
    """Write a build's output to the sandbox's log; the platform shows it to nobody."""
    log.info("build of %s at %s: %s", row["source_url"], row["version"], line)


def _short_name(row: Row) -> str:
    """The repository's last part, and some of the version's uuid, for image and folder names."""
    base = str(row["source_url"]).rstrip("/").removesuffix(".git").rpartition("/")[2]
    slug = re.sub(r"[^a-z0-9]+", "-", base.lower()).strip("-")[:40].strip("-") or "app"
    return f"{slug}-{str(row['uuid'])[:8]}"
