"""What the commands of grants and identities have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.errors import AgentError, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.profile import ApiKey
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.grants.identity_context import IdentityContext
    from pennsieve_agent.services.nodes.own_node_admin import Unasked

REACH = (
    "besides the datasets that are granted, the workflow's user can access every dataset that is "
    "shared with the whole workspace"
)


def identity_context(context: Context) -> IdentityContext:
    """What identities are made and kept with, for the person of the profile in use."""
    from dataclasses import replace

    from pennsieve_agent.services.grants.identity_context import IdentityContext
    from pennsieve_agent.settings.workflow_identities import WorkflowIdentities
    from pennsieve_agent.settings.workflow_keys import WorkflowKeys

    # Not by context.identity, which asks twice more.
    api, me, workspace = context.profile.hosts.api, context.user, context.workspace_id

    def connect(key: ApiKey) -> Platform:
        return context.connect(replace(context.profile, key=key))

    return IdentityContext(
        platform=context.platform,
        me=me,
        nodes=context.admin_nodes,
        store=WorkflowIdentities.beside(context.config_path, api, workspace, me.id),
        keys=WorkflowKeys(context.workflow_keychain, f"{api} {workspace}"),
        connect=connect,
        note=context.streams.note,
        now=context.now,
        sleep=context.sleep,
    )


def need_own_nodes(context: Context) -> None:
    """Refuse to grant where nothing would keep to it.

    Raises:
        UsageProblem: there is no node of the user's own in this workspace.

    """
    if context.admin_nodes:
        return
    others = list(context.platform.compute.nodes(context.workspace_id))
    if others:
        raise UsageProblem(
            "nothing was granted: this workspace has only compute nodes that Pennsieve runs. A run "
            "there acts as the person who starts it, and can access all of that person's datasets; "
            "grants limit only nodes of your own",
            hint="make a node of your own with: pennsieve compute register",
        )
    raise UsageProblem(
        "nothing was granted: you have no compute node of your own in this workspace, and only "
        "your own nodes enforce grants",
        hint="make one with: pennsieve compute register",
    )


def note_unasked(context: Context, unasked: Iterable[Unasked]) -> None:
    """Name the nodes that could not be reached."""
    for silent in unasked:
        name, why = silent.node.name, silent.error.message
        context.streams.note(f"warning: compute node '{name}' could not be reached: {why}")


def require_all_answers(unasked: tuple[Unasked, ...]) -> None:
    """Fail after all else was done, when a node could not be reached.

    Raises:
        AgentError: one could not.

    """
    if unasked:
        names = ", ".join(f"'{silent.node.name}'" for silent in unasked)
        raise AgentError(
            f"compute node {names} could not be reached: {unasked[0].error.message}",
            where=unasked[0].error.where,
            hint="the rest is done; type the same command again when the node answers",
        )
