"""An uploader written from ``contracts/core.md`` section 4 alone, with plain boto3 and httpx."""

from __future__ import annotations

import base64
import hashlib
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import httpx

from tests.sandbox.data.upload.conftest import LIMIT_SECONDS, Box

PART_BYTES = 5 * 2**20


def sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def composite(parts: list[bytes]) -> str:
    digests = b"".join(hashlib.sha256(part).digest() for part in parts)
    return f"{sha256(digests)}-{len(parts)}"


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that happens in the background."""
    pause = threading.Event()
    for _ in range(int(LIMIT_SECONDS / 0.02)):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError("it never happened")


@dataclass
class Uploader:
    """One person's uploads to one dataset."""

    box: Box
    dataset_id: str
    headers: dict[str, str] = field(repr=False)
    manifest: str = ""

    def call(self, method: str, path: str, body: object = None, **query: str) -> httpx.Response:
        if "manifest_id" not in query:
            query = {"dataset_id": self.dataset_id, **query}
        url = f"{self.box.state.api2}{path}"
        return httpx.request(
            method, url, params=query, json=body, headers=self.headers, timeout=LIMIT_SECONDS
        )

    def create(self) -> str:
        body = {"id": "", "dataset_id": self.dataset_id, "status": 0, "files": None}
        answer = self.call("POST", "/upload/manifest", body)
        assert answer.status_code == 200, answer.text
        self.manifest = answer.json()["manifest_node_id"]
        return self.manifest

    def sync(self, *files: dict[str, Any]) -> httpx.Response:
        body = {"id": self.manifest, "dataset_id": self.dataset_id, "status": 0, "files": files}
        return self.call("POST", "/upload/manifest", body)

    def register(self, path: str, name: str) -> str:
        upload_id = str(uuid.uuid4())
        answer = self.sync(entry(upload_id, path, name))
        assert answer.json()["updated_files"] == [{"upload_id": upload_id, "status": 1}]
        return upload_id

    def credentials(self, kind: str = "storage") -> Any:
        path = f"/upload/manifest/{kind}-credentials"
        answer = self.call("POST", path, {"manifestNodeId": self.manifest})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def finalize(self, *files: tuple[str, int, str], **more: str) -> httpx.Response:
        body = {
            "manifestNodeId": self.manifest,
            **more,
            "files": [{"uploadId": u, "size": s, "sha256": c} for u, s, c in files],
        }
        return self.call("POST", "/upload/manifest/files/finalize", body)

    def finalized(self, *files: tuple[str, int, str], **more: str) -> list[str]:
        results = self.finalize(*files, **more).json()["results"]
        assert [each["uploadId"] for each in results] == [each[0] for each in files]
        return [each.get("error", each["status"]) for each in results]

    def status(self, status: str, verify: str = "false") -> Any:
        return self.call(
            "GET",
            "/upload/manifest/status",
            manifest_id=self.manifest,
            status=status,
            verify=verify,
        ).json()

    def package(self, upload_id: str) -> httpx.Response:
        url = f"{self.box.state.api}/packages/N:package:{upload_id}"
        return httpx.get(url, params={"includeAncestors": "true"}, headers=self.headers)

    def put(self, upload_id: str, content: bytes) -> str:
        """PUT an object as one; the checksum that S3 answers."""
        found = self.credentials()
        with storage(self.box, found) as s3:
            answer = s3.put_object(
                Bucket=found["bucket"],
                Key=f"{found['keyPrefix']}/{upload_id}",
                Body=content,
                ChecksumAlgorithm="SHA256",
                Tagging=f"OrgId=N:organization:1&DatasetId={self.dataset_id}",
            )
        return str(answer["ChecksumSHA256"])

    def upload(self, path: str, name: str, content: bytes, **more: str) -> str:
        upload_id = self.register(path, name)
        checksum = self.put(upload_id, content)
        assert self.finalized((upload_id, len(content), checksum), **more) == ["finalized"]
        until(lambda: self.package(upload_id).status_code == 200)
        return upload_id


def entry(upload_id: str, path: str, name: str, status: int = 0) -> dict[str, Any]:
    return {
        "upload_id": upload_id,
        "s3_key": "",
        "target_path": path,
        "target_name": name,
        "status": status,
        "merge_package_id": "",
        "file_type": "",
    }


@contextmanager
def storage(box: Box, found: dict[str, str]) -> Iterator[Any]:
    """S3 with the credentials of an answer."""
    client = boto3.client(
        "s3",
        endpoint_url=box.state.aws,
        region_name=found["region"],
        aws_access_key_id=found["accessKeyId"],
        aws_secret_access_key=found["secretAccessKey"],
        aws_session_token=found["sessionToken"],
    )
    try:
        yield client
    finally:
        client.close()
