"""Registering code from git as a workflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol
from uuid import NAMESPACE_URL, uuid5

from pennsieve_agent.domain.workflows import Checkout, Step, StepKind, Workflow
from pennsieve_agent.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    UsageProblem,
)
from pennsieve_agent.services.workflows import build_choice, code_warnings
from pennsieve_agent.services.workflows.build_choice import Build, Choice
from pennsieve_agent.services.workflows.build_on_pennsieve import build_on_pennsieve
from pennsieve_agent.services.workflows.code_change import CodeChange, code_changes
from pennsieve_agent.services.workflows.code_visibility import registration_note
from pennsieve_agent.services.workflows.create_once import create_once, give_way
from pennsieve_agent.services.workflows.existing_workflow import (
    Existing,
    check_code,
    existing_of,
    find_existing,
    registered_commits,
)
from pennsieve_agent.services.workflows.node_versions import (
    NodeContext,
    Placed,
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

BUILDERS = {Build.PENNSIEVE: "Pennsieve", Build.HERE: "this machine"}
"""Who builds, in words."""


@dataclass(frozen=True, slots=True)
class Added:
    """What was done: the workflow, what it was made of, and whether it is new.

    ``placed`` says on which nodes it is, and as which version. ``is_on_pennsieve`` is false for
    what lives on the nodes alone. ``choice`` is None where nothing was built. ``changes`` are what
    the given code would change in a workflow that is there, or did change.
    """

    workflow: Workflow
    checkouts: tuple[Checkout, ...]
    created: bool
    choice: Choice | None
    placed: tuple[Placed, ...] = ()
    is_on_pennsieve: bool = True
    changes: tuple[CodeChange, ...] = ()


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


class CodeRecord(Protocol):
    """What this machine keeps of workflows' code."""

    def commits(self, workflow: str) -> Mapping[tuple[str, str], str]:
        """What tags meant when they were registered here, by shown address and tag."""

    def remember(
        self, workflow: str, addresses: Sequence[str], commits: Sequence[tuple[str, str, str]]
    ) -> None:
        """Keep where the code is, and rows of shown address, tag and commit."""


@dataclass(frozen=True, slots=True)
class Means:
    """What adding is done with. ``desks`` are the own nodes of mine in the workspace.

    ``engine`` opens this machine's container engine; ``is_public`` says whether anybody may read a
    repository; ``token`` tells the user to whom a token for a private one goes, and answers it.
    """

    platform: Platform
    organization_id: str
    user_id: str
    code: CodeRecord
    desks: tuple[NodeContext, ...]
    engine: Callable[[], Engine]
    is_public: Callable[[str], bool]
    token: Callable[[str], str]
    sleep: Callable[[float], None]
    note: Callable[[str], None]


def add(means: Means, checkouts: Sequence[Checkout], wish: Wish) -> Added:
    """Build code, and make it a workflow that runs the repositories in turn.

    Built by Pennsieve, it is registered there and put on every own node of mine. Built here, it is
    put on my nodes, and Pennsieve is told of public code alone. Of a workflow that is there already
    nothing changes: :func:`update` does that.

    Raises:
        UsageProblem: it cannot be built as asked.
        SourceError: a repository could not be built.
        Conflict: another workflow has that name.
    """
    name = wish.name or checkouts[-1].manifest.name
    if (existing := _existing(means, name, checkouts)) is not None:
        return _known(means, existing, checkouts)
    return _build(means, None, checkouts, wish, name)


def plan(means: Means, checkouts: Sequence[Checkout], wish: Wish) -> Added | Choice:
    """Who would build code that :func:`add` adds; or the workflow that is there already.

    Raises: as :func:`add`.
    """
    name = wish.name or checkouts[-1].manifest.name
    if (existing := _existing(means, name, checkouts)) is not None:
        return _there_already(means, existing, checkouts)
    return _choice(means, None, checkouts, wish)


