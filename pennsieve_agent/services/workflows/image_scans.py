"""What Amazon ECR found in the images of a workflow, on each of my own nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pennsieve_agent.domain.image_findings import ImageScan, StepScan, decode_scan
from pennsieve_agent.domain.image_names import WORKFLOWS, node_repository, parse_image
from pennsieve_agent.errors import AwsError, NodeError, PlatformError, UsageProblem
from pennsieve_agent.services.side_by_side import side_by_side
from pennsieve_agent.services.workflows.node_workflows import newest_document

if TYPE_CHECKING:
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.services.workflows.find_workflow import Nodes


def image_scans(nodes: Nodes, workflow: str, note: Callable[[str], None]) -> list[StepScan]:
    """The scans of the images of a workflow's newest version, by its id, on the nodes I own.

    Images that Pennsieve built are in its own registry, which only it can ask. ``note`` is told of
    a node that cannot say.
    """
    owned = [(node, calls) for node, calls in nodes if node.is_owned]

    def ask(node: OwnNode, calls: NodeCalls) -> list[StepScan]:
        try:
            return list(_on(node, calls, workflow))
        except (AwsError, NodeError, PlatformError) as error:
            note(f"could not ask node '{node.name}' about its images: {error.message}")
            return []

    asks = [lambda row=row: ask(*row) for row in owned]
    return [scan for rows in side_by_side(asks) for scan in rows]


def _on(node: OwnNode, calls: NodeCalls, workflow: str) -> Iterator[StepScan]:
    document = newest_document(node, calls, workflow)
    scans: dict[str, ImageScan] = {}
    for step in (document or {}).get("steps") or ():
        digest = _own_digest(node, str(step.get("image") or ""))
        if not digest:
            continue
        if digest not in scans:
            path = f"/images/{digest.partition(':')[2]}/findings"
            scans[digest] = decode_scan(calls.ask("GET", path, admin=True))
        yield StepScan(node.name, str(step["id"]), digest, scans[digest])


def _own_digest(node: OwnNode, image: str) -> str:
    """The digest of an image in the node's own repository; empty for any other."""
    try:
        parsed = parse_image(image) if image else None
    except UsageProblem:
        return ""
    own = node_repository(node.token, WORKFLOWS)
    return parsed.digest if parsed is not None and parsed.repository == own else ""
