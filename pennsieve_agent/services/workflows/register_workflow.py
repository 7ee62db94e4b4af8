"""Registering code from git as a workflow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pennsieve_agent.domain.composition import Composition
from pennsieve_agent.domain.workflows import Checkout
from pennsieve_agent.errors import EngineError, UsageProblem
from pennsieve_agent.services.workflows import build_choice
from pennsieve_agent.services.workflows.build_choice import (
    Build,
    Choice,
    OwnNodes,
    choose_own,
)
from pennsieve_agent.services.workflows.check_code import Purpose, check_checkouts
from pennsieve_agent.services.workflows.existing_workflow import Existing, check_code
from pennsieve_agent.services.workflows.register_by_pennsieve import by_pennsieve
from pennsieve_agent.services.workflows.register_here import build_for_own_nodes
from pennsieve_agent.services.workflows.registration import (
    Added,
    Means,
    Registration,
    Wish,
    changes_of,
    existing_called,
    known_already,
    remember,
    there_already,
)
from pennsieve_agent.services.workflows.workflow_images import check_runs_images
from pennsieve_agent.services.workflows.workflow_steps import pinned_steps

BUILDERS = {
    Build.PENNSIEVE: "Pennsieve",
    Build.HERE: "this machine",
    Build.NODE: "your own compute node",
}
"""Who builds, in words."""
COMPLIANT = "compliant"
"""The mode of nodes that reach no internet."""


def add(
    means: Means,
    checkouts: Sequence[Checkout],
    wish: Wish,
    composition: Composition | None = None,
) -> Added:
    """Build code, and make it a workflow: as it is composed, else the repositories in turn.

    Built by Pennsieve, it is registered there and put on every own node of mine. Built here or by a
    node, it is put on my nodes, and Pennsieve is told of public code alone. Of a workflow that is
    there already nothing changes: :func:`update` does that.

    Raises:
        UsageProblem: it cannot be built as asked.
        SourceError: the code breaks a rule of ``workflow check``, or could not be built.
        Conflict: another workflow has that name.
    """
    registration = _registration(checkouts, wish, composition)
    if (existing := existing_called(means, registration.name)) is not None:
        return known_already(means, existing, registration)
    return _build(means, registration)


def plan(
    means: Means,
    checkouts: Sequence[Checkout],
    wish: Wish,
    composition: Composition | None = None,
) -> Added | Choice:
    """Who would build code that :func:`add` adds; or the workflow that is there already.

    Raises: as :func:`add`.
    """
    registration = _registration(checkouts, wish, composition)
    if (existing := existing_called(means, registration.name)) is not None:
        return there_already(means, existing, registration)
    choice = _choice(means, registration)
    _check(means, registration, choice)
    return choice


def update(
    means: Means,
    existing: Existing,
    checkouts: Sequence[Checkout],
    wish: Wish,
    composition: Composition | None = None,
) -> Added:
    """Build newer code of a workflow; it keeps its id, its grants and its runs.

    With a composition it has its steps from now on; Pennsieve takes no other ones.

    Raises: as :func:`add`.
    """
    name = existing.workflow.name
    registration = Registration(name, tuple(checkouts), wish, composition, existing)
    if composition is not None:
        return _build(means, registration)
    check_code(existing, checkouts)
    changes = changes_of(means, existing, checkouts)
    return replace(_build(means, registration), changes=changes)


def _registration(
    checkouts: Sequence[Checkout], wish: Wish, composition: Composition | None
) -> Registration:
    """A new workflow, which has the name of its last step where none was typed."""
    name = wish.name or (composition.name if composition else checkouts[-1].manifest.name)
    return Registration(name, tuple(checkouts), wish, composition)


def _build(means: Means, registration: Registration) -> Added:
    choice = _choice(means, registration)
    if not all(checkout.image for checkout in registration.checkouts):
        means.note(f"{BUILDERS[choice.build]} builds it: {choice.why}")
    _check(means, registration, choice)
    build = by_pennsieve if choice.build is Build.PENNSIEVE else build_for_own_nodes
    added = build(means, registration, choice)
    composition = registration.composition
    pinned = None if composition is None else pinned_steps(composition)
    remember(means, added.workflow.uuid, registration.checkouts, pinned)
    return added


def _check(means: Means, registration: Registration, choice: Choice) -> None:
    """Hold the code to the rules of ``workflow check``, before anything is sent.

    Raises:
        SourceError: it cannot be built or run.
        UsageProblem: it is an image, and a node runs none.
    """
    wish = registration.wish
    for image in (checkout for checkout in registration.checkouts if checkout.image):
        for desk in means.desks:
            check_runs_images(image, desk.images)
    purpose = Purpose(
        by_pennsieve=choice.build is Build.PENNSIEVE,
        on_own_nodes=bool(means.desks),
        needs_pennsieve=bool(wish.needs_pennsieve),
        layout=wish.layout,
    )
    # Of a repository that several steps use, each thing is told once.
    once = {(c.source_url, c.commit): c for c in registration.checkouts}
    check_checkouts(tuple(once.values()), purpose, means.note)


def _choice(means: Means, registration: Registration) -> Choice:
    wish, existing = registration.wish, registration.existing
    needs_own = [c for c in registration.checkouts if c.image or c.manifest.command is not None]
    if needs_own and wish.build is Build.PENNSIEVE:
        what = "an image" if needs_own[0].image else "a command line"
        raise UsageProblem(
            f"Pennsieve cannot build this: its nodes run what it built itself, and not {what}",
            where=needs_own[0].source_url,
            hint="leave --build out: it runs on compute nodes of your own",
        )
    if existing is not None and not existing.is_on_pennsieve:
        if wish.build is not Build.PENNSIEVE:
            return choose_own(
                wish.build, "only your own nodes have it", _own_nodes(means, registration)
            )
        raise UsageProblem(
            f"only your own nodes have workflow '{existing.workflow.name}', so Pennsieve cannot "
            "build it",
            hint="leave --build out; or add it again under another name, with --name",
        )
    # With a token, which is sent where that was asked for alone, private code can be built.
    readable = (lambda _: True) if wish.build is Build.PENNSIEVE else means.is_public
    hindrance = build_choice.obstacle(registration.checkouts, readable)
    return build_choice.choose(wish.build, hindrance, _own_nodes(means, registration))


def _own_nodes(means: Means, registration: Registration) -> OwnNodes:
    nodes = [desk.node for desk in means.desks]
    without = next((node.name for node in nodes if node.mode == COMPLIANT), "")
    is_built = not all(checkout.image for checkout in registration.checkouts)

    def is_engine_there() -> bool:
        if not is_built or all(desk.images.takes_archives() for desk in means.desks):
            return True  # images are copied, and a sandbox without containers runs the archive
        try:
            means.engine()
        except EngineError:
            return False
        return True

    return OwnNodes(len(nodes), without if is_built else "", is_engine_there)
