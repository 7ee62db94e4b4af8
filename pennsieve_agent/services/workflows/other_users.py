"""Who else uses a workflow: they get its newer code, too, so they are named before it changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.domain.workflows import Workflow
from pennsieve_agent.errors import AwsError, NodeError, PlatformError
from pennsieve_agent.services.workflows.node_versions import NodeContext

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform

_RUNS = 100
_SHOWN = 3


def other_users(
    platform: Platform,
    organization_id: str,
    user_id: str,
    workflow: Workflow,
    desks: Sequence[NodeContext],
) -> list[str]:
    """Sentences on who else uses a workflow; empty when nobody is known to.

    A node that cannot be asked is a reason to ask, too.

    Raises:
        PlatformError: Pennsieve does not answer.
    """
    sentences = []
    if workflow.visibility == "public":
        sentences.append("every workspace can run it")
    runs = platform.runs.list(organization_id, workflow_id=workflow.uuid, limit=_RUNS)
    others = {run.created_by for run in runs} - {"", user_id}
    if workflow.created_by:
        others |= {workflow.created_by} - {user_id}
    if others:
        sentences.append(f"used by {_names(platform, organization_id, others)}")
    for desk in desks:
        sentences += _shares(desk, workflow.uuid)
    return sentences


def _names(platform: Platform, organization_id: str, ids: set[str]) -> str:
    members = {m.id: m.name for m in platform.people.members(organization_id)}
    names = sorted(members.get(user, user) for user in ids)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


def _shares(desk: NodeContext, workflow: str) -> Iterator[str]:
    where = f"compute node '{desk.node.name}'"
    try:
        rows = desk.calls.ask("GET", "/shares", admin=True).get("shares") or []
    except (PlatformError, AwsError, NodeError) as error:
        yield f"cannot tell with whom it is shared on {where}: {error.message}"
        return
    for row in rows:
        if workflow in (row.get("workflows") or ()):
            yield f"shared on {where} with {row.get('arn')}"
