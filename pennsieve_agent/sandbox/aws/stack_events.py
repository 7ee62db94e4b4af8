"""What happens to a stack, resource by resource, and what happens when one of them fails.

moto makes a stack at once, tells of the stack alone, and stops in the middle at the first failure.
CloudFormation answers the request first, tells of each resource ("View CloudFormation stack
events", https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html), and
rolls back what failed ("Choose how to handle failures when provisioning resources", the same
guide: ``stack-failure-options.html``); what an update removes goes last, in its cleanup. Here moto
still makes it at once, and the events become visible one after the other: see :func:`pace`.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pennsieve_agent.sandbox.aws.functions.function_files import order_problem
from pennsieve_agent.sandbox.aws.stack_changes import replacement_problems
from pennsieve_agent.sandbox.aws.stack_deletion import clean_up, delete_in_order, detach_problem

log = logging.getLogger(__name__)

EVENT_SECONDS = 0.03
"""How long the emulation lets pass between two events: a node takes some seconds, not minutes."""
_STACK = "AWS::CloudFormation::Stack"
_STARTED = {"CREATE": "Resource creation Initiated"}


@dataclass(slots=True)
class _Pace:
    seconds: float = EVENT_SECONDS


_pace = _Pace()


def pace(seconds: float) -> None:
    """Let so many seconds pass between two events of stacks in this process; 0 for none."""
    _pace.seconds = seconds


@contextmanager
def long_ago() -> Iterator[None]:
    """No time passes between events meanwhile: what is made again is what was there already."""
    usual, _pace.seconds = _pace.seconds, 0.0
    try:
        yield
    finally:
        _pace.seconds = usual


def emulate_events() -> None:
    """Make moto's CloudFormation tell of resources, and roll back; again it changes nothing."""
    from moto.cloudformation import models, parsing  # noqa: PLC0415 - slow

    resources, stack, backend = parsing.ResourceMap, models.Stack, models.CloudFormationBackend
    _wrap(resources, "__getitem__", _creating)
    _wrap(resources, "_delete_resource", _deleting)
    _wrap(parsing, "parse_and_update_resource", _updating)
    _wrap(resources, "update", _cleaned_up)
    _wrap(stack, "create_resources", lambda _, self: _carry_out(self, "CREATE", _create_resources))
    _wrap(stack, "update", _update_stack)
    _wrap(stack, "delete", _delete_stack)
    _wrap(backend, "execute_change_set", _execute)
    _wrap(backend, "delete_stack", _kept_where_it_failed)
    _wrap(backend, "describe_stacks", _shown)
    _wrap(backend, "describe_stack_events", _happened)


def _wrap(owner: Any, name: str, instead: Callable[..., Any]) -> None:
    """Call ``instead`` with the original function, and what that would have been called with."""
    original = getattr(owner, name)
    if getattr(original, "filled", False):
        return

    @functools.wraps(original)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        return instead(original, *arguments, **named)

    wrapped.filled = True  # type: ignore[attr-defined]
    setattr(owner, name, wrapped)


@dataclass(frozen=True, slots=True)
class _Note:
    """That something was done to a resource, or why it was not: ``failure``."""

    verb: str
    name: str
    type: str
    physical: str
    failure: str = ""


def _notes(resources: Any) -> list[_Note]:
    """What was noted of a stack's resources since this was emptied."""
    notes: list[_Note] = resources.__dict__.setdefault("notes", [])
    return notes


def _note(resources: Any, verb: str, name: str, done: Callable[[], Any]) -> Any:
    """Do something to a resource, and note it. Of several attempts the last one counts."""
    type_ = resources._resource_json_map[name]["Type"]  # noqa: SLF001 - moto's own
    before = resources._parsed_resources.get(name)  # noqa: SLF001 - the same
    failure, result = "", None
    try:
        result = done()
    except Exception as error:
        failure = str(getattr(error, "message", "") or error) or type(error).__name__
        raise
    finally:
        physical = str(getattr(result or before, "physical_resource_id", "") or "")
        notes = _notes(resources)
        notes[:] = [note for note in notes if not (note.failure and note.name == name)]
        notes.append(_Note(verb, name, type_, physical, failure))
    return result


