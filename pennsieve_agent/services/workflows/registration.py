"""What registering code is asked for and done with, and the steps that both ways to build share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pennsieve_agent.domain.composition import STANDARD, Composition, steps_of
from pennsieve_agent.domain.image_builds import BuildSize
from pennsieve_agent.domain.workflows import Checkout, Step, Workflow
from pennsieve_agent.services.workflows.build_choice import Build, Choice
from pennsieve_agent.services.workflows.code_change import CodeChange, code_changes
from pennsieve_agent.services.workflows.create_once import create_once
from pennsieve_agent.services.workflows.existing_workflow import (
    Existing,
    check_code,
    check_graph,
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
from pennsieve_agent.services.workflows.workflow_images import Engine
from pennsieve_agent.services.workflows.workflow_steps import chain, target_place, with_code

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform


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
    disk: Mapping[str, int] | None = None
    build_size: BuildSize = BuildSize.SMALL


@dataclass(frozen=True, slots=True)
class Registration:
    """A workflow that is to be made of some code, one checkout for each step that runs it.

    ``composition`` is its graph, None for that of ``existing``, which is the one that gets it.
    """

    name: str
    checkouts: tuple[Checkout, ...]
    wish: Wish
    composition: Composition | None = None
    existing: Existing | None = None

    @property
    def description(self) -> str:
        """What the workflow does, in words."""
        if self.composition is not None:
            return self.composition.description
        return self.checkouts[-1].manifest.description

    def steps(self, target_place: str = STANDARD) -> tuple[Step, ...]:
        """Its whole graph; the results are delivered by a machine of ``target_place``."""
        if self.composition is not None:
            return steps_of(self.composition, self.checkouts, target_place)
        if self.existing is not None:
            return with_code(self.existing.workflow.steps, self.checkouts)
        return chain(self.checkouts, target_place)


class CodeRecord(Protocol):
    """What this machine keeps of workflows' code."""

    def commits(self, workflow: str) -> Mapping[tuple[str, str], str]:
        """What tags meant when they were registered here, by shown address and tag."""

    def remember(
        self,
        workflow: str,
        addresses: Sequence[str],
        commits: Sequence[tuple[str, str, str]],
        pinned: Sequence[str] | None = None,
    ) -> None:
        """Keep where the code is, rows of shown address, tag and commit, and which are pinned."""


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


def existing_called(means: Means, name: str) -> Existing | None:
    """The workflow of that name, if there is one."""
    return find_existing(means.platform, means.organization_id, means.desks, name)


def known_already(means: Means, existing: Existing, registration: Registration) -> Added:
    """Remember where the code of a workflow that is there lies; nothing else is changed.

    Raises:
        Conflict: it is made from other code, or of other steps.
    """
    added = there_already(means, existing, registration)
    remember(means, existing.workflow.uuid, registration.checkouts, only_addresses=True)
    return added


def there_already(means: Means, existing: Existing, registration: Registration) -> Added:
    """A workflow that is there, and what the given code would change in it.

    Raises:
        Conflict: it is made from other code, or of other steps.
    """
    checkouts = registration.checkouts
    check_code(existing, checkouts)
    if registration.composition is not None:
        check_graph(existing, registration.steps())
    return Added(
        existing.workflow,
        checkouts,
        created=False,
        choice=None,
        placed=existing.placed,
        is_on_pennsieve=existing.is_on_pennsieve,
        changes=changes_of(means, existing, checkouts),
    )


def remember(
    means: Means,
    uuid: str,
    checkouts: Sequence[Checkout],
    pinned: Sequence[str] | None = None,
    *,
    only_addresses: bool = False,
) -> None:
    """Keep on this machine where a workflow's code is, what its tags mean, what is pinned."""
    commits = [(shown_address(c), c.tag, c.commit) for c in checkouts if c.is_tag]
    addresses = [checkout.source_url for checkout in checkouts]
    means.code.remember(uuid, addresses, [] if only_addresses else commits, pinned)


def create_definition(means: Means, registration: Registration) -> Workflow | Existing:
    """Create the definition, or answer the workflow that somebody else made at the same moment."""
    platform, name = means.platform, registration.name
    steps = registration.steps(target_place(platform))
    workflow, is_mine = create_once(
        platform, means.organization_id, name, registration.description, steps
    )
    if is_mine:
        return workflow
    means.note(f"somebody else added '{name}' at the same moment")
    return existing_of(platform.workflows.get(workflow.uuid), means.desks, is_on_pennsieve=True)


def put_on_node(
    desk: NodeContext,
    naming: Naming,
    checkouts: Sequence[Checkout],
    steps: Sequence[Step],
    code: Mapping[str, StepCode],
    wish: Wish,
) -> Placed:
    """Put a version on a node, with the settings of the one before where none are asked for."""
    version = version_name([checkout.tag for checkout in checkouts])
    present = latest_of(desk, naming.workflow) or {}
    layout = wish.layout if wish.layout is not None else present.get("layout")
    needs = wish.needs_pennsieve
    needs = needs if needs is not None else present.get("needsPennsieve")
    kept = {str(row["id"]): int(row["disk"]) for row in present.get("steps") or () if "disk" in row}
    disk = wish.disk if wish.disk is not None else kept
    settings = NodeSettings(str(layout or "tree"), str(needs or ""), disk)
    return put_version(desk, version_document(naming, version, steps, code, settings))
