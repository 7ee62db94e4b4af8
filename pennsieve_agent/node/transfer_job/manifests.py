"""The platform's upload manifests, asked by way of the relay (``contracts/core.md`` 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pennsieve_agent.domain.transfers import (
    StorageKeys,
    UploadedFile,
    UploadEntry,
    finalize_body,
    sync_body,
)
from pennsieve_agent.node.transfer_job.relay import Relay
from pennsieve_agent.node.transfer_job.transfer_error import TransferError

_MANIFEST = "/upload/manifest"


@dataclass(frozen=True, slots=True)
class RelayManifests:
    """What :class:`pennsieve_agent.transfer.upload.Manifests` asks for. All raise TransferError."""

    relay: Relay

    def create(self, dataset_id: str) -> str:
        """Make an empty manifest; its id."""
        answer = self._post("", dataset_id, sync_body(dataset_id, "", ()))
        return str(answer["manifest_node_id"])

    def sync(
        self, dataset_id: str, manifest_id: str, files: Sequence[UploadEntry]
    ) -> Mapping[str, int]:
        """Register files; the state of each by upload id."""
        answer = self._post("", dataset_id, sync_body(dataset_id, manifest_id, files))
        rows = answer.get("updated_files") or ()
        return {str(row["upload_id"]).lower(): int(row["status"]) for row in rows}

    def keys(self, dataset_id: str, manifest_id: str) -> StorageKeys:
        """Keys to storage."""
        body = {"manifestNodeId": manifest_id}
        return storage_keys(self._post("/storage-credentials", dataset_id, body))

    def finalize(
        self, dataset_id: str, manifest_id: str, files: Sequence[UploadedFile], *, replace: bool
    ) -> Mapping[str, str]:
        """Say that files lie in storage; why each failed by upload id, "" if not."""
        body = finalize_body(manifest_id, files, replace=replace)
        answer = self._post("/files/finalize", dataset_id, body)
        return {
            str(row["uploadId"]).lower(): ""
            if row.get("status") == "finalized"
            else str(row.get("error") or "unknown")
            for row in answer.get("results") or ()
        }

    def _post(self, below: str, dataset_id: str, body: Any) -> Mapping[str, Any]:
        return self.relay.ask("POST", f"{_MANIFEST}{below}", {"dataset_id": dataset_id}, body)


def storage_keys(row: Mapping[str, Any]) -> StorageKeys:
    """Keys that may write below a prefix, as the platform spells them.

    Raises:
        TransferError: there is no prefix: nothing must ever be uploaded without (``core.md`` 4.7).

    """
    prefix = str(row["keyPrefix"]).strip("/")
    if not prefix:
        raise TransferError("Pennsieve names no place in its storage to upload to")
    return StorageKeys(
        access_key=row["accessKeyId"],
        secret=row["secretAccessKey"],
        token=row["sessionToken"],
        expires_at=datetime.fromisoformat(str(row["expiration"])).timestamp(),
        bucket=row["bucket"],
        prefix=prefix,
        region=row["region"],
    )