def update(means: Means, existing: Existing, checkouts: Sequence[Checkout], wish: Wish) -> Added:
    """Build newer code of a workflow's repositories; it keeps its id, its grants and its runs.

    Raises: as :func:`add`.
    """
    check_code(existing, checkouts)
    changes = changes_of(means, existing, checkouts)
    added = _build(means, existing, checkouts, wish, existing.workflow.name)
    return replace(added, changes=changes)


def changes_of(
    means: Means, existing: Existing, checkouts: Sequence[Checkout]
) -> tuple[CodeChange, ...]:
    """What code would change in a workflow, held to what its tags meant when they were registered.

    Raises:
        AgentError: a node or this machine's list cannot be read.
    """
    uuid = existing.workflow.uuid
    commits = {**means.code.commits(uuid), **registered_commits(means.desks, uuid)}
    return code_changes(existing.sources, checkouts, commits)


def _existing(means: Means, name: str, checkouts: Sequence[Checkout]) -> Existing | None:
    existing = find_existing(means.platform, means.organization_id, means.desks, name)
    if existing is not None:
        check_code(existing, checkouts)
    return existing


def _known(means: Means, existing: Existing, checkouts: Sequence[Checkout]) -> Added:
    _remember(means, existing.workflow.uuid, checkouts, only_addresses=True)
    return _there_already(means, existing, checkouts)


def _there_already(means: Means, existing: Existing, checkouts: Sequence[Checkout]) -> Added:
    return Added(
        existing.workflow,
        tuple(checkouts),
        created=False,
        choice=None,
        placed=existing.placed,
        is_on_pennsieve=existing.is_on_pennsieve,
        changes=changes_of(means, existing, checkouts),
    )


def _build(
    means: Means,
    existing: Existing | None,
    checkouts: Sequence[Checkout],
    wish: Wish,
    name: str,
) -> Added:
    choice = _choice(means, existing, checkouts, wish)
    means.note(f"{BUILDERS[choice.build]} builds it: {choice.why}")
    code_warnings.tell(
        checkouts,
        means.note,
        by_pennsieve=choice.build is Build.PENNSIEVE,
        on_own_nodes=bool(means.desks),
        needs_pennsieve=bool(wish.needs_pennsieve),
    )
    build = _by_pennsieve if choice.build is Build.PENNSIEVE else _here
    added = build(means, existing, checkouts, wish, choice, name)
    _remember(means, added.workflow.uuid, checkouts)
    return added


def _choice(
    means: Means, existing: Existing | None, checkouts: Sequence[Checkout], wish: Wish
) -> Choice:
    if existing is not None and not existing.is_on_pennsieve:
        if wish.build is not Build.PENNSIEVE:
            return Choice(Build.HERE, "only your own nodes have it")
        raise UsageProblem(
            f"only your own nodes have workflow '{existing.workflow.name}', so Pennsieve cannot "
            "build it",
            hint="leave --build out; or add it again under another name, with --name",
        )
    # With a token, which is sent where that was asked for alone, private code can be built.
    readable = (lambda _: True) if wish.build is Build.PENNSIEVE else means.is_public
    hindrance = build_choice.obstacle(checkouts, readable)
    return build_choice.choose(wish.build, hindrance, len(means.desks))


def _remember(
    means: Means, uuid: str, checkouts: Sequence[Checkout], *, only_addresses: bool = False
) -> None:
    commits = [(shown_address(c), c.tag, c.commit) for c in checkouts if c.is_tag]
    addresses = [checkout.source_url for checkout in checkouts]
    means.code.remember(uuid, addresses, [] if only_addresses else commits)


