"""Granting a workflow access to a dataset, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.domain.grants import Access, Grant

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.platform.client import Platform


def grant(platform: Platform, workflow: Workflow, dataset: Dataset, access: Access) -> bool:
    """Let a workflow use a dataset with exactly this access; answers whether anything changed.

    The new access is given before the old one is taken, so that a run in between never loses it.

    Raises:
        Forbidden: the caller is no manager of the dataset.
    """
    present = [g for g in platform.integrations.grants(dataset.id) if _is_for(g, workflow)]
    if [g.access for g in present] == [access]:
        return False
    if not any(g.access is access for g in present):
        known = [
            i
            for i in platform.integrations.list()
            if i.workflow_uuid == workflow.uuid and i.access is access
        ]
        integration = (
            known[0]
            if known
            else platform.integrations.create(workflow.uuid, workflow.name, access)
        )
        platform.integrations.enable(dataset.id, integration.id)
    for old in present:
        if old.access is not access:
            platform.integrations.disable(dataset.id, old.integration_id)
    return True


def revoke(platform: Platform, workflow: Workflow, dataset: Dataset) -> bool:
    """Take a workflow's access to a dataset away; answers whether it had any."""
    present = [g for g in platform.integrations.grants(dataset.id) if _is_for(g, workflow)]
    for old in present:
        platform.integrations.disable(dataset.id, old.integration_id)
    return bool(present)


def access_of(platform: Platform, workflow: Workflow, dataset: Dataset) -> Access | None:
    """The widest access a workflow has on a dataset; None if it has none."""
    found = {g.access for g in platform.integrations.grants(dataset.id) if _is_for(g, workflow)}
    for access in (Access.READ_WRITE, Access.READ):
        if access in found:
            return access
    return None


def _is_for(grant: Grant, workflow: Workflow) -> bool:
    return grant.workflow_uuid == workflow.uuid
