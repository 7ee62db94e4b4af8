"""Registering code from git as a workflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from pennsieve_agent.domain.workflows import (
    Checkout,
    Step,
    StepKind,
    Workflow,
)
from pennsieve_agent.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
)
from pennsieve_agent.services.workflows import build_choice, code_warnings
from pennsieve_agent.services.workflows.build_choice import Build, Choice
from pennsieve_agent.services.workflows.build_on_pennsieve import build_on_pennsieve
from pennsieve_agent.services.workflows.node_versions import (
    NodeContext,
    Placed,
    latest_named,
    latest_of,
    put_version,
)
from pennsieve_agent.services.workflows.version_request import (
    Naming,
    NodeSettings,
    StepCode,
    shown_address,
    version_document,
    version_name,
)
from pennsieve_agent.services.workflows.workflow_images import (
    Engine,
    build_here,
    images_of_pennsieve,
)
from pennsieve_agent.services.workflows.workflow_steps import chain, target_place

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform

_BUILDERS = {Build.PENNSIEVE: "Pennsieve", Build.HERE: "this machine"}


@dataclass(frozen=True, slots=True)
class Added:
    """What ``add`` did: the workflow, what it was made of, and whether it is new.

    ``placed`` says on which nodes it is, and as which version. ``is_on_pennsieve`` is false for
    what lives on the nodes alone.
    """

    workflow: Workflow
    checkouts: tuple[Checkout, ...]
    created: bool
    choice: Choice
    placed: tuple[Placed, ...] = ()
    is_on_pennsieve: bool = True


@dataclass(frozen=True, slots=True)
class Wish:
    """How a workflow is to be added: its name, where it is built, and what it is on a node.

    None leaves a setting as it is in the newest version, if there is one.
    """

    name: str | None = None
    build: Build = Build.AUTO
    is_public: bool = False
    layout: str | None = None
    needs_pennsieve: str | None = None


@dataclass(frozen=True, slots=True)
class Means:
    """What adding is done with. ``desks`` are the own nodes of mine in the workspace.

    ``engine`` opens this machine's container engine; ``is_public`` says whether anybody may read a
    repository.
    """

    platform: Platform
    organization_id: str
    desks: tuple[NodeContext, ...]
    engine: Callable[[], Engine]
    is_public: Callable[[str], bool]
    sleep: Callable[[float], None]
    note: Callable[[str], None]


def add(means: Means, checkouts: Sequence[Checkout], wish: Wish) -> Added:
    """Build code, and make it a workflow that runs the repositories in turn.

    Built by Pennsieve, it is registered there and put on every own node of mine. Built here, it is
    put on my nodes, and Pennsieve is told of public code alone. Doing it again with the same code
    changes nothing; with newer code of the same repositories, the workflow gets another version
    and keeps its id and its grants.

    Raises:
        UsageProblem: it cannot be built as asked.
        SourceError: a repository could not be built.
        Conflict: another workflow has that name.
    """
    hindrance = build_choice.obstacle(checkouts, means.is_public)
    choice = build_choice.choose(wish.build, hindrance, len(means.desks))
    means.note(f"{_BUILDERS[choice.build]} builds it: {choice.why}")
    code_warnings.tell(
        checkouts,
        means.note,
        by_pennsieve=choice.build is Build.PENNSIEVE,
        on_own_nodes=bool(means.desks),
        needs_pennsieve=bool(wish.needs_pennsieve),
    )
    name = wish.name or checkouts[-1].manifest.name
    if choice.build is Build.PENNSIEVE:
        return _add_by_pennsieve(means, checkouts, wish, choice, name)
    return _add_here(means, checkouts, wish, choice, name)


def _add_by_pennsieve(
    means: Means, checkouts: Sequence[Checkout], wish: Wish, choice: Choice, name: str
) -> Added:
    platform = means.platform
    _refuse_twin(means, name)
    present = _present(means, name, [c.source_url for c in checkouts])
    for checkout in checkouts:
        build_on_pennsieve(
            means.platform, checkout, means.sleep, means.note, is_private=not wish.is_public
        )
    if present is None:
        description = checkouts[-1].manifest.description
        steps = chain(checkouts, target_place(platform))
        created = platform.workflows.create(name, description, means.organization_id, steps)
        workflow = platform.workflows.get(created.uuid)
    else:
        workflow = _moved(platform, present, checkouts)
    commits = {s.id: c.commit for s, c in zip(workflow.processors, checkouts, strict=True)}
    naming = Naming(workflow.uuid, workflow.name, workflow.description, "pennsieve")
    placed = []
    for desk in means.desks:
        code = images_of_pennsieve(
            platform.applications.image, workflow.processors, commits, desk.images
        )
        placed.append(_put(desk, naming, checkouts, workflow.steps, code, wish))
    return Added(workflow, tuple(checkouts), present is None, choice, tuple(placed))


def _add_here(
    means: Means, checkouts: Sequence[Checkout], wish: Wish, choice: Choice, name: str
) -> Added:
    known = _on_my_nodes(means, name, checkouts)
    present = _present(means, name, [c.source_url for c in checkouts])
    steps = chain(checkouts)
    processors = [step for step in steps if step.kind is StepKind.PROCESSOR]
    places = [desk.images for desk in means.desks]
    code = build_here(checkouts, processors, places, means.engine, means.note)
    registered = None if known or present else _register_on_pennsieve(means, checkouts, name)
    uuid = known or (present.uuid if present else registered.uuid if registered else str(uuid4()))
    description = checkouts[-1].manifest.description
    naming = Naming(uuid, name, description, "here")
    placed = tuple(
        _put(desk, naming, checkouts, steps, code[desk.node.token], wish) for desk in means.desks
    )
    workflow = present or registered or Workflow(uuid, name, description, steps=steps)
    on_pennsieve = present is not None or registered is not None
    return Added(workflow, tuple(checkouts), not (known or present), choice, placed, on_pennsieve)


def _put(
    desk: NodeContext,
    naming: Naming,
    checkouts: Sequence[Checkout],
    steps: Sequence[Step],
    code: Mapping[str, StepCode],
    wish: Wish,
) -> Placed:
    version = version_name([checkout.tag for checkout in checkouts])
    present = latest_of(desk, naming.workflow) or {}
    layout = wish.layout if wish.layout is not None else present.get("layout")
    needs = wish.needs_pennsieve
    needs = needs if needs is not None else present.get("needsPennsieve")
    settings = NodeSettings(str(layout or "tree"), str(needs or ""))
    return put_version(desk, version_document(naming, version, steps, code, settings))


def _present(means: Means, name: str, urls: Sequence[str]) -> Workflow | None:
    """Pennsieve's workflow of that name, made of that code; None when there is none."""
    listed = means.platform.workflows.list(means.organization_id)
    existing = next((w for w in listed if w.name == name), None)
    present = means.platform.workflows.get(existing.uuid) if existing else None
    if present and [s.source_url for s in present.processors] != list(urls):
        raise _other_code(name, present.uuid)
    return present


