"""Deleting images that nothing needs, as they cost by the month: 0.10 USD for each GB.

A run names a version that is registered, so an image that no version names, and none named in the
last 90 days, is named by no run of these days either. An image that was built and never registered
goes 90 days after it was pushed. Whoever registers or removes a version makes the node look.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pennsieve_agent.domain.image_names import WORKFLOWS, node_repository
from pennsieve_agent.node.identity.workflow_registry import Registry
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.records.run_store import KEPT_SECONDS
from pennsieve_agent.node.table import Items, expiry

_DROPPED = "DROPPED_IMAGE"
_PAGE = 1000
_AT_ONCE = 100
"""What one call deletes ("BatchDeleteImage")."""
log = logging.getLogger(__name__)


def note_dropped(node: Node, documents: Iterable[Mapping[str, Any]]) -> None:
    """Keep the images of versions that are removed for another 90 days."""
    until = node.now() + KEPT_SECONDS
    for digest in {digest for document in documents for digest in _digests(document)}:
        Items(node).put(_DROPPED, digest, expiry(until) | {"until": {"N": f"{until:.0f}"}})


def delete_old_images(node: Node) -> list[str]:
    """Delete images of workflows that nothing needs; answers their digests.

    What AWS refuses is written to the log, and tried again when somebody makes the node look.
    """
    try:
        old = list(_old(node))
        for start in range(0, len(old), _AT_ONCE):
            node.client("ecr").batch_delete_image(
                repositoryName=node_repository(node.settings.token, WORKFLOWS),
                imageIds=[{"imageDigest": digest} for digest in old[start : start + _AT_ONCE]],
            )
    except Exception as error:
        if not (code := aws_code(error)):
            raise
        log.warning("old images are kept for now: AWS answers %s", code)
        return []
    if old:
        log.info("deleted images that nothing needs: %d", len(old))
    return old


def _old(node: Node) -> Iterator[str]:
    """The digests of images that were pushed 90 days ago or more, and that nothing needs."""
    before = node.now() - KEPT_SECONDS
    pushed = [digest for digest, at in _images(node) if at < before]
    if not pushed:
        return
    needed = set(_named(Registry(node)))
    for row in Items(node).query(_DROPPED):
        if float(row["until"]["N"]) > node.now():
            needed.add(str(row["sk"]["S"]))
    yield from (digest for digest in pushed if digest not in needed)


def _images(node: Node) -> Iterator[tuple[str, float]]:
    """The digest of each image in the node's own repository, and when it was pushed."""
    more: dict[str, str] = {}
    while True:
        page = node.client("ecr").describe_images(
            repositoryName=node_repository(node.settings.token, WORKFLOWS),
            maxResults=_PAGE,
            **more,
        )
        for row in page["imageDetails"]:
            yield str(row["imageDigest"]), row["imagePushedAt"].timestamp()
        if not page.get("nextToken"):
            return
        more = {"nextToken": page["nextToken"]}


def _named(registry: Registry) -> Iterator[str]:
    for workflow in registry.workflows():
        for version in registry.versions(workflow):
            yield from _digests(registry.version(workflow, version) or {})


def _digests(document: Mapping[str, Any]) -> Iterator[str]:
    for step in document.get("steps") or ():
        if digest := str(step.get("image") or "").partition("@")[2]:
            yield digest
