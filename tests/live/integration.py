"""The proof that a workflow's own identity works, from its making to its end."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pennsieve_agent.domain.profile import ApiKey
from pennsieve_agent.domain.transfers import StorageKeys
from pennsieve_agent.errors import AgentError
from pennsieve_agent.platform.http.raw import RawRequest
from pennsieve_agent.platform.http.transport import pause, trusted
from pennsieve_agent.transfer.keys import RenewedKeys
from pennsieve_agent.transfer.network import network
from pennsieve_agent.transfer.object_store import ObjectStore, endpoint_of
from pennsieve_agent.transfer.sender import Sender
from tests.live.steps import Person, Report, StepError, enter, expect_refusal

CONTENT = b"subject,rate\n1,60\n2,62\n"
IMPORT_SECONDS = 300.0
PAUSE_SECONDS = 2.0


def integration(report: Report, me: Person, tag: str) -> None:
    """A workflow's own identity, from its making to the proof that it is gone."""
    with contextlib.ExitStack() as stack:
        made = report.step(
            "a dataset is made",
            lambda: me.get("POST", "/datasets", {"name": f"live-{tag}", "properties": []}),
        )
        dataset = str(made["content"]["id"])
        stack.callback(report.last, "the dataset is deleted", lambda: _drop(me, dataset))
        hook = report.step("an integration is made", lambda: _make(me, tag))
        gone = stack.enter_context(_deleted_at_last(report, me, int(hook["id"])))
        key = ApiKey(str(hook["tokenSecret"]["key"]), str(hook["tokenSecret"]["secret"]))
        user = report.step("its key signs in", lambda: enter(me.client, me.profile, key))
        report.step("before, it cannot see the dataset", lambda: _sees_nothing(user, dataset))
        switch = f"/datasets/{dataset}/webhook/{hook['id']}"
        report.step("it is enabled on the dataset", lambda: me.get("PUT", switch))
        user = report.step("it signs in again, and sees the dataset", lambda: _sees(user, dataset))
        upload = report.step("it makes an upload manifest", lambda: _manifest(user, dataset))
        report.step("it uploads a file", lambda: _upload(user, dataset, *upload))
        report.step("the file is a package", lambda: _arrived(user, upload[1]))
        report.step("it downloads the file again", lambda: _download(user, dataset, upload[1]))
        report.step("it is taken off the dataset", lambda: me.get("DELETE", switch))
        report.step("after that, it is refused", lambda: _sees_nothing(user.again(), dataset))
        gone()
        report.step("its key signs in no more", lambda: _signs_in_no_more(me, key))


def _make(me: Person, tag: str) -> dict[str, Any]:
    body = {
        "apiUrl": f"https://live-{tag}.invalid/",
        "description": "made by a test of pennsieve, and deleted by it",
        "displayName": f"live-{tag}",
        "secret": secrets.token_urlsafe(24),
        "targetEvents": [],
        "hasAccess": True,
        "isPrivate": False,
        "isDefault": False,
    }
    found: dict[str, Any] = me.get("POST", "/webhooks", body)
    return found


@contextlib.contextmanager
def _deleted_at_last(report: Report, me: Person, number: int) -> Iterator[Callable[[], None]]:
    """Delete an integration when asked, or else in the end."""
    left = [number]

    def delete() -> None:
        report.step("it is deleted", lambda: me.get("DELETE", f"/webhooks/{number}"))
        left.clear()

    try:
        yield delete
    finally:
        if left:
            report.last(
                "the integration is deleted", lambda: me.get("DELETE", f"/webhooks/{number}")
            )


def _drop(me: Person, dataset: str) -> None:
    me.again().get("DELETE", f"/datasets/{dataset}")


