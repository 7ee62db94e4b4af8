"""Temporary keys of the platform's storage, and what each may do (``contracts/core.md`` 4.2, 4.7).

The keys are moto's STS's, for a role of the platform and with a session policy; as moto heeds no
policy, :mod:`.gate` holds each key to what is written down here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
from datetime import UTC, datetime
from typing import Any

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.aws import platform_key
from pennsieve_agent.sandbox.data.upload.upload_answers import body_of, own_manifest, permit
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import PLATFORM_ACCOUNT_ID, World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

REGION = "us-east-1"
STORAGE_BUCKET = "pennsieve-sandbox-storage-use1"
STAGING_BUCKET = "pennsieve-sandbox-uploads-v2-use1"
KEY_SECONDS = 3600
_ROLE = f"arn:aws:iam::{PLATFORM_ACCOUNT_ID}:role/upload-storage"
_ACTIONS = (
    *("PutObject", "PutObjectTagging", "AbortMultipartUpload"),
    *("ListMultipartUploadParts", "ListBucketMultipartUploads"),
)


class Keys:
    """Hands out keys, and stores which, so that a restart forgets none."""

    def __init__(self, world: World, seconds: float = KEY_SECONDS) -> None:
        self._world = world
        self._store = world.store
        self._seconds = seconds
        self._lock = threading.Lock()
        self._sts: Any = None

    def routes(self) -> list[Route]:
        """The routes."""
        below = "/upload/manifest"
        return [
            Route("POST", f"{below}/storage-credentials", Scheme.DATASET, self._storage),
            Route("POST", f"{below}/upload-credentials", Scheme.DATASET, self._staging),
        ]

    def close(self) -> None:
        """Close the connection to STS."""
        with self._lock:
            if self._sts is not None:
                self._sts.close()

    def find(self, access_key: str) -> Row | None:
        """What a key may do, if it is one of these."""
        return self._store.row("SELECT * FROM upload_keys WHERE access_key = ?", (access_key,))

    def secret(self, access_key: str) -> str:
        """The secret of a key that was handed out; empty when it was not."""
        return _secret(self._store, access_key) if self.find(access_key) else ""

    def _storage(self, request: Request) -> Response:
        manifest = self._manifest(request)
        caller = request.caller
        prefix = f"O{caller.org_int_id}/D{manifest['dataset_int_id']}/{manifest['id']}"
        keys = self.issue(STORAGE_BUCKET, prefix)
        return Response(200, {**keys, "keyPrefix": prefix})

    def _staging(self, request: Request) -> Response:
        manifest = self._manifest(request)
        return Response(200, self.issue(STAGING_BUCKET, manifest["id"]))

    def _manifest(self, request: Request) -> Row:
        dataset_id = request.query["dataset_id"]
        permit(self._store, request, dataset_id, Role.EDITOR)
        return own_manifest(self._store, dataset_id, body_of(request))

    def issue(self, bucket: str, prefix: str) -> dict[str, str]:
        """A key that may write below a prefix of a bucket, as the service answers it."""
        credentials = self._assume(bucket, prefix)
        now = self._world.now()
        token = credentials["SessionToken"]
        with self._store.transaction():
            self._store.execute("DELETE FROM upload_keys WHERE expires_at < ?", (now - 86_400,))
            self._store.execute(
                "INSERT INTO upload_keys VALUES (?, ?, ?, ?, ?)",
                (credentials["AccessKeyId"], digest(token), bucket, prefix, now + self._seconds),
            )
        until = datetime.fromtimestamp(now + self._seconds, UTC)
        return {
            "accessKeyId": credentials["AccessKeyId"],
            "secretAccessKey": _secret(self._store, credentials["AccessKeyId"]),
            "sessionToken": token,
            "expiration": until.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "bucket": bucket,
            "region": REGION,
        }

    def _assume(self, bucket: str, prefix: str) -> dict[str, str]:
        arn = f"arn:aws:s3:::{bucket}"
        statement = {
            "Effect": "Allow",
            "Action": [f"s3:{name}" for name in _ACTIONS],
            "Resource": [arn, f"{arn}/{prefix}/*"],
        }
        with self._lock:
            if self._sts is None:
                self._sts = self._connect()
            answer = self._sts.assume_role(
                RoleArn=_ROLE,
                RoleSessionName="pennsieve-upload",
                DurationSeconds=KEY_SECONDS,
                Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
            )
        credentials: dict[str, str] = answer["Credentials"]
        return credentials

    def _connect(self) -> Any:
        import botocore.session  # noqa: PLC0415 - slow
        from botocore.config import Config  # noqa: PLC0415 - slow

        return botocore.session.Session().create_client(
            "sts",
            region_name=REGION,
            endpoint_url=self._world.urls.aws,
            **platform_key.KEYS,
            config=Config(connect_timeout=5, read_timeout=20),
        )


def _secret(store: Store, access_key: str) -> str:
    """A key's secret, which follows from it and from what only this sandbox knows.

    So it need not be written down, and a restart forgets it not.
    """
    store.execute(
        "INSERT OR IGNORE INTO settings VALUES ('upload_key', ?)", (secrets.token_hex(32),)
    )
    row = store.row("SELECT value FROM settings WHERE name = 'upload_key'")
    known = bytes.fromhex(row["value"] if row else "")
    signature = hmac.new(known, access_key.encode(), hashlib.sha256).digest()
    return base64.b64encode(signature).decode()[:40]


def digest(token: str) -> str:
    """A session token as it is stored."""
    return hashlib.sha256(token.encode()).hexdigest()
