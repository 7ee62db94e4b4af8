"""Viewer assets: made, filled through storage, read with a signed address (core.md 3.7).

What is PUT below an asset's prefix is moved out of the emulated S3 to ``<data>/viewer-assets``; the
CloudFront in front of it is a route of v2 (ours). Its cookies are left out: the query carries the
same three values.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from pathlib import Path
from typing import Any

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.roles import dataset_role
from pennsieve_agent.sandbox.data.upload.platform_buckets import Objects
from pennsieve_agent.sandbox.data.upload.storage_keys import STORAGE_BUCKET, Keys
from pennsieve_agent.sandbox.data.v2_answers import UNAUTHORIZED, body_of, refusal
from pennsieve_agent.sandbox.host.clock import iso
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

FOLDER = "viewer-assets"
READ_SECONDS = 3600
_KEY_PAIR = "KSANDBOX"
_STATES = {"created", "ready"}


class Assets:
    """The routes of viewer assets, and what happens to their objects."""

    def __init__(self, world: World, keys: Keys, objects: Objects) -> None:
        self._world = world
        self._store = world.store
        self._keys = keys
        self._objects = objects
        self._secret = secrets.token_bytes(32)

    def routes(self) -> list[Route]:
        """The routes."""
        one = "/packages/assets/<id>"
        return [
            Route("POST", "/packages/assets", Scheme.DATASET, self._create),
            Route("GET", "/packages/assets", Scheme.DATASET, self._list),
            Route("GET", one, Scheme.DATASET, self._get),
            Route("PATCH", one, Scheme.DATASET, self._patch),
            Route("DELETE", one, Scheme.DATASET, self._delete),
            Route("GET", "/viewer-files/<path:path>", Scheme.NONE, self._read),
        ]

    def created(self, bucket: str, key: str) -> None:
        """Keep an object of an asset as a file."""
        if bucket != STORAGE_BUCKET or not key.startswith(f"{FOLDER}/"):
            return
        file = self._file(key.removeprefix(f"{FOLDER}/"))
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._objects.fetch(bucket, key, file)
        self._objects.delete(bucket, key)

    def _create(self, request: Request) -> Response:
        dataset = self._dataset(request, Role.EDITOR)
        body = body_of(request)
        for name in ("name", "asset_type"):
            if not isinstance(body.get(name), str) or not body[name]:
                raise refusal(400, f"{name} is required")
        asset_id = str(uuid.uuid4())
        with self._store.transaction():
            self._store.execute(
                "INSERT INTO viewer_assets VALUES (?, ?, ?, ?, ?, 'created', ?)",
                (
                    *(asset_id, dataset["int_id"], body["name"], body["asset_type"]),
                    *(json.dumps(_properties(body)), self._world.now()),
                ),
            )
            self._link(asset_id, dataset, _packages(body))
        prefix = f"{FOLDER}/{_place(dataset, asset_id)}"
        keys = self._keys.issue(STORAGE_BUCKET, prefix)
        credentials = {
            "access_key_id": keys["accessKeyId"],
            "secret_access_key": keys["secretAccessKey"],
            "session_token": keys["sessionToken"],
            "expiration": keys["expiration"],
            "bucket": keys["bucket"],
            "region": keys["region"],
            "key_prefix": f"{prefix}/",
        }
        asset = self._json(self._asset(dataset, asset_id), dataset)
        return Response(201, {"asset": asset, "upload_credentials": credentials})

    def _list(self, request: Request) -> Response:
        """The assets of a package; without one, those of no package at all."""
        dataset = self._dataset(request, Role.VIEWER)
        package = request.query.get("package_id")
        links = "SELECT 1 FROM viewer_asset_packages p WHERE p.asset_id = a.id"
        condition = f"EXISTS ({links} AND p.package_id = ?)" if package else f"NOT EXISTS ({links})"
        rows = self._store.rows(
            f"SELECT * FROM viewer_assets a WHERE dataset_int_id = ? AND {condition}"  # noqa: S608 - our own words
            " ORDER BY created_at, id",
            (dataset["int_id"], *([package] if package else [])),
        )
        assets = [self._json(row, dataset) for row in rows]
        return Response(200, {"assets": assets, "cloudfront": self._signed(dataset)})

    def _get(self, request: Request) -> Response:
        dataset = self._dataset(request, Role.VIEWER)
        asset = self._json(self._asset(dataset, request.params["id"]), dataset)
        return Response(200, {"asset": asset, "cloudfront": self._signed(dataset)})

    def _patch(self, request: Request) -> Response:
        dataset = self._dataset(request, Role.EDITOR)
        asset = self._asset(dataset, request.params["id"])
        body = body_of(request)
        status = body.get("status", asset["status"])
        if status not in _STATES:
            raise refusal(400, "status must be created or ready")
        kept = _properties(body) if "properties" in body else json.loads(asset["properties"])
        with self._store.transaction():
            self._store.execute(
                "UPDATE viewer_assets SET status = ?, properties = ? WHERE id = ?",
                (status, json.dumps(kept), asset["id"]),
            )
            if "package_ids" in body:
                self._store.execute(
                    "DELETE FROM viewer_asset_packages WHERE asset_id = ?", (asset["id"],)
                )
                self._link(asset["id"], dataset, _packages(body))
        return Response(200, {"asset": self._json(self._asset(dataset, asset["id"]), dataset)})

    def _delete(self, request: Request) -> Response:
        dataset = self._dataset(request, Role.EDITOR)
        asset = self._asset(dataset, request.params["id"])
        self._store.execute("DELETE FROM viewer_assets WHERE id = ?", (asset["id"],))
        return Response(204)

    def _read(self, request: Request) -> Response:
        """A file of an asset, for who has the three values of its dataset."""
        path = request.params["path"]
        policy, signature = request.query.get("Policy", ""), request.query.get("Signature", "")
        right = self._sign(policy)
        if not policy or not hmac.compare_digest(signature.encode("utf-8", "replace"), right):
            return Response(403, "Access denied")
        prefix, until = json.loads(base64.urlsafe_b64decode(policy))
        if not path.startswith(prefix) or until <= self._world.now():
            return Response(403, "Access denied")
        file = self._file(path)
        return Response(200, file) if file and file.is_file() else Response(404, "Not found")

    def _signed(self, dataset: Row) -> dict[str, Any]:
        until = int(self._world.now()) + READ_SECONDS
        prefix = f"{_place(dataset, '')}"
        policy = base64.urlsafe_b64encode(json.dumps([prefix, until]).encode()).decode()
        return {
            "base_url": f"{self._world.urls.api2}/viewer-files",
            "policy": policy,
            "signature": self._sign(policy).decode(),
            "key_pair_id": _KEY_PAIR,
            "policy_info": {"expires_at": until, "path": f"{prefix}*"},
        }

    def _sign(self, policy: str) -> bytes:
        content = policy.encode("utf-8", "replace")
        return hmac.new(self._secret, content, hashlib.sha256).hexdigest().encode()

    def _file(self, path: str) -> Path | None:
        """Where an object lies; None when its key would lead out of the folder."""
        parts = path.split("/")
        if any(part in {"", ".", ".."} or "\0" in part for part in parts):
            return None
        return self._world.data.joinpath(FOLDER, *parts)

    def _dataset(self, request: Request, least: Role) -> Row:
        dataset_id = request.query["dataset_id"]
        row = self._store.row("SELECT * FROM datasets WHERE node_id = ?", (dataset_id,))
        role = dataset_role(self._store, request.caller.user_int_id, dataset_id)
        if row is None or not role.at_least(least):
            raise refusal(401, UNAUTHORIZED)
        return row

    def _asset(self, dataset: Row, asset_id: str) -> Row:
        row = self._store.row(
            "SELECT * FROM viewer_assets WHERE id = ? AND dataset_int_id = ?",
            (asset_id, dataset["int_id"]),
        )
        if row is None:
            raise refusal(404, "asset not found")
        return row

    def _link(self, asset_id: str, dataset: Row, packages: list[str]) -> None:
        for package in dict.fromkeys(packages):
            if not self._store.row(
                "SELECT 1 FROM packages WHERE node_id = ? AND dataset_int_id = ?",
                (package, dataset["int_id"]),
            ):
                raise refusal(400, "package_ids must be packages of the dataset")
            self._store.execute(
                "INSERT INTO viewer_asset_packages VALUES (?, ?)", (asset_id, package)
            )

    def _json(self, row: Row, dataset: Row) -> dict[str, Any]:
        links = self._store.rows(
            "SELECT package_id FROM viewer_asset_packages WHERE asset_id = ? ORDER BY package_id",
            (row["id"],),
        )
        return {
            "id": row["id"],
            "dataset_id": dataset["node_id"],
            "name": row["name"],
            "asset_type": row["asset_type"],
            "asset_url": f"{self._world.urls.api2}/viewer-files/{_place(dataset, row['id'])}/",
            "properties": json.loads(row["properties"]),
            "status": row["status"],
            "package_ids": [link["package_id"] for link in links],
            "created_at": iso(row["created_at"]),
        }


def _place(dataset: Row, asset_id: str) -> str:
    return f"O{dataset['workspace_int_id']}/D{dataset['int_id']}/{asset_id}"


def _properties(body: dict[str, Any]) -> dict[str, Any]:
    properties = body.get("properties") or {}
    if not isinstance(properties, dict):
        raise refusal(400, "properties must be an object")
    return properties


def _packages(body: dict[str, Any]) -> list[str]:
    package_ids = body.get("package_ids") or []
    if not isinstance(package_ids, list) or not all(
        isinstance(package_id, str) for package_id in package_ids
    ):
        raise refusal(400, "package_ids must be a list of strings")
    return package_ids
