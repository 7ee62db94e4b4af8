"""Registering code that Pennsieve does not build: on my nodes, and there if it is public."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from pennsieve_agent.domain.workflows import StepKind, Workflow
from pennsieve_agent.errors import Conflict, Forbidden, Invalid, NotFound
from pennsieve_agent.services.workflows import build_choice
from pennsieve_agent.services.workflows.build_choice import Build, Choice
from pennsieve_agent.services.workflows.create_once import give_way
from pennsieve_agent.services.workflows.existing_workflow import Existing
from pennsieve_agent.services.workflows.registration import (
    Added,
    Means,
    Registration,
    create_definition,
    existing_called,
    known_already,
    put_on_node,
)
from pennsieve_agent.services.workflows.version_request import Naming
from pennsieve_agent.services.workflows.workflow_images import (
    Builder,
    BuildHere,
    BuildOnNodes,
    build_images,
)


def build_for_own_nodes(means: Means, registration: Registration, choice: Choice) -> Added:
    """Build it here or on the nodes, put it on my nodes, and tell Pennsieve of public code.

    A workflow of that name that was made meanwhile is answered unchanged.

    Raises:
        SourceError: a repository could not be built.
        Conflict: the workflow that was made meanwhile is of other code.
    """
    name, checkouts, existing = registration.name, registration.checkouts, registration.existing
    steps = registration.steps()
    processors = [step for step in steps if step.kind is StepKind.PROCESSOR]
    places = [desk.images for desk in means.desks]
    builder = _builder(means, registration, choice)
    code = build_images(checkouts, processors, places, builder, means.note)
    if existing is None and (newer := existing_called(means, name)) is not None:
        return known_already(means, newer, registration)  # by somebody else, while it was built
    registered = None if existing else register_on_pennsieve(means, registration)
    if isinstance(registered, Existing):
        return known_already(means, registered, registration)
    description = registration.description
    workflow = existing.workflow if existing else registered
    if workflow is None:
        workflow = Workflow(_own_id(means, name), name, description, steps=steps)
    naming = Naming(workflow.uuid, name, description, choice.build.value)
    placed = tuple(
        put_on_node(desk, naming, checkouts, steps, code[desk.node.token], registration.wish)
        for desk in means.desks
    )
    if existing is None:
        for desk, mine in zip(means.desks, placed, strict=True):
            give_way(desk, mine)
    on_pennsieve = existing.is_on_pennsieve if existing else registered is not None
    return Added(workflow, checkouts, existing is None, choice, placed, on_pennsieve)


def _builder(means: Means, registration: Registration, choice: Choice) -> Builder:
    if choice.build is Build.NODE:
        return BuildOnNodes(registration.wish.build_size, means.note)
    return BuildHere(means.engine, means.note)


def _own_id(means: Means, name: str) -> str:
    """The id of a workflow that my nodes alone have: for one name it is one.

    So a command that runs twice at once makes one workflow.
    """
    return str(uuid5(NAMESPACE_URL, f"{means.organization_id}/{means.user_id}/{name}"))


def register_on_pennsieve(means: Means, registration: Registration) -> Workflow | Existing | None:
    """The definition of public code on Pennsieve, which may refuse code that it did not build.

    No private address and no folder of this machine is ever sent.
    """
    if build_choice.obstacle(registration.checkouts, means.is_public):
        return None
    try:
        return create_definition(means, registration)
    except (Invalid, Forbidden, NotFound, Conflict) as error:
        means.note(f"Pennsieve does not list code that it did not build: {error.message}")
        return None
