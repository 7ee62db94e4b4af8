"""Routes for the node's owner alone: versions, identities, grants, shares and archives."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

from pennsieve_agent.node.api.old_images import delete_old_images, note_dropped
from pennsieve_agent.node.api.request_handler import Problem, Reply, Request, Route, claimed, route
from pennsieve_agent.node.api.routes_runs import LINK_SECONDS
from pennsieve_agent.node.identity import workflow_credentials
from pennsieve_agent.node.identity.workflow_registry import READ, WRITE
from pennsieve_agent.node.node import aws_code
from pennsieve_agent.node.records.version_document import check_reached, check_version
from pennsieve_agent.node.wake_reconciler import wake

MOST_ARCHIVE = 5 * 1024**3
"""Bytes of one upload (Amazon S3, "PutObject")."""
_ID = re.compile(r"[0-9A-Za-z_.-]{1,100}")
_DATASET = re.compile(r"N:dataset:[0-9A-Za-z-]{1,64}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FAR = 253_402_300_800.0
"""The year 10000, which no calendar of ours can write."""
_ABSENT = {"404", "403", "NoSuchKey", "NotFound", "AccessDenied", "Forbidden"}


def add_version(request: Request, workflow: str, version: str) -> Reply:
    """Register a version; one that is there never changes."""
    document = request.document()
    try:
        check_version(document, workflow, version)
        check_reached(document, request.node.settings.mode, request.node.settings.region)
    except ValueError as error:
        raise Problem(400, "bad-version", str(error)) from None
    if not request.registry.add_version(document):
        text = f"version '{version}' is registered with other content, and versions never change"
        raise Problem(409, "version-exists", text)
    delete_old_images(request.node)
    return 200, {"workflow": workflow, "version": version}


def remove_workflow(request: Request, workflow: str, version: str = "") -> Reply:
    """Remove a version, or a whole workflow with its grants and keys."""
    registry = request.registry
    names = [version] if version else list(registry.versions(workflow))
    note_dropped(request.node, (registry.version(workflow, name) or {} for name in names))
    removed = registry.remove(workflow, version)
    if not registry.knows(workflow):
        workflow_credentials.remove(request.node, workflow)
    wake(request.node, _active(request, workflow))
    delete_old_images(request.node)
    return 200, {"removed": removed}


def set_identity(request: Request, workflow: str) -> Reply:
    """Keep the keys of a workflow's users."""
    try:
        workflow_credentials.put(request.node, workflow, request.document())
    except ValueError as error:
        raise Problem(400, "bad-identity", str(error)) from None
    return 200, workflow_credentials.shown(request.node, workflow)


def show_identity(request: Request, workflow: str) -> Reply:
    """Which integrations a workflow's keys are of, and who put them; never a key."""
    return 200, workflow_credentials.shown(request.node, workflow)


def remove_identity(request: Request, workflow: str) -> Reply:
    """Forget the keys of a workflow's users."""
    workflow_credentials.remove(request.node, workflow)
    return 200, {"removed": True}


def grant(request: Request) -> Reply:
    """Let a workflow read a dataset, or read and write it."""
    body = request.document()
    row = {name: str(body.get(name) or "") for name in ("workflow", "dataset", "datasetName")}
    if not _ID.fullmatch(row["workflow"]) or not _DATASET.fullmatch(row["dataset"]):
        raise Problem(400, "bad-grant", "a grant needs a workflow and a dataset")
    if body.get("access") not in {READ, WRITE}:
        raise Problem(400, "bad-grant", f"access must be {READ} or {WRITE}")
    row |= {"datasetName": row["datasetName"][:256], "access": str(body["access"])}
    until = _until(body.get("until"), request.node.now())
    by = claimed(body.get("by") or request.person)
    request.registry.grant({**row, "by": by, **({"until": until} if until else {})})
    wake(request.node, _active(request, row["workflow"], row["dataset"]))
    return 200, {**row, "until": until}


def _until(value: object, now: float) -> float:
    """When a grant ends, in unix seconds; 0 for never."""
    if not value:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not now < value < _FAR:
        raise Problem(400, "bad-grant", "until must be a time in the future, in unix seconds")
    return float(value)


