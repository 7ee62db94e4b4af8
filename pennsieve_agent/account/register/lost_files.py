"""Whether an update of a node takes from its active runs what they need. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from pennsieve_agent.account.register.account_plan import AccountPlan
from pennsieve_agent.account.register.steps import DeployStack
from pennsieve_agent.aws.values import ResourceChange

FILE_SYSTEMS = frozenset({"AWS::EFS::FileSystem", "AWS::S3Files::FileSystem"})
"""What has the files of runs, in this version and in earlier ones."""


LOST = "deletes the file system that has their files"
CUT_OFF = "creates function Relay, which transfer jobs of the earlier version do not use"


def runs_lose(plan: AccountPlan) -> str:
    """What a plan takes from active runs, as what it does; empty where they go on.

    New code, other limits and tags take nothing from them.
    """
    steps = [step for step in plan.steps if isinstance(step, DeployStack)]
    if any(lost_file_systems(step.changes) for step in steps):
        return LOST
    return CUT_OFF if any(cuts_off(step.changes) for step in steps) else ""


def cuts_off(changes: Iterable[ResourceChange]) -> bool:
    """Whether jobs that run may no longer ask what they ask, as in versions without a relay.

    Their role asks the relay alone from then on, and they have the code and the settings with which
    they began.
    """
    actions = {change.logical_id: change.action for change in changes}
    return actions.get("Relay") == "Add" and actions.get("Reconciler") == "Modify"


def lost_file_systems(changes: Iterable[ResourceChange]) -> list[ResourceChange]:
    """The changes after which a file system is not there any more, or may not be."""
    return [
        change
        for change in changes
        if change.type in FILE_SYSTEMS
        and (change.action == "Remove" or change.replacement in {"True", "Conditional"})
    ]
