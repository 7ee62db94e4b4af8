"""``pennsieve workflow update`` of a workflow's code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pennsieve_agent.console.shown import NOT_CHANGED, UNCHANGED, Prose, Shown
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.workflows import Checkout
    from pennsieve_agent.services.workflows.code_change import CodeChange
    from pennsieve_agent.services.workflows.existing_workflow import Existing
    from pennsieve_agent.services.workflows.registration import Added, Means, Wish
    from pennsieve_agent.services.workflows.step_refs import Ref


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """Which code a workflow is to have: tags, branches or commits, and where its code lies now.

    With ``steps`` it is the code of these alone.
    """

    to: Sequence[str]
    repositories: Sequence[str]
    steps: Sequence[str]
    accept_moved_tag: bool
    yes: bool
    dry_run: bool


def update_code(context: Context, reference: str, request: CodeRequest, wish: Wish) -> Shown:
    """Show from which code to which, ask where others use it, and build and register it."""
    from pennsieve_agent.cli.workflow.code_context import registering, with_typed_token
    from pennsieve_agent.cli.workflow.named import named_workflow
    from pennsieve_agent.services.workflows import code_change, register_workflow
    from pennsieve_agent.services.workflows.existing_workflow import check_code, existing_of
    from pennsieve_agent.services.workflows.other_users import other_users
    from pennsieve_agent.services.workflows.registration import changes_of
    from pennsieve_agent.services.workflows.step_refs import kept_words, step_refs

    located = named_workflow(context, reference)
    with registering(context) as (means, folder):
        existing = existing_of(
            located.workflow, means.desks, is_on_pennsieve=located.is_on_pennsieve
        )
        refs = step_refs(existing.sources, request.to, request.steps, _pinned(context, existing))
        for line in kept_words(existing.sources, refs, request.steps):
            context.streams.note(line)
        checkouts = with_typed_token(
            context, folder, lambda empty: _checkouts(context, existing, request, refs, empty)
        )
        check_code(existing, checkouts)
        changes = changes_of(means, existing, checkouts)
        if not request.accept_moved_tag:
            code_change.refuse_moved_tags(existing.workflow.name, changes)
        if not _changes_anything(means, existing, changes, wish):
            return _up_to_date(existing, changes)
        others = other_users(
            means.platform, means.organization_id, means.user_id, existing.workflow, means.desks
        )
        lines = _lines(existing, changes, others)
        if request.dry_run:
            document = _plan_document(existing, changes, others)
            return Shown(document, [Prose(line) for line in lines], [NOT_CHANGED])
        for line in lines:
            context.streams.note(line)
        question = f"Update workflow '{existing.workflow.name}' for them, too?"
        if others and not context.streams.confirm(question, assume=request.yes):
            return UNCHANGED
        return _updated(register_workflow.update(means, existing, checkouts, wish), others)


def _pinned(context: Context, existing: Existing) -> tuple[str, ...]:
    from pennsieve_agent.cli.workflow.code_context import code_record

    return code_record(context).pinned(existing.workflow.uuid)


def _checkouts(
    context: Context,
    existing: Existing,
    request: CodeRequest,
    refs: Mapping[str, Ref],
    folder: Path,
) -> tuple[Checkout, ...]:
    from functools import partial

    from pennsieve_agent.cli.compute.node_images import find_image
    from pennsieve_agent.cli.workflow.code_context import code_record
    from pennsieve_agent.domain.image_addresses import is_image
    from pennsieve_agent.services.workflows.image_checkout import inspect_image
    from pennsieve_agent.services.workflows.typed_command import keeping
    from pennsieve_agent.source.repository import inspect

    name = existing.workflow.name
    addresses = request.repositories or code_record(context).addresses(existing.workflow.uuid)
    addresses = addresses or [source.address for source in existing.sources]
    hidden = [a for a in addresses if a.startswith(("local:", "git:", "image:"))]
    if hidden or len(addresses) != len(existing.sources):
        raise UsageProblem(
            f"this machine does not know where the code of workflow '{name}' is",
            hint=f"name it, a --repo for each step in order: pennsieve workflow update '{name}' "
            + " ".join("--repo REPO" for _ in existing.sources),
        )
    steps = {step.id: step for step in existing.workflow.processors}
    checkouts = []
    for number, (address, source) in enumerate(zip(addresses, existing.sources, strict=True)):
        ref, note = refs[source.step].name or None, context.streams.note
        if is_image(address):
            find = partial(find_image, context)
            checkout = inspect_image(address, ref or source.tag, find, note)
        else:
            checkout = inspect(address, ref, folder / str(number), note)
        checkouts.append(keeping(checkout, steps.get(source.step)))
    return tuple(checkouts)


def _changes_anything(
    means: Means, existing: Existing, changes: Sequence[CodeChange], wish: Wish
) -> bool:
    lacks = len(existing.placed) < len(means.desks)
    settings = (wish.layout, wish.needs_pennsieve, wish.disk) != (None, None, None)
    return lacks or settings or any(change.is_change for change in changes)


def _lines(existing: Existing, changes: Sequence[CodeChange], others: Sequence[str]) -> list[str]:
    name = existing.workflow.name
    lines = [
        f"workflow '{name}', step '{change.before.step}': {change.words}"
        for change in changes
        if change.is_change
    ]
    return [*(lines or [f"workflow '{name}' keeps its code"]), *others]


def _up_to_date(existing: Existing, changes: Sequence[CodeChange]) -> Shown:
    where = ", ".join(change.new for change in changes)
    text = f"Workflow '{existing.workflow.name}' has the newest code: {where}"
    return Shown(_plan_document(existing, changes, ()), text, UNCHANGED.notes)


def _updated(value: Added, others: Sequence[str]) -> Shown:
    from pennsieve_agent.cli.workflow import views

    changed = ", ".join(change.words for change in value.changes if change.is_change)
    text = [f"Updated workflow '{value.workflow.name}': {changed or 'its code is unchanged'}"]
    text += [f"On node '{p.node.name}' as version {p.version}" for p in value.placed]
    document = {**views.added_document(value), "used_by_others": list(others)}
    return Shown(document, text)


def _plan_document(
    existing: Existing, changes: Sequence[CodeChange], others: Sequence[str]
) -> dict[str, Any]:
    from pennsieve_agent.cli.workflow import views

    return {
        "workflow": existing.workflow.name,
        "workflow_id": existing.workflow.uuid,
        "changes": [views.code_change(change) for change in changes],
        "used_by_others": list(others),
    }