def _by_pennsieve(
    means: Means,
    existing: Existing | None,
    checkouts: Sequence[Checkout],
    wish: Wish,
    choice: Choice,
    name: str,
) -> Added:
    platform = means.platform
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
            means.platform,
            checkout,
            means.sleep,
            means.note,
            is_private=not wish.is_public,
            auth_token=tokens.get(checkout.source_url, ""),
        )
    if existing is not None and existing.is_on_pennsieve:
        workflow = _moved(platform, existing.workflow, checkouts)
    else:
        created = _create(means, checkouts, name)
        if isinstance(created, Existing):  # by somebody else, while it was built
            return _known(means, created, checkouts)
        workflow = platform.workflows.get(created.uuid)
    commits = {s.id: c.commit for s, c in zip(workflow.processors, checkouts, strict=True)}
    naming = Naming(workflow.uuid, workflow.name, workflow.description, "pennsieve")
    placed = []
    for desk in means.desks:
        code = images_of_pennsieve(
            platform.applications.image, workflow.processors, commits, desk.images
        )
        placed.append(_put(desk, naming, checkouts, workflow.steps, code, wish))
    return Added(workflow, tuple(checkouts), existing is None, choice, tuple(placed))


def _needs_token(means: Means, checkout: Checkout, wish: Wish) -> bool:
    # Otherwise Pennsieve builds only what anybody may read.
    return wish.build is Build.PENNSIEVE and not means.is_public(checkout.source_url)


def _here(
    means: Means,
    existing: Existing | None,
    checkouts: Sequence[Checkout],
    wish: Wish,
    choice: Choice,
    name: str,
) -> Added:
    steps = chain(checkouts)
    processors = [step for step in steps if step.kind is StepKind.PROCESSOR]
    places = [desk.images for desk in means.desks]
    code = build_here(checkouts, processors, places, means.engine, means.note)
    if (newer := _existing(means, name, checkouts)) is not None and existing is None:
        return _known(means, newer, checkouts)  # by somebody else, while it was built
    registered = None if existing else _register_on_pennsieve(means, checkouts, name)
    if isinstance(registered, Existing):
        return _known(means, registered, checkouts)
    description = checkouts[-1].manifest.description
    workflow = existing.workflow if existing else registered
    if workflow is None:
        workflow = Workflow(_own_id(means, name), name, description, steps=steps)
    naming = Naming(workflow.uuid, name, description, "here")
    placed = tuple(
        _put(desk, naming, checkouts, steps, code[desk.node.token], wish) for desk in means.desks
    )
    if existing is None:
        for desk, mine in zip(means.desks, placed, strict=True):
            give_way(desk, mine)
    on_pennsieve = existing.is_on_pennsieve if existing else registered is not None
    return Added(workflow, tuple(checkouts), existing is None, choice, placed, on_pennsieve)


def _own_id(means: Means, name: str) -> str:
    """The id of a workflow that my nodes alone have: for one name it is one.

    So a command that runs twice at once makes one workflow.
    """
    return str(uuid5(NAMESPACE_URL, f"{means.organization_id}/{means.user_id}/{name}"))


def _create(means: Means, checkouts: Sequence[Checkout], name: str) -> Workflow | Existing:
    """Create the definition; or answer the workflow that somebody else made at the same moment.

    Raises:
        Conflict: and that is made from other code.
    """
    platform = means.platform
    description = checkouts[-1].manifest.description
    steps = chain(checkouts, target_place(platform))
    workflow, is_mine = create_once(platform, means.organization_id, name, description, steps)
    if is_mine:
        return workflow
    means.note(f"somebody else added '{name}' at the same moment; that one is used")
    existing = existing_of(platform.workflows.get(workflow.uuid), means.desks, is_on_pennsieve=True)
    check_code(existing, checkouts)
    return existing


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


def _register_on_pennsieve(
    means: Means, checkouts: Sequence[Checkout], name: str
) -> Workflow | Existing | None:
    """The definition of public code on Pennsieve, which may refuse code that it did not build.

    No private address and no folder of this machine is ever sent.
    """
    if build_choice.obstacle(checkouts, means.is_public):
        return None
    try:
        return _create(means, checkouts, name)
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
