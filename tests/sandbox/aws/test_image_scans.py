"""What scans of images found: asked of the emulated ECR by the node's route, and its refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pennsieve_agent.node.api import routes_images
from pennsieve_agent.node.api.request_handler import Problem, Request
from pennsieve_agent.node.records.callers import Caller
from pennsieve_agent.sandbox.aws.registry.image_scans import FINDINGS
from tests.account.stack.specs import NAMES
from tests.sandbox.aws.account import Cloud
from tests.sandbox.aws.test_builds_of_a_node import node

CVE = {
    "name": "CVE-2024-1",
    "severity": "CRITICAL",
    "attributes": [{"key": "package_name", "value": "openssl"}],
}


def pushed(cloud: Cloud, *, on_push: bool = True) -> tuple[Any, str]:
    """ECR with an image in the node's repository; its digest."""
    ecr = cloud.owner.client("ecr")
    ecr.create_repository(
        repositoryName=NAMES.workflow_images,
        imageScanningConfiguration={"scanOnPush": on_push},
    )
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"}
    answer = ecr.put_image(
        repositoryName=NAMES.workflow_images, imageManifest=json.dumps(manifest), imageTag="one"
    )
    return ecr, answer["image"]["imageId"]["imageDigest"]


def asked(cloud: Cloud, image: str) -> dict[str, Any]:
    who = Caller("arn:aws:iam::123456789012:user/ada", "123456789012")
    request = Request(node(cloud), "GET", "", {}, None, who, {})
    status, document = routes_images.findings(request, image.removeprefix("sha256:"))
    assert status == 200
    return dict(document)


def test_many_findings_are_counted_and_the_worst_told(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ecr, digest = pushed(cloud)
    lows = [{"name": f"CVE-2023-{n:04}", "severity": "LOW"} for n in range(1200)]
    counts = {"CRITICAL": 1, "LOW": 1200}
    scan = {
        "imageScanStatus": {"status": "COMPLETE", "description": "done"},
        "imageScanFindings": {
            "imageScanCompletedAt": 1_700_000_000,
            "findings": [*lows, CVE],
            "findingSeverityCounts": counts,
        },
    }
    (tmp_path / "scan.json").write_text(json.dumps(scan))
    monkeypatch.setenv(FINDINGS, str(tmp_path / "scan.json"))
    told = asked(cloud, digest)
    assert (told["status"], told["scannedAt"], told["counts"]) == ("COMPLETE", 1.7e9, counts)
    assert [row["name"] for row in told["worst"]] == [
        "CVE-2024-1",
        "CVE-2023-0000",
        "CVE-2023-0001",
    ]
    assert told["worst"][0]["package"] == "openssl"
    where = {"repositoryName": NAMES.workflow_images, "imageId": {"imageDigest": digest}}
    pages = list(ecr.get_paginator("describe_image_scan_findings").paginate(**where))
    assert [len(page["imageScanFindings"]["findings"]) for page in pages] == [*[100] * 12, 1]


def test_an_image_that_was_not_scanned_and_one_that_cannot_be(cloud: Cloud) -> None:
    ecr, digest = pushed(cloud, on_push=False)
    assert asked(cloud, digest) == {"status": "NOT_SCANNED"}
    ecr.start_image_scan(repositoryName=NAMES.workflow_images, imageId={"imageTag": "one"})
    told = asked(cloud, digest)
    assert (told["status"], told["worst"]) == ("UNSUPPORTED_IMAGE", [])
    assert "no list of known faults" in told["problem"]


def test_what_is_refused(cloud: Cloud) -> None:
    with pytest.raises(Problem, match="the node has no image 0000"):
        asked(cloud, "0" * 64)
    ecr, digest = pushed(cloud)
    with pytest.raises(Problem, match="the node has no image 0000"):
        asked(cloud, "0" * 64)
    with pytest.raises(Problem, match="by its SHA-256"):
        asked(cloud, "one")
    for image, repository, code in (
        ({"imageTag": "two"}, NAMES.workflow_images, "ImageNotFoundException"),
        ({"imageDigest": digest}, "none", "RepositoryNotFoundException"),
    ):
        with pytest.raises(ClientError) as refused:
            ecr.describe_image_scan_findings(repositoryName=repository, imageId=image)
        assert refused.value.response["Error"]["Code"] == code