def _sees_nothing(user: Person, dataset: str) -> None:
    expect_refusal(user.ask("GET", f"/datasets/{dataset}"), "reading the dataset on v1")
    body = {"nodeIds": [f"N:package:{uuid.uuid4()}"]}
    path = "/packages/download-manifest"
    asked = user.ask("POST", path, body, v2=True, dataset_id=dataset)
    expect_refusal(asked, "a download on v2")
    asked = user.ask("POST", "/upload/manifest", _new(dataset), v2=True, dataset_id=dataset)
    expect_refusal(asked, "an upload on v2")


def _sees(user: Person, dataset: str) -> Person:
    fresh = user.again()
    fresh.get("GET", f"/datasets/{dataset}")
    return fresh


def _new(dataset: str) -> dict[str, Any]:
    return {"id": "", "dataset_id": dataset, "status": 0, "files": []}


def _manifest(user: Person, dataset: str) -> tuple[str, str]:
    """A manifest with one file; answers its id and the file's."""
    upload = str(uuid.uuid4())
    file = {
        "upload_id": upload,
        "s3_key": "",
        "target_path": "live",
        "target_name": "rates.csv",
        "status": 0,
        "merge_package_id": "",
        "file_type": "",
    }
    body = {**_new(dataset), "files": [file]}
    made = user.get("POST", "/upload/manifest", body, v2=True, dataset_id=dataset)
    return str(made["manifest_node_id"]), upload


def _upload(user: Person, dataset: str, manifest: str, upload: str) -> None:
    path = "/upload/manifest/storage-credentials"
    given = user.get("POST", path, {"manifestNodeId": manifest}, v2=True, dataset_id=dataset)
    keys = StorageKeys(
        access_key=given["accessKeyId"],
        secret=given["secretAccessKey"],
        token=given["sessionToken"],
        expires_at=time.time() + 3600,
        bucket=given["bucket"],
        prefix=given["keyPrefix"],
        region=given["region"],
    )
    tags = urlencode({"OrgId": user.tokens.claims["custom:organization_node_id"]})
    tags = f"{tags}&{urlencode({'DatasetId': dataset})}"
    profile = user.profile
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(CONTENT)
        endpoint = endpoint_of(profile.aws, os.environ, hosted=profile.hosts.hosted)
        with (
            Sender(network(os.environ, trusted)) as sender,
            ObjectStore(sender, pause, endpoint=endpoint) as store,
        ):
            known = RenewedKeys(lambda: keys, time.time)
            size, digest = store.put(Path(file.name), upload, known, tags, lambda _: None)
    body = {
        "manifestNodeId": manifest,
        "onConflict": "keepBoth",
        "files": [{"uploadId": upload, "size": size, "sha256": digest}],
    }
    path = "/upload/manifest/files/finalize"
    (result,) = user.get("POST", path, body, v2=True, dataset_id=dataset)["results"]
    if result["status"] != "finalized":
        raise StepError(f"finalize answered {result['status']}: {result.get('error', '')}")


def _arrived(user: Person, upload: str) -> None:
    """Wait for the import, which takes seconds to minutes."""
    end = time.monotonic() + IMPORT_SECONDS
    while user.ask("GET", f"/packages/N:package:{upload}").status != 200:
        if time.monotonic() > end:
            raise StepError(f"it was not there after {IMPORT_SECONDS:.0f} s")
        threading.Event().wait(PAUSE_SECONDS)


def _download(user: Person, dataset: str, upload: str) -> None:
    body = {"nodeIds": [f"N:package:{upload}"]}
    path = "/packages/download-manifest"
    (entry,) = user.get("POST", path, body, v2=True, dataset_id=dataset)["data"]
    content = user.client.send(RawRequest("GET", entry["url"])).body
    if hashlib.sha256(content).digest() != hashlib.sha256(CONTENT).digest():
        raise StepError("it is not what was uploaded")


def _signs_in_no_more(me: Person, key: ApiKey) -> None:
    try:
        enter(me.client, me.profile, key)
    except AgentError:
        return
    raise StepError("it still signs in")
