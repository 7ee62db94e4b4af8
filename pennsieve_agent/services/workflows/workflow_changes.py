"""Changing a registered workflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.domain.name_matching import pick
from pennsieve_agent.domain.workflows import Workflow
from pennsieve_agent.errors import Conflict, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform


def archived(platform: Platform, organization_id: str, reference: str) -> Workflow:
    """An archived workflow by name, unique prefix or id.

    Raises:
        UsageProblem: none or several match.
    """
    return pick(
        reference,
        platform.workflows.list(organization_id, archived=True),
        kind="archived workflow",
        keys=lambda w: (w.uuid, w.name),
        list_command="pennsieve workflow list --archived",
    )


def check_free(platform: Platform, organization_id: str, name: str, uuid: str) -> None:
    """Refuse a name that another workflow has; the platform takes it, and then none is found.

    Raises:
        Conflict: another active workflow is called so.
    """
    for other in platform.workflows.list(organization_id):
        if other.name == name and other.uuid != uuid:
            raise Conflict(
                f"there is already a workflow '{name}'",
                where=other.uuid,
                hint="choose another name",
            )


def rename(
    platform: Platform, organization_id: str, workflow: Workflow, name: str, description: str
) -> Workflow:
    """Name and describe a workflow; the workflow as it is called then.

    Two that take one name at the same moment both see the other, and both keep their old name.

    Raises:
        Conflict: another one is called so; nothing was changed.
    """
    platform.workflows.rename(workflow.uuid, name, description)
    if name != workflow.name:
        try:
            check_free(platform, organization_id, name, workflow.uuid)
        except Conflict:
            platform.workflows.rename(workflow.uuid, workflow.name, workflow.description)
            raise
    return platform.workflows.get(workflow.uuid)


def restore(platform: Platform, organization_id: str, workflow: Workflow) -> None:
    """Take an archived workflow back.

    Raises:
        Conflict: another one took its name meanwhile; it stays archived.
    """
    platform.workflows.restore(workflow.uuid)
    try:
        check_free(platform, organization_id, workflow.name, workflow.uuid)
    except Conflict:
        platform.workflows.archive(workflow.uuid)
        raise


def set_defaults(platform: Platform, workflow: Workflow, settings: Sequence[str]) -> Workflow:
    """Set default parameters of a workflow: ``NAME=VALUE``, or ``STEP.NAME=VALUE`` for one step.

    Raises:
        UsageProblem: no such parameter, or a value that does not fit it.
    """
    # Few commands need it.
    from pennsieve_agent.engine.run_parameters import check_parameters  # noqa: PLC0415

    try:
        changed = check_parameters(workflow, settings)
    except UsageProblem as error:
        if "--param" not in (error.hint or ""):
            raise
        hint = f"see its parameters with: pennsieve workflow show '{workflow.name}'"
        raise UsageProblem(error.message, where=error.where, hint=hint) from None
    # The platform replaces all defaults of a step at once (contracts/workflows.md 2.4).
    whole: dict[str, Mapping[str, str]] = {
        step.id: {**step.default_params, **changed[step.id]}
        for step in workflow.processors
        if step.id in changed
    }
    platform.workflows.set_defaults(workflow.uuid, whole)
    return platform.workflows.get(workflow.uuid)
