"""Whether an update of a node takes the files of its active runs away. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from pennsieve_agent.account.register.account_plan import AccountPlan
from pennsieve_agent.account.register.steps import DeployStack
from pennsieve_agent.aws.values import ResourceChange

FILE_SYSTEMS = frozenset({"AWS::EFS::FileSystem", "AWS::S3Files::FileSystem"})
"""What has the files of runs, in this version and in earlier ones."""


def loses_files(plan: AccountPlan) -> bool:
    """Whether a plan deletes or replaces a file system, which has the files of active runs.

    New code, other limits and tags take nothing from them.
    """
    steps = (step for step in plan.steps if isinstance(step, DeployStack))
    return any(lost_file_systems(step.changes) for step in steps)


def lost_file_systems(changes: Iterable[ResourceChange]) -> list[ResourceChange]:
    """The changes after which a file system is not there any more, or may not be."""
    return [
        change
        for change in changes
        if change.type in FILE_SYSTEMS
        and (change.action == "Remove" or change.replacement in {"True", "Conditional"})
    ]
