"""What AWS answers, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_SETTLED = {
    *("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"),
    *("IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"),
}
_BROKEN = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"}


@dataclass(frozen=True, slots=True)
class AwsIdentity:
    """Who we are in AWS. ``source`` says in words where the credentials came from."""

    account_id: str
    arn: str
    user_id: str
    region: str
    source: str

    @property
    def partition(self) -> str:
        """The part of AWS: ``aws``, ``aws-us-gov`` or ``aws-cn``."""
        return self.arn.split(":")[1]


@dataclass(frozen=True, slots=True)
class StackResource:
    """One resource of a stack. ``name`` is its physical name, empty while there is none."""

    logical_id: str
    type: str
    name: str
    status: str = ""


@dataclass(frozen=True, slots=True)
class Stack:
    """A CloudFormation stack. ``id`` is its ARN, which also works after deletion."""

    id: str
    name: str
    status: str
    tags: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    resources: tuple[StackResource, ...] = ()

    @property
    def updatable(self) -> bool:
        """Whether a change set of type UPDATE is possible now."""
        return self.status in _SETTLED

    @property
    def only_reviewed(self) -> bool:
        """Whether it has only a change set that was never executed, and no resources."""
        return self.status == "REVIEW_IN_PROGRESS"

    @property
    def busy(self) -> bool:
        """Whether AWS is changing it."""
        return self.status.endswith("_IN_PROGRESS") and not self.only_reviewed

    @property
    def broken(self) -> bool:
        """Whether its creation failed, so that it can only be deleted."""
        return self.status in _BROKEN


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """One line of a change set. ``action`` is Add, Modify or Remove.

    ``replacement`` is True (the resource is made anew), False, Conditional, or empty.
    """

    action: str
    logical_id: str
    type: str
    replacement: str = ""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What CloudFormation would do; without ``changes`` there is nothing to do."""

    id: str
    stack_id: str
    stack_name: str
    creates: bool
    changes: tuple[ResourceChange, ...] = ()


@dataclass(frozen=True, slots=True)
class StackEvent:
    """Something that happened to a stack or to a resource in it. ``at`` is ISO 8601, UTC."""

    id: str
    logical_id: str
    type: str
    status: str
    reason: str = ""
    at: str = ""
    of_stack: bool = False

    @property
    def failed(self) -> bool:
        """Whether this is a failure of its own, not the consequence of another one."""
        return self.status.endswith("_FAILED") and "cancelled" not in self.reason.lower()

    @property
    def final(self) -> bool:
        """Whether the whole stack is idle again."""
        return self.of_stack and not self.status.endswith("_IN_PROGRESS")