def _creating(original: Callable[..., Any], resources: Any, name: str) -> Any:
    there = name in resources._parsed_resources  # noqa: SLF001 - moto's own
    if there or name not in resources._resource_json_map:  # noqa: SLF001 - the same
        return original(resources, name)

    def create() -> Any:
        noted = {note.name for note in _notes(resources)}
        there = resources._parsed_resources.keys() - noted  # noqa: SLF001 - moto's own
        bodies = resources._resource_json_map  # noqa: SLF001 - the same
        if problem := order_problem(bodies, name, there):
            raise ValueError(problem)
        return original(resources, name)

    return _note(resources, "CREATE", name, create)


def _updating(
    original: Callable[..., Any], name: str, body: Any, resources: Any, **where: Any
) -> Any:
    return _note(resources, "UPDATE", name, lambda: original(name, body, resources, **where))


def _deleting(original: Callable[..., Any], resources: Any, resource: Any, body: Any) -> None:
    name = resource.logical_resource_id

    def delete() -> None:
        bodies = resources._resource_json_map  # noqa: SLF001 - moto's own
        if problem := detach_problem(bodies, name):
            raise ValueError(problem)
        original(resources, resource, body)

    _note(resources, "DELETE", name, delete)


def _cleaned_up(
    original: Callable[..., Any], resources: Any, template: dict[str, Any], parameters: Any = None
) -> None:
    """Make and change everything first; then delete what the new template does not have."""
    before, now = resources._resource_json_map, template["Resources"]  # noqa: SLF001 - moto's own
    for name, problem in replacement_problems(before, now):
        physical = str(resources[name].physical_resource_id)
        _notes(resources).append(_Note("UPDATE", name, now[name]["Type"], physical, problem))
        raise ValueError(problem)
    removed = {name: body for name, body in before.items() if name not in now}
    if removed:
        original(resources, {**template, "Resources": {**removed, **now}}, parameters)
        clean_up(resources, removed)
    original(resources, template, parameters)


def _create_resources(stack: Any) -> None:
    stack.resource_map.create(stack.template_dict)
    stack.description = stack.template_dict.get("Description")


def _update_stack(
    original: Callable[..., Any],
    stack: Any,
    template: str,
    role_arn: str | None = None,
    parameters: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
) -> None:
    del original
    new = stack.parse_template(template)

    def update(stack: Any) -> None:
        stack.resource_map.update(new, parameters)
        stack.template, stack.role_arn = template, role_arn
        stack.parameters = parameters or stack.parameters
        stack.tags = stack.tags if tags is None else tags

    _tell(stack, "UPDATE_IN_PROGRESS", "User Initiated")
    _carry_out(stack, "UPDATE", update)


def _execute(
    original: Callable[..., Any], backend: Any, change_set_name: str, stack_name: str | None = None
) -> None:
    del original, stack_name
    change_set = backend.describe_change_set(change_set_name)
    stack, kind = backend.stacks[change_set.stack_id], change_set.change_set_type

    def apply(stack: Any) -> None:
        change_set.apply()
        stack.template = change_set.template

    _tell(stack, f"{kind}_IN_PROGRESS", "User Initiated")
    _carry_out(stack, kind, apply)
    change_set.execution_status = "EXECUTE_COMPLETE"


