"""CloudFormation stacks: read, plan as change sets, execute and delete."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pennsieve_agent.aws.s3 import delete_version, put_object
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.aws.values import (
    ChangeSet,
    ResourceChange,
    Stack,
    StackResource,
)
from pennsieve_agent.domain.poll_delays import pauses
from pennsieve_agent.errors import AwsError, StillRunning

Sleep = Callable[[float], None]

PLAN_PREFIX = "pennsieve-"
CHANGE_SET_SECONDS = 300.0
MAX_TEMPLATE_BYTES = 51_200
MAX_STORED_TEMPLATE_BYTES = 1_000_000
"""The longest template text in a request, and in a bucket (AWS CloudFormation, "Understand
CloudFormation quotas",
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html)."""


@dataclass(frozen=True, slots=True)
class StackRequest:
    """A stack as it should be.

    ``bucket`` is one of the stack's own, which is there once the stack is: a template that is too
    long for a request is put there. ``first`` is the template with which such a stack is created:
    it has that bucket.
    """

    name: str
    template: Mapping[str, Any]
    tags: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    bucket: str = ""
    first: Mapping[str, Any] = field(default_factory=dict)

    @property
    def too_long(self) -> bool:
        """Whether the template cannot be in a request."""
        return len(self.body.encode()) > MAX_TEMPLATE_BYTES

    @property
    def body(self) -> str:
        """The template as JSON without white space, always in the same order."""
        return json.dumps(self.template, separators=(",", ":"), sort_keys=True)

    @property
    def change_set_name(self) -> str:
        """A name that depends on the content alone, so that planning twice makes one."""
        text = json.dumps([self.body, dict(self.tags), dict(self.parameters)], sort_keys=True)
        return f"{PLAN_PREFIX}{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def is_missing_stack(error: AwsError) -> bool:
    """Whether AWS says that there is no such stack.

    CloudFormation has no code for it: it answers ``ValidationError`` and "Stack with id NAME does
    not exist".
    """
    return error.aws_code == "ValidationError" and "does not exist" in error.message


def means_no_changes(reason: str) -> bool:
    """Whether a change set failed because there is nothing to change.

    CloudFormation has no code for it either; these are its two sentences.
    """
    return "didn't contain changes" in reason or "No updates are to be performed" in reason


def find_stack(aws: Aws, name: str) -> Stack | None:
    """The stack of this name or ARN with its resources; None if there is none.

    By name a deleted stack is not found; by ARN it is, with status ``DELETE_COMPLETE``.
    """
    description = _describe(aws, name)
    if description is None:
        return None
    return _stack(description, _resources(aws, description["StackId"]))


def stacks_called(aws: Aws, prefix: str) -> tuple[Stack, ...]:
    """The stacks whose names begin with a prefix, without their resources."""
    pages = aws.pages("cloudformation", "describe_stacks")
    rows = (row for page in pages for row in page["Stacks"])
    return tuple(_stack(row, ()) for row in rows if row["StackName"].startswith(prefix))


def template_of(aws: Aws, name: str) -> dict[str, Any]:
    """The template that a stack was last made from, as it was sent."""
    body = aws.call("cloudformation", "get_template", StackName=name)["TemplateBody"]
    template: dict[str, Any] = json.loads(body) if isinstance(body, str) else dict(body)
    return template


def plan_change_set(
    aws: Aws, request: StackRequest, *, sleep: Sleep, types: Collection[str] = ()
) -> ChangeSet:
    """Create a change set: what CloudFormation would do, without doing it.

    With ``types`` nothing of another type may be made, changed or deleted; policies can demand it
    (AWS CloudFormation API, "CreateChangeSet", ResourceTypes).

    For a stack that is not there yet this makes an empty shell (``REVIEW_IN_PROGRESS``), which
    :func:`discard` removes.

    Raises:
        AwsError: the template was refused, or the stack's state does not allow changes.

    """
    present = _describe(aws, request.name)
    creates = present is None or present["StackStatus"] == "REVIEW_IN_PROGRESS"
    kind = "CREATE" if creates else "UPDATE"
    limits = {"ResourceTypes": sorted(types)} if types else {}
    with _template(aws, request, kind) as template:
        created = _create_change_set(aws, request, kind, {**template, **limits})
        empty = ChangeSet(created["Id"], created["StackId"], request.name, creates)
        return _planned(aws, request, empty, sleep)


def _planned(aws: Aws, request: StackRequest, empty: ChangeSet, sleep: Sleep) -> ChangeSet:
    """Wait until AWS has planned."""
    for pause in pauses(CHANGE_SET_SECONDS):
        state = aws.call("cloudformation", "describe_change_set", ChangeSetName=empty.id)
        if state["Status"] == "CREATE_COMPLETE":
            return ChangeSet(*_key(empty), changes=_changes(aws, state))
        if state["Status"] == "FAILED":
            reason = str(state.get("StatusReason", ""))
            discard(aws, empty)
            if means_no_changes(reason):
                return empty
            raise AwsError(
                f"AWS refused the changes to stack {request.name}: {reason.rstrip('.')}",
                where=request.name,
                aws_code="ChangeSetFailed",
            )
        sleep(pause)
    raise StillRunning(f"AWS is still planning stack {request.name}", hint="run the command again")


def execute_change_set(aws: Aws, change_set: ChangeSet) -> None:
    """Execute a change set; :mod:`.stack_events` follows it."""
    aws.call("cloudformation", "execute_change_set", ChangeSetName=change_set.id)


def discard(aws: Aws, change_set: ChangeSet) -> None:
    """Delete a change set, and the empty stack that was created for it."""
    try:
        aws.call("cloudformation", "delete_change_set", ChangeSetName=change_set.id)
    except AwsError as error:
        if error.aws_code != "ChangeSetNotFound" and not is_missing_stack(error):
            raise
    if change_set.creates:
        description = _describe(aws, change_set.stack_id)
        if description is not None and description["StackStatus"] == "REVIEW_IN_PROGRESS":
            delete_stack(aws, change_set.stack_id)


def discard_plans(aws: Aws, name: str) -> None:
    """Delete change sets of this program that were never executed."""
    for page in aws.pages("cloudformation", "list_change_sets", StackName=name):
        for row in page["Summaries"]:
            ours = row["ChangeSetName"].startswith(PLAN_PREFIX)
            if ours and row.get("ExecutionStatus") in {"AVAILABLE", "UNAVAILABLE"}:
                aws.call(
                    "cloudformation",
                    "delete_change_set",
                    StackName=name,
                    ChangeSetName=row["ChangeSetName"],
                )


def delete_stack(aws: Aws, name: str) -> None:
    """Start deleting a stack, given by name or ARN; fine if it does not exist."""
    aws.call("cloudformation", "delete_stack", StackName=name)


def _describe(aws: Aws, name: str) -> dict[str, Any] | None:
    try:
        stacks = aws.call("cloudformation", "describe_stacks", StackName=name)["Stacks"]
    except AwsError as error:
        if is_missing_stack(error):
            return None
        raise
    return dict(stacks[0]) if stacks else None


def _resources(aws: Aws, stack_id: str) -> tuple[StackResource, ...]:
    answer = aws.call("cloudformation", "describe_stack_resources", StackName=stack_id)
    return tuple(
        StackResource(
            logical_id=row.get("LogicalResourceId", ""),
            type=row.get("ResourceType", ""),
            name=row.get("PhysicalResourceId", ""),
            status=row.get("ResourceStatus", ""),
        )
        for row in answer["StackResources"]
    )


def _stack(description: Mapping[str, Any], resources: tuple[StackResource, ...]) -> Stack:
    return Stack(
        id=description["StackId"],
        name=description["StackName"],
        status=description["StackStatus"],
        tags={tag["Key"]: tag["Value"] for tag in description.get("Tags", [])},
        reason=description.get("StackStatusReason", ""),
        resources=resources,
    )


def _create_change_set(
    aws: Aws, request: StackRequest, kind: str, more: Mapping[str, Any]
) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "StackName": request.name,
        "ChangeSetName": request.change_set_name,
        "ChangeSetType": kind,
        **more,
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Tags": [{"Key": k, "Value": v} for k, v in request.tags.items()],
        "Parameters": [
            {"ParameterKey": k, "ParameterValue": v} for k, v in request.parameters.items()
        ],
    }
    try:
        return aws.call("cloudformation", "create_change_set", **arguments)
    except AwsError as error:
        if error.aws_code != "AlreadyExistsException":
            raise
    # A plan that was left behind by an interrupted command: make it anew.
    aws.call(
        "cloudformation",
        "delete_change_set",
        StackName=request.name,
        ChangeSetName=request.change_set_name,
    )
    return aws.call("cloudformation", "create_change_set", **arguments)


@contextmanager
def _template(aws: Aws, request: StackRequest, kind: str) -> Iterator[dict[str, str]]:
    """The template itself, or its address in a bucket, where it is until AWS has planned."""
    if kind == "CREATE" or not (request.too_long and request.bucket):
        yield {"TemplateBody": request.body}
        return
    body = request.body.encode()
    key = f"code/{hashlib.sha256(body).hexdigest()}.template.json"
    version = put_object(aws, request.bucket, key, body)
    try:
        yield {"TemplateURL": f"https://{request.bucket}.s3.{aws.region}.amazonaws.com/{key}"}
    finally:
        delete_version(aws, request.bucket, key, version)


def _key(change_set: ChangeSet) -> tuple[str, str, str, bool]:
    return change_set.id, change_set.stack_id, change_set.stack_name, change_set.creates


def _changes(aws: Aws, first: dict[str, Any]) -> tuple[ResourceChange, ...]:
    page, changes = first, list(first.get("Changes", []))
    while token := page.get("NextToken"):
        page = aws.call(
            "cloudformation",
            "describe_change_set",
            ChangeSetName=first["ChangeSetId"],
            NextToken=token,
        )
        changes += page.get("Changes", [])
    rows = (row["ResourceChange"] for row in changes if "ResourceChange" in row)
    return tuple(
        ResourceChange(
            action=row["Action"],
            logical_id=row["LogicalResourceId"],
            type=row["ResourceType"],
            replacement=str(row.get("Replacement", "")),
        )
        for row in rows
    )