def revoke(request: Request) -> Reply:
    """Take a grant back; what runs and still needs it ends."""
    workflow, dataset = (request.query.get(name, "") for name in ("workflow", "dataset"))
    if not workflow or not dataset:
        raise Problem(400, "bad-query", "say which workflow, and which dataset")
    removed = request.registry.revoke(workflow, dataset)
    wake(request.node, _active(request, workflow, dataset))
    return 200, {"removed": removed}


def list_grants(request: Request) -> Reply:
    """The grants, of all or of one workflow or dataset, with those that have ended."""
    query = request.query
    registry = request.registry
    rows = registry.grants(query.get("workflow", ""), query.get("dataset", ""))
    return 200, {"grants": [{**row, "ended": registry.has_ended(row)} for row in rows]}


def share(request: Request) -> Reply:
    """Let an identity of AWS use some workflows."""
    body = request.document()
    workflows = body.get("workflows")
    if not isinstance(workflows, list) or not workflows:
        raise Problem(400, "bad-share", "a share needs a list of workflows")
    if not all(isinstance(workflow, str) and _ID.fullmatch(workflow) for workflow in workflows):
        raise Problem(400, "bad-share", "a share needs the ids of workflows")
    try:
        request.registry.share(str(body.get("arn") or ""), workflows)
    except ValueError as error:
        raise Problem(400, "bad-share", str(error)) from None
    return 200, {"arn": body["arn"], "workflows": sorted(set(workflows))}


def unshare(request: Request) -> Reply:
    """Take a share back."""
    try:
        removed = request.registry.unshare(request.query.get("arn", ""))
    except ValueError as error:
        raise Problem(400, "bad-share", str(error)) from None
    return 200, {"removed": removed}


def list_shares(request: Request) -> Reply:
    """Whom the node is shared with."""
    return 200, {"shares": request.registry.shares()}


def archive(request: Request) -> Reply:
    """A link by which one archive of code, and nothing else, can be uploaded."""
    body = request.document()
    digest, size = str(body.get("sha256") or ""), body.get("size")
    if not _DIGEST.fullmatch(digest) or not isinstance(size, int) or not 0 < size <= MOST_ARCHIVE:
        raise Problem(400, "bad-archive", "an archive needs a SHA-256 in hex and a size in bytes")
    key = archive_key(digest)
    checksum = base64.b64encode(bytes.fromhex(digest)).decode()
    bucket = request.node.settings.bucket
    url = request.node.client("s3").generate_presigned_url(
        "put_object",
        Params={"Bucket": bucket, "Key": key, "ContentLength": size, "ChecksumSHA256": checksum},
        ExpiresIn=LINK_SECONDS,
    )
    headers = {"content-length": str(size), "x-amz-checksum-sha256": checksum}
    present = archive_bytes(request, digest) == size
    return 200, {"url": url, "headers": headers, "key": key, "present": present}


def archive_key(digest: str) -> str:
    """Where an archive of code lies in the node's bucket."""
    return f"archives/{digest}.tar.gz"


def archive_bytes(request: Request, digest: str) -> int | None:
    """How large the archive of that SHA-256 is; None when it is not there, or no longer."""
    try:
        head: dict[str, Any] = request.node.client("s3").head_object(
            Bucket=request.node.settings.bucket, Key=archive_key(digest)
        )
    except Exception as error:
        if aws_code(error) not in _ABSENT:
            raise
        return None
    return int(head["ContentLength"])


def _active(request: Request, workflow: str, dataset: str = "") -> Iterator[str]:
    """The runs that have not ended of a workflow, on a dataset."""
    store = request.store
    for run in store.active():
        record = store.read(run)
        if record is None or record.workflow.get("id") != workflow:
            continue
        if not dataset or record.dataset == dataset:
            yield run


ROUTES: tuple[Route, ...] = (
    route("PUT", "/workflows/{}/versions/{*}", add_version),
    route("DELETE", "/workflows/{}/versions/{*}", remove_workflow),
    route("DELETE", "/workflows/{}", remove_workflow),
    route("PUT", "/workflows/{}/identity", set_identity),
    route("GET", "/workflows/{}/identity", show_identity),
    route("DELETE", "/workflows/{}/identity", remove_identity),
    route("PUT", "/grants", grant),
    route("DELETE", "/grants", revoke),
    route("GET", "/grants", list_grants),
    route("PUT", "/shares", share),
    route("DELETE", "/shares", unshare),
    route("GET", "/shares", list_shares),
    route("POST", "/archives", archive),
)