def _carry_out(stack: Any, kind: str, change: Callable[[Any], None]) -> None:
    """Create or update a stack; where that fails, tell why and take it back."""
    resources = stack.resource_map
    before = resources._template, dict(resources.input_parameters)  # noqa: SLF001 - moto's own
    _notes(resources).clear()
    try:
        change(stack)
    except Exception as error:  # noqa: BLE001 - whatever moto raises is why the resource failed
        log.warning("stack %s rolls back: %s", stack.name, error)
        _roll_back(stack, kind, before)
        return
    stack._parse_template()  # noqa: SLF001 - as in UpdateStack
    stack.description = stack.template_dict.get("Description")
    stack.output_map = stack._create_output_map()  # noqa: SLF001 - the same
    _tell_all(stack, deleted=False)
    if kind == "UPDATE":
        _tell(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        _tell_all(stack, deleted=True)
    _end(stack, f"{kind}_COMPLETE")


def _roll_back(stack: Any, kind: str, before: tuple[Any, dict[str, Any]]) -> None:
    failed = ", ".join(note.name for note in _notes(stack.resource_map) if note.failure)
    verb = "create" if kind == "CREATE" else "update"
    word = "ROLLBACK" if kind == "CREATE" else "UPDATE_ROLLBACK"
    _tell_all(stack)
    reason = f"The following resource(s) failed to {verb}: [{failed}]."
    _tell(stack, f"{word}_IN_PROGRESS", f"{reason} Rollback requested by user.")
    _notes(stack.resource_map).clear()
    try:
        _take_back(stack.resource_map, kind, before)
    except Exception as error:  # noqa: BLE001 - as in _carry_out
        log.warning("stack %s cannot be rolled back: %s", stack.name, error)
        _tell_all(stack)
        _end(stack, f"{word}_FAILED", str(error))
        return
    _tell_all(stack, deleted=False)
    if kind == "UPDATE":
        _tell(stack, f"{word}_COMPLETE_CLEANUP_IN_PROGRESS")
    _tell_all(stack, deleted=True)
    _end(stack, f"{word}_COMPLETE")


def _take_back(resources: Any, kind: str, before: tuple[Any, dict[str, Any]]) -> None:
    _forget_what_is_not_there(resources)
    if kind == "CREATE":
        delete_in_order(resources)
        _forget_what_is_not_there(resources)
    else:
        resources.update(*before)


def _forget_what_is_not_there(resources: Any) -> None:
    """Else moto would make what is only looked at, and fail to delete what was never made."""
    parsed, bodies = resources._parsed_resources, resources._resource_json_map  # noqa: SLF001
    resources._resource_json_map = {n: b for n, b in bodies.items() if n in parsed}  # noqa: SLF001


def _delete_stack(original: Callable[..., Any], stack: Any) -> None:
    del original
    _notes(stack.resource_map).clear()
    _tell(stack, "DELETE_IN_PROGRESS", "User Initiated")
    try:
        delete_in_order(stack.resource_map)
    except Exception as error:  # noqa: BLE001 - as in _carry_out
        log.warning("stack %s cannot be deleted: %s", stack.name, error)
    _forget_what_is_not_there(stack.resource_map)
    failed = ", ".join(note.name for note in _notes(stack.resource_map) if note.failure)
    _tell_all(stack)
    if failed:
        reason = f"The following resource(s) failed to delete: [{failed}]."
        _end(stack, "DELETE_FAILED", reason)
    else:
        _end(stack, "DELETE_COMPLETE")


def _kept_where_it_failed(
    original: Callable[..., Any], backend: Any, name_or_stack_id: str
) -> None:
    original(backend, name_or_stack_id)
    for stack in [s for s in backend.deleted_stacks.values() if s.status == "DELETE_FAILED"]:
        del backend.deleted_stacks[stack.stack_id]
        backend.stacks[stack.stack_id] = stack


def _tell_all(stack: Any, *, deleted: bool | None = None) -> None:
    """Tell what was noted of resources: of all, or of deletions alone, or of all others."""
    for note in _notes(stack.resource_map):
        if deleted is None or deleted is (note.verb == "DELETE"):
            _tell(stack, f"{note.verb}_IN_PROGRESS", note=note)
            if started := _STARTED.get(note.verb if not note.failure else ""):
                _tell(stack, f"{note.verb}_IN_PROGRESS", started, note)
            word = "FAILED" if note.failure else "COMPLETE"
            _tell(stack, f"{note.verb}_{word}", note.failure or None, note)


def _tell(stack: Any, status: str, reason: str | None = None, note: _Note | None = None) -> None:
    """Add an event, which becomes visible after those that are there."""
    stack._add_stack_event(status, resource_status_reason=reason)  # noqa: SLF001 - moto's own
    event = stack.events[-1]
    if note is not None:
        event.logical_resource_id, event.resource_type = note.name, note.type
        event.physical_resource_id = note.physical
    if len(stack.events) > 1 and _pace.seconds:
        earliest = stack.events[-2].timestamp + timedelta(seconds=_pace.seconds)
        event.timestamp = max(event.timestamp, earliest)


def _end(stack: Any, status: str, reason: str | None = None) -> None:
    _tell(stack, status, reason)
    stack.status = status


def _visible(events: list[Any]) -> list[Any]:
    """Leave out the events that are still to come."""
    from moto.core.utils import utcnow  # noqa: PLC0415 - slow

    now = utcnow()
    return [event for event in events if event.timestamp <= now]


def _happened(original: Callable[..., Any], backend: Any, stack_name: str) -> list[Any]:
    return _visible(original(backend, stack_name))


def _shown(original: Callable[..., Any], backend: Any, name_or_stack_id: str) -> list[Any]:
    """A stack's status is that of its last event that can be seen."""
    stacks: list[Any] = original(backend, name_or_stack_id)
    for stack in stacks:
        of_stack = [event for event in stack.events if event.resource_type == _STACK]
        stack.status = _visible(of_stack)[-1].resource_status
    return stacks
