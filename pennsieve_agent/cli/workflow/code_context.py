"""What the commands that register code have in common: where it is fetched, built and put."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.services.workflows.register_workflow import Means
    from pennsieve_agent.settings.workflow_code import WorkflowCode


@contextmanager
def registering(context: Context) -> Iterator[tuple[Means, Path]]:
    """What code is registered with, and a folder that is removed afterwards."""
    from pennsieve_agent.cli.compute.node_images import LazyEngine, desks
    from pennsieve_agent.services.workflows import register_workflow
    from pennsieve_agent.source.fetch import is_public
    from pennsieve_agent.source.temporary_folders import temporary_folder

    with temporary_folder() as folder, closing(LazyEngine(context)) as engine:
        yield (
            register_workflow.Means(
                platform=context.platform,
                organization_id=context.workspace_id,
                user_id=context.user.id,
                code=code_record(context),
                desks=desks(context, engine),
                engine=engine,
                is_public=is_public,
                sleep=context.sleep,
                note=context.streams.note,
            ),
            folder,
        )


def code_record(context: Context) -> WorkflowCode:
    """Where the code of workflows was taken from on this machine."""
    from pennsieve_agent.settings.workflow_code import WorkflowCode

    return WorkflowCode.beside(context.config_path)
