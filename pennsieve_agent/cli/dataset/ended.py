"""Taking away grants whose end has passed, at the next command of their owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.errors import AgentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pennsieve_agent.cli.context import Context


def sweep_noted(context: Context) -> None:
    """Take away the grants that were given on this machine and have ended.

    Without one, a small file is read and nobody is asked. What goes wrong is said, and tried again
    at the next command: the nodes refuse these grants in any case.
    """
    from pennsieve_agent.settings.workflow_identities import any_end

    try:
        if any_end(context.config_path, context.now()):
            sweep(context, (), {})
    except AgentError as error:
        context.streams.note(f"warning: a grant that has ended could not be removed: {error}")


def sweep(context: Context, pairs: Sequence[tuple[str, str]], names: Mapping[str, str]) -> None:
    """Take away grants by workflow and dataset, and those of this machine, that have ended.

    Raises:
        AgentError: Pennsieve refuses, or does not answer.
    """
    from pennsieve_agent.cli.workflow.identity import identity_context
    from pennsieve_agent.domain.grants import until_words
    from pennsieve_agent.services.grants import ended_grants

    identity = identity_context(context)
    noted = identity.store.ended(context.now())
    if not (noted or pairs):
        return
    known = names or {w.uuid: w.name for w in context.platform.workflows.list(context.workspace_id)}
    for one in ended_grants.sweep(identity, dict.fromkeys((*pairs, *noted)), known):
        on = f" on {until_words(one.until)}" if one.until else ""
        context.streams.note(
            f"the grant of workflow '{one.workflow}' on dataset '{one.dataset}' ended{on} and was "
            f"removed{': ' + one.left if one.left else ''}"
        )
