"""The stack: created, updated and deleted, with AWS's events reported as they happen."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pennsieve_agent.account.register.stack_failure import keep_events
from pennsieve_agent.account.register.steps import DeployStack, StackAction, TurnOn
from pennsieve_agent.account.rights.resource_handlers import STACK_TYPES
from pennsieve_agent.account.world.clients import Clients, Progress, StepState
from pennsieve_agent.aws.cloudformation import (
    StackRequest,
    delete_stack,
    discard,
    execute_change_set,
    find_stack,
    plan_change_set,
)
from pennsieve_agent.aws.stack_events import last_event, stack_events
from pennsieve_agent.aws.values import ChangeSet, ResourceChange, StackEvent
from pennsieve_agent.errors import AwsError

_GOOD = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def deploy(step: DeployStack, request: StackRequest, clients: Clients) -> str:
    """Do what the step says; answers in words what came of it.

    Raises:
        AwsError: AWS refused or failed, with the first real reason; or AWS would now do something
            else than the plan said, in which case nothing is done.
        StillRunning: AWS takes longer than we wait.

    """
    following = _Following(step.kind, clients)
    following.wait_until_idle(request.name)
    if step.action is StackAction.REJOIN:
        return f"AWS has finished with stack {request.name}"
    if step.action is StackAction.RECREATE:
        following.delete_failed(request.name)
    begun = _begin(request, following)
    change_set = plan_change_set(clients.aws, request, sleep=clients.sleep, types=STACK_TYPES)
    if not change_set.changes:
        return f"stack {request.name} is up to date"
    if not _expected(step, (*begun, *change_set.changes)):
        discard(clients.aws, change_set)
        raise AwsError(
            "AWS would now make other changes than the plan showed; nothing was changed",
            where=request.name,
            hint="run the command again to see the new plan",
        )
    left = following.carry_out(change_set)
    return f"stack {request.name} is ready{_left_behind(left)}"


def _begin(request: StackRequest, following: _Following) -> tuple[ResourceChange, ...]:
    """Create a stack whose template is too long for a request with its bucket; what that added.

    An update may read its template from the stack's own bucket (AWS CloudFormation API reference,
    "CreateChangeSet", TemplateURL).
    """
    if not request.too_long or find_stack(following.aws, request.name) is not None:
        return ()
    first = replace(request, template=request.first)
    change_set = plan_change_set(
        following.aws, first, sleep=following.clients.sleep, types=STACK_TYPES
    )
    following.carry_out(change_set)
    return change_set.changes


def delete(name: str, clients: Clients, kind: str = "delete_stack") -> None:
    """Delete a stack, given by name or ARN, and wait until it is gone. ``kind`` is the step's.

    Raises:
        AwsError: something in it could not be deleted.
        StillRunning: AWS takes longer than we wait.

    """
    _Following(kind, clients).delete(name)


class _Following:
    """Changes a stack and follows AWS's events until it is done, for one step."""

    def __init__(self, kind: str, clients: Clients) -> None:
        self.kind = kind
        self.clients = clients
        self.aws = clients.aws

    def wait_until_idle(self, name: str) -> None:
        """Wait for a change that AWS is making already; delete an empty stack of an older plan."""
        if find_stack(self.aws, name) is None:
            return
        since = last_event(self.aws, name)  # before the state is looked at, or its end is missed
        stack = find_stack(self.aws, name)
        if stack is not None and stack.only_reviewed:
            self.delete(stack.id)
        elif stack is not None and stack.busy:
            self._check(name, self._follow(stack.id, since))

    def delete_failed(self, name: str) -> None:
        """Delete a stack whose creation failed."""
        stack = find_stack(self.aws, name)
        if stack is not None and stack.broken:
            self.delete(stack.id)

    def carry_out(self, change_set: ChangeSet) -> list[StackEvent]:
        """Do what a change set says; what AWS could not delete, and is not of the stack any more.

        (https://repost.aws/knowledge-center/cloudformation-stack-cleanup-stuck)
        """
        since = last_event(self.aws, change_set.stack_id)
        execute_change_set(self.aws, change_set)
        events = self._follow(change_set.stack_id, since)
        self._check(change_set.stack_name, events)
        last = {event.logical_id: event for event in events if not event.of_stack}
        return [event for event in last.values() if event.status == "DELETE_FAILED"]

    def delete(self, name: str) -> None:
        """Delete the stack and wait."""
        stack = find_stack(self.aws, name)
        if stack is None or stack.status == "DELETE_COMPLETE":
            return
        since = last_event(self.aws, stack.id)
        if stack.status != "DELETE_IN_PROGRESS":
            delete_stack(self.aws, stack.id)
        events = self._follow(stack.id, since)
        ended = events[-1].status
        if ended != "DELETE_COMPLETE":
            raise AwsError(
                f"stack {stack.name} could not be deleted: {_reason(events) or ended}",
                where=stack.id,
                hint="resolve this in the AWS console, then run the command again",
                aws_code=ended,
            )

    def _follow(self, stack_id: str, since: str | None) -> list[StackEvent]:
        """The events until the stack is no longer changing; never empty."""
        events = []
        for event in stack_events(self.aws, stack_id, since, sleep=self.clients.sleep):
            self._tell(event)
            events.append(event)
        return events

    def _check(self, name: str, events: list[StackEvent]) -> None:
        ended = events[-1].status
        if ended in _GOOD:
            return
        path = keep_events(self.clients.journal, name, events)
        all_events = (
            "that file has all events that AWS reported"
            if path
            else "AWS's events of it could not be kept here"
        )
        raise AwsError(
            f"AWS could not create or update stack {name} and rolled back: "
            f"{_reason(events) or ended}",
            where=str(path) if path else None,
            hint=f"{all_events}; fix the cause, then run the same command again: it starts over",
            aws_code=ended,
        )

    def _tell(self, event: StackEvent) -> None:
        words = event.status.lower().replace("_", " ")
        sentence = f"{event.logical_id}: {words}{f' ({event.reason})' if event.failed else ''}"
        at = datetime.fromisoformat(event.at).timestamp()
        item = "" if event.of_stack else event.logical_id
        self.clients.progress(
            Progress(self.kind, StepState.EVENT, sentence, "", item, event.status, at)
        )


def _left_behind(events: list[StackEvent]) -> str:
    """What an update left in AWS, in words; empty where that is nothing."""
    names = ", ".join(f"{event.logical_id} ({event.type})" for event in events)
    return f"; AWS could not delete {names}: delete it in the AWS console" if names else ""


def _reason(events: list[StackEvent]) -> str:
    """The first failure; later ones are consequences of it."""
    first = next((event for event in events if event.failed), None)
    return f"{first.logical_id} ({first.type}): {first.reason.rstrip('.')}" if first else ""


def _expected(step: DeployStack, actual: tuple[ResourceChange, ...]) -> bool:
    """Whether AWS would do what was planned.

    Where that was told from our own templates, AWS may list further changes in passing, but
    nothing else may be made, removed or made anew.
    """
    if isinstance(step, TurnOn) and step.predicted:
        grave = tuple(c for c in actual if c.action != "Modify" or c.replacement == "True")
        planned = tuple(c for c in step.changes if c.action != "Modify" or c.replacement == "True")
        return _key(grave) == _key(planned)
    return _key(actual) == _key(step.changes)


def _key(changes: tuple[ResourceChange, ...]) -> set[tuple[str, str, str]]:
    return {(change.action, change.logical_id, change.type) for change in changes}
