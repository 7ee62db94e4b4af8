"""Registering code that Pennsieve builds: there, and on every own node of mine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.domain.workflows import Checkout, Workflow
from pennsieve_agent.services.workflows.build_choice import Build, Choice
from pennsieve_agent.services.workflows.build_on_pennsieve import build_on_pennsieve
from pennsieve_agent.services.workflows.code_visibility import registration_note
from pennsieve_agent.services.workflows.existing_workflow import Existing
from pennsieve_agent.services.workflows.registration import (
    Added,
    Means,
    Registration,
    Wish,
    create_definition,
    known_already,
    put_on_node,
)
from pennsieve_agent.services.workflows.version_request import Naming
from pennsieve_agent.services.workflows.workflow_images import images_of_pennsieve

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform


def by_pennsieve(means: Means, registration: Registration, choice: Choice) -> Added:
    """Let Pennsieve build it and register it there, then put it on every own node of mine.

    A workflow of that name that was made meanwhile is answered unchanged.

    Raises:
        SourceError: a repository could not be built.
        Conflict: the workflow that was made meanwhile is of other code.
    """
    platform, checkouts, wish, existing = (
        means.platform,
        registration.checkouts,
        registration.wish,
        registration.existing,
    )
    # All of them before anything is registered.
    tokens = {
        c.source_url: means.token(c.source_url) for c in checkouts if _needs_token(means, c, wish)
    }
    for checkout in checkouts:
        known = platform.applications.list(checkout.source_url)
        if sentence := registration_note(
            known, checkout.source_url, means.user_id, is_public=wish.is_public
        ):
            means.note(sentence)
        build_on_pennsieve(
            platform,
            checkout,
            means.sleep,
            means.note,
            is_private=not wish.is_public,
            auth_token=tokens.get(checkout.source_url, ""),
        )
    if existing is not None:
        workflow = _moved(platform, existing.workflow, checkouts)
    else:
        created = create_definition(means, registration)
        if isinstance(created, Existing):  # by somebody else, while it was built
            return known_already(means, created, registration)
        workflow = platform.workflows.get(created.uuid)
    commits = {s.id: c.commit for s, c in zip(workflow.processors, checkouts, strict=True)}
    naming = Naming(workflow.uuid, workflow.name, workflow.description, "pennsieve")
    placed = []
    for desk in means.desks:
        code = images_of_pennsieve(
            platform.applications.image, workflow.processors, commits, desk.images
        )
        placed.append(put_on_node(desk, naming, checkouts, workflow.steps, code, wish))
    return Added(workflow, checkouts, existing is None, choice, tuple(placed))


def _needs_token(means: Means, checkout: Checkout, wish: Wish) -> bool:
    # Otherwise Pennsieve builds only what anybody may read.
    return wish.build is Build.PENNSIEVE and not means.is_public(checkout.source_url)


def _moved(platform: Platform, present: Workflow, checkouts: Sequence[Checkout]) -> Workflow:
    versions = {
        step.id: checkout.tag
        for step, checkout in zip(present.processors, checkouts, strict=True)
        if step.tag != checkout.tag
    }
    if versions:
        platform.workflows.set_versions(present.uuid, versions)
    return platform.workflows.get(present.uuid)
