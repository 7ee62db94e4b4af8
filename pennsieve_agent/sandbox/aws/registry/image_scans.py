"""``DescribeImageScanFindings`` of the emulated ECR, whose images nobody scans for real.

A repository that is scanned at each push has a scan of each image; what it found is in the file
that :data:`FINDINGS` names. Without one the scan ends as of an image that ECR cannot read, as no
list of known faults is here (moto tells the same invented finding of every image).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pennsieve_agent.sandbox.aws.rights.policy_check import Answer, failure
from pennsieve_agent.sandbox.aws.rights.role_sessions import Lock
from pennsieve_agent.sandbox.aws.wire import AwsRequest

FINDINGS = "EMULATED_ECR_FINDINGS"
"""The variable of this process with the path of a JSON file: an answer's ``imageScanStatus`` and
``imageScanFindings``, as ECR has them, for every image."""
_USUAL = 100
"""Findings on a page ("DescribeImageScanFindings", ``maxResults``)."""
_UNREADABLE = {
    "imageScanStatus": {
        "status": "UNSUPPORTED_IMAGE",
        "description": "the sandbox has no list of known faults of packages",
    }
}


def image_scan_findings(request: AwsRequest, account: str, lock: Lock) -> Answer:
    """What ECR says of an image, a page of findings at a time."""
    from moto.ecr.models import ecr_backends  # noqa: PLC0415 - slow

    name, id_ = request.text("repositoryName"), request.parameters.get("imageId") or {}
    registry = request.text("registryId") or account
    place = f"in the registry with id '{registry}'"
    with lock:
        repository = ecr_backends[registry][request.region].repositories.get(name)
        if repository is None:
            text = f"The repository with name '{name}' does not exist {place}"
            return failure("ecr", 400, "RepositoryNotFoundException", text)
        digest, is_scanned = _image(repository, id_)
    shown = f"{{imageDigest:'{id_.get('imageDigest') or 'null'}', "
    shown += f"imageTag:'{id_.get('imageTag') or 'null'}'}}"
    if not digest:
        text = f"The image with imageId {shown} does not exist within the repository with name "
        return failure("ecr", 400, "ImageNotFoundException", f"{text}'{name}' {place}")
    if not is_scanned:
        text = f"Image scan does not exist for the image with '{shown}' in the repository with "
        return failure("ecr", 400, "ScanNotFoundException", f"{text}name '{name}' {place}")
    body = {
        "registryId": registry,
        "repositoryName": name,
        "imageId": {"imageDigest": digest},
        **_page(_scan(), request),
    }
    return Answer("200 OK", json.dumps(body).encode())


def _image(repository: Any, id_: Mapping[str, str]) -> tuple[str, bool]:
    """The digest of the image that is meant, empty for none, and whether it was scanned."""
    for image in repository.images:
        is_it = id_.get("imageDigest") in {None, image.image_digest}
        if id_ and is_it and (not id_.get("imageTag") or id_["imageTag"] in image.image_tags):
            how = repository.image_scanning_configuration or {}  # of a template, ScanOnPush
            at_push = how.get("scanOnPush") or how.get("ScanOnPush")
            return str(image.image_digest), bool(image.last_scan or at_push)
    return "", False


def _scan() -> dict[str, Any]:
    path = Path(os.environ.get(FINDINGS) or os.devnull)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return dict(json.loads(text)) if text else _UNREADABLE


def _page(scan: dict[str, Any], request: AwsRequest) -> dict[str, Any]:
    findings = scan.get("imageScanFindings")
    if not findings:
        return scan
    rows = findings.get("findings") or []
    first, most = int(request.text("nextToken") or 0), request.parameters.get("maxResults")
    end = first + int(most or _USUAL)
    more = {"nextToken": str(end)} if end < len(rows) else {}
    return {**scan, "imageScanFindings": {**findings, "findings": rows[first:end]}, **more}
