"""Routes for the node's owner: what Amazon ECR found in the images of workflows.

The node's repositories are scanned at each push. It is ECR's basic scanning unless the account has
chosen the enhanced one, and costs nothing.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from pennsieve_agent.domain.image_findings import (
    NOT_SCANNED,
    Finding,
    counts_in,
    findings_in,
    worst,
)
from pennsieve_agent.domain.image_names import WORKFLOWS, node_repository
from pennsieve_agent.node.api.request_handler import Problem, Reply, Request, Route, route
from pennsieve_agent.node.node import aws_code

_DIGEST = re.compile(r"[0-9a-f]{64}")
_PAGE = 1000
_MOST = 10_000
"""Findings that are looked through for the worst; all are counted."""
_NO_IMAGE = {"ImageNotFoundException", "RepositoryNotFoundException"}


def findings(request: Request, image: str) -> Reply:
    """What the scan of an image of a workflow, by its SHA-256 in hex, found."""
    if not _DIGEST.fullmatch(image):
        raise Problem(400, "bad-image", "an image is named by its SHA-256 in hex")
    try:
        return 200, _scan(request, image)
    except Exception as error:
        code = aws_code(error)
        if code == "ScanNotFoundException":
            return 200, {"status": NOT_SCANNED}
        if code in _NO_IMAGE:
            raise Problem(404, "no-such-image", f"the node has no image {image[:12]}") from None
        raise


def _scan(request: Request, image: str) -> dict[str, Any]:
    rows: list[Finding] = []
    more: dict[str, str] = {}
    while True:
        page = request.node.client("ecr").describe_image_scan_findings(
            repositoryName=node_repository(request.node.settings.token, WORKFLOWS),
            imageId={"imageDigest": f"sha256:{image}"},
            maxResults=_PAGE,
            **more,
        )
        result, state = page.get("imageScanFindings") or {}, page.get("imageScanStatus") or {}
        rows += findings_in(result)
        if not page.get("nextToken") or len(rows) >= _MOST:
            break
        more = {"nextToken": page["nextToken"]}
    scanned = result.get("imageScanCompletedAt")
    return {
        "status": str(state.get("status") or ""),
        "problem": str(state.get("description") or ""),
        "scannedAt": scanned.timestamp() if scanned else 0,
        "counts": counts_in(result),
        "worst": [asdict(finding) for finding in worst(rows)],
    }


ROUTES: tuple[Route, ...] = (route("GET", "/images/{}/findings", findings),)
