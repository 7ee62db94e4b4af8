"""The stack: made, changed, waited for and deleted, with what happens told as it happens."""

from __future__ import annotations

from collections.abc import Callable

from pennsieve_agent.account.steps import DeployStack, StackAction
from pennsieve_agent.account.worlds import Worlds
from pennsieve_agent.aws.cloudformation import (
    StackRequest,
    delete_stack,
    discard,
    execute_change_set,
    find_stack,
    last_event,
    plan_change_set,
    stack_events,
)
from pennsieve_agent.aws.values import ChangeSet, ResourceChange, StackEvent
from pennsieve_agent.errors import AwsError

_GOOD = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}

Tell = Callable[[str], None]


def deploy(step: DeployStack, request: StackRequest, worlds: Worlds, tell: Tell) -> str:
    """Do what the step says; answers in words what came of it.

    Raises:
        AwsError: AWS refused or failed, with the first real reason; or AWS would now do something
            else than the plan said, in which case nothing is done.
        StillRunning: AWS takes longer than we wait.

    """
    _come_to_rest(request.name, worlds, tell)
    if step.action is StackAction.RECREATE:
        _delete_remains(request.name, worlds, tell)
    change_set = plan_change_set(worlds.aws, request, sleep=worlds.sleep)
    if not change_set.changes:
        return f"stack {request.name} is as it should be"
    if _key(change_set.changes) != _key(step.changes):
        discard(worlds.aws, change_set)
        raise AwsError(
            "AWS would now do something else than the plan said; nothing was changed",
            where=request.name,
            hint="run the command again to see the new plan",
        )
    _carry_out(change_set, worlds, tell)
    return f"stack {request.name} is ready"


def delete(name: str, worlds: Worlds, tell: Tell) -> None:
    """Delete a stack, given by name or ARN, and wait until it is gone.

    Raises:
        AwsError: something in it could not be deleted.
        StillRunning: AWS takes longer than we wait.

    """
    stack = find_stack(worlds.aws, name)
    if stack is None or stack.status == "DELETE_COMPLETE":
        return
    since = last_event(worlds.aws, stack.id)
    delete_stack(worlds.aws, stack.id)
    ended, reason = _follow(stack.id, since, worlds, tell)
    if ended != "DELETE_COMPLETE":
        raise AwsError(
            f"stack {stack.name} could not be deleted: {reason or ended}",
            where=stack.id,
            hint="resolve this in the AWS console, then run the command again",
            aws_code=ended,
        )


def _come_to_rest(name: str, worlds: Worlds, tell: Tell) -> None:
    """Wait for what AWS is doing already, if anything; remove the shell of an abandoned plan."""
    if find_stack(worlds.aws, name) is None:
        return
    since = last_event(worlds.aws, name)  # before the state is looked at, or its end may be missed
    stack = find_stack(worlds.aws, name)
    if stack is not None and stack.only_reviewed:
        delete(stack.id, worlds, tell)
    elif stack is not None and stack.busy:
        ended, reason = _follow(stack.id, since, worlds, tell)
        _check(name, ended, reason)


def _delete_remains(name: str, worlds: Worlds, tell: Tell) -> None:
    stack = find_stack(worlds.aws, name)
    if stack is not None and stack.broken:
        delete(stack.id, worlds, tell)


def _carry_out(change_set: ChangeSet, worlds: Worlds, tell: Tell) -> None:
    since = last_event(worlds.aws, change_set.stack_id)
    execute_change_set(worlds.aws, change_set)
    ended, reason = _follow(change_set.stack_id, since, worlds, tell)
    _check(change_set.stack_name, ended, reason)


def _follow(stack_id: str, since: str | None, worlds: Worlds, tell: Tell) -> tuple[str, str]:
    """The status in which the stack came to rest, and the first reason for a failure, if any."""
    status, reason = "", ""
    for event in stack_events(worlds.aws, stack_id, since, sleep=worlds.sleep):
        tell(_line(event))
        if event.failed and not reason:
            reason = f"{event.logical_id} ({event.type}): {event.reason.rstrip('.')}"
        if event.final:
            status = event.status
    return status, reason


def _check(name: str, ended: str, reason: str) -> None:
    if ended in _GOOD:
        return
    raise AwsError(
        f"AWS could not make stack {name} and took it back: {reason or ended}",
        where=name,
        hint="resolve the reason, then run the same command again: it starts afresh",
        aws_code=ended,
    )


def _key(changes: tuple[ResourceChange, ...]) -> set[tuple[str, str, str]]:
    return {(change.action, change.logical_id, change.type) for change in changes}


def _line(event: StackEvent) -> str:
    words = event.status.lower().replace("_", " ")
    return f"{event.logical_id}: {words}{f' ({event.reason})' if event.failed else ''}"
