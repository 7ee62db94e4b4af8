"""A workflow that exists, with the code of its steps: on Pennsieve, on own nodes, or both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.composition import STANDARD, Composition, steps_of
from pennsieve_agent.domain.workflows import Checkout, Step, StepKind, Workflow
from pennsieve_agent.errors import Conflict
from pennsieve_agent.services.nodes.node_documents import decode_version
from pennsieve_agent.services.workflows.code_change import StepSource
from pennsieve_agent.services.workflows.node_versions import (
    NodeContext,
    Placed,
    document_of,
    latest_named,
    latest_of,
    versions_of,
)
from pennsieve_agent.services.workflows.version_request import shown, shown_address

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform

Desks = Sequence[NodeContext]


@dataclass(frozen=True, slots=True)
class Existing:
    """A workflow, the code of its steps, and on which of my nodes its newest version is."""

    workflow: Workflow
    sources: tuple[StepSource, ...]
    placed: tuple[Placed, ...]
    is_on_pennsieve: bool


def find_existing(
    platform: Platform, organization_id: str, desks: Desks, name: str
) -> Existing | None:
    """The workflow of that very name; None when there is none, neither on Pennsieve nor on nodes.

    A version that Pennsieve built, of a workflow that is archived there, does not count.
    """
    listed = platform.workflows.list(organization_id)
    present = next((workflow for workflow in listed if workflow.name == name), None)
    if present is not None:
        return existing_of(platform.workflows.get(present.uuid), desks, is_on_pennsieve=True)
    for desk in desks:
        document = latest_named(desk, name)
        if document is not None and document.get("origin") != "pennsieve":
            workflow = decode_version(document, f"compute node '{desk.node.name}'").workflow
            return existing_of(workflow, desks, is_on_pennsieve=False)
    return None


def existing_of(workflow: Workflow, desks: Desks, *, is_on_pennsieve: bool) -> Existing:
    """A workflow with what my nodes have of it; code that was built here counts first."""
    placed = []
    for desk in desks:
        document = latest_of(desk, workflow.uuid)
        if document is not None:
            placed.append(Placed(desk.node, str(document["version"]), document, created=False))
    documents = [p.document for p in placed]
    newest = next((d for d in documents if d.get("origin") != "pennsieve"), None)
    if newest is None and is_on_pennsieve:
        commits = {key: commit for d in documents for key, commit in _commits(d)}
        sources = tuple(
            StepSource(
                step.id,
                shown(step.source_url),
                step.tag,
                commits.get((shown(step.source_url), step.tag), ""),
            )
            for step in workflow.processors
        )
    else:
        sources = tuple(_sources(newest or documents[0])) if documents else ()
    return Existing(workflow, sources, tuple(placed), is_on_pennsieve)


def registered_commits(desks: Desks, uuid: str) -> dict[tuple[str, str], str]:
    """What the tags of a workflow's versions on my nodes meant, by shown address and tag."""
    commits: dict[tuple[str, str], str] = {}
    for desk in desks:
        for version in versions_of(desk, uuid):
            commits.update(_commits(document_of(desk, uuid, version)))
    return commits


def check_code(existing: Existing, checkouts: Sequence[Checkout]) -> None:
    """See that a workflow is made of these repositories.

    Raises:
        Conflict: it is made of others.
    """
    if [s.address for s in existing.sources] != [shown_address(c) for c in checkouts]:
        name = existing.workflow.name
        raise Conflict(
            f"there is already a workflow '{name}' made from other code",
            where=existing.workflow.uuid,
            hint="choose another name with --name, or remove that one: "
            f"pennsieve workflow archive '{name}' --delete",
        )


def check_graph(existing: Existing, steps: Sequence[Step]) -> None:
    """See that a workflow has these steps, whatever the versions of their code.

    Raises:
        Conflict: it has others.
    """
    if sorted(map(_shape, existing.workflow.steps)) != sorted(map(_shape, steps)):
        name = existing.workflow.name
        raise Conflict(
            f"there is already a workflow '{name}' with other steps",
            where=existing.workflow.uuid,
            hint="choose another name with --name; or give it these steps: "
            f"pennsieve workflow update '{name}' --file FILE",
        )


def same_steps(existing: Existing, composition: Composition, checkouts: Sequence[Checkout]) -> bool:
    """Whether a workflow has these steps with these sizes, whatever the versions of their code."""
    mine, other = existing.workflow.steps, steps_of(composition, checkouts)
    addresses = [shown_address(checkout) for checkout in checkouts]
    if [source.address for source in existing.sources] != addresses:
        return False
    return sorted(map(_whole, mine)) == sorted(map(_whole, other))


def _whole(step: Step) -> tuple[object, ...]:
    is_code = step.kind is StepKind.PROCESSOR
    sizes = (step.cpu, step.memory, step.compute_type or STANDARD) if is_code else ()
    return (*_shape(step), *sizes)


def _shape(step: Step) -> tuple[object, ...]:
    values = sorted(step.default_params.items())
    return step.id, step.kind.value, sorted(step.depends_on), step.target_type, values


def _sources(document: Mapping[str, Any]) -> Iterator[StepSource]:
    for step in document["steps"]:
        if step["kind"] == StepKind.PROCESSOR:
            yield StepSource(
                str(step["id"]),
                str(step["sourceUrl"]),
                str(step.get("tag") or ""),
                str(step.get("commit") or ""),
            )


def _commits(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for source in _sources(document):
        if source.commit:
            yield (source.address, source.tag), source.commit