def _on_my_nodes(means: Means, name: str, checkouts: Sequence[Checkout]) -> str:
    """The id that a workflow of that name, made of that code, has on my nodes; empty for none."""
    addresses = [shown_address(checkout) for checkout in checkouts]
    for desk in means.desks:
        document = latest_named(desk, name)
        if document is None:
            continue
        sources = [s["sourceUrl"] for s in document["steps"] if s["kind"] == StepKind.PROCESSOR]
        if sources != addresses:
            raise _other_code(name, str(document["workflow"]))
        return str(document["workflow"])
    return ""


def _refuse_twin(means: Means, name: str) -> None:
    """Refuse a name that another workflow, on my nodes only, has already."""
    for desk in means.desks:
        document = latest_named(desk, name)
        if document is not None and document.get("origin") != "pennsieve":
            raise Conflict(
                f"there is already a workflow '{name}', on compute node '{desk.node.name}' only",
                where=str(document["workflow"]),
                hint="choose another name with --name, or remove that one: "
                f"pennsieve workflow remove '{name}'",
            )


def _other_code(name: str, uuid: str) -> Conflict:
    return Conflict(
        f"there is already a workflow '{name}' made from other code",
        where=uuid,
        hint="choose another name with --name, or remove that one: "
        f"pennsieve workflow remove '{name}'",
    )


def _register_on_pennsieve(
    means: Means, checkouts: Sequence[Checkout], name: str
) -> Workflow | None:
    """The definition of public code on Pennsieve, which may refuse code that it did not build.

    No private address and no folder of this machine is ever sent.
    """
    if build_choice.obstacle(checkouts, means.is_public):
        return None
    platform = means.platform
    steps = chain(checkouts, target_place(platform))
    description = checkouts[-1].manifest.description
    try:
        return platform.workflows.create(name, description, means.organization_id, steps)
    except (Invalid, Forbidden, NotFound, Conflict) as error:
        means.note(f"Pennsieve does not list code that it did not build: {error.message}")
        return None


def _moved(platform: Platform, present: Workflow, checkouts: Sequence[Checkout]) -> Workflow:
    versions = {
        step.id: checkout.tag
        for step, checkout in zip(present.processors, checkouts, strict=True)
        if step.tag != checkout.tag
    }
    if versions:
        platform.workflows.set_versions(present.uuid, versions)
    return platform.workflows.get(present.uuid)
