"""Workflow versions on own nodes: registered once, looked up by name."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.domain.workflows import Workflow
from pennsieve_agent.errors import (
    AgentError,
    AwsError,
    Conflict,
    Invalid,
    NodeError,
    PlatformError,
    UsageProblem,
)
from pennsieve_agent.services.workflows.node_workflows import (
    newest_document,
    version_path,
    workflow_on,
    workflows_on,
)
from pennsieve_agent.services.workflows.version_request import (
    Document,
    Naming,
    NodeSettings,
    same_version,
    version_document,
    version_name,
    with_number,
)

if TYPE_CHECKING:
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.workflows.workflow_images import NodeImages

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NodeContext:
    """One of my own nodes: its calls, and where its images are."""

    node: OwnNode
    calls: NodeCalls
    images: NodeImages


@dataclass(frozen=True, slots=True)
class Placed:
    """A version on a node. ``created`` says whether it is new there."""

    node: OwnNode
    version: str
    document: Json
    created: bool


@dataclass(frozen=True, slots=True)
class Known:
    """A workflow on some own nodes, with the nodes' names."""

    uuid: str
    name: str
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Silent:
    """A node that could not be asked, and why."""

    node: OwnNode
    error: AgentError


def put_version(context: NodeContext, document: Document) -> Placed:
    """Register a version on a node under the first free name; the newest one is there once.

    Runs take what was registered last: going back to older code makes a version of it again.

    Raises:
        AgentError: the node refuses, or cannot be asked.

    """
    workflow, base = str(document["workflow"]), str(document["version"])
    present = versions_of(context, workflow)
    for number in itertools.count(1):
        version = with_number(base, number)
        if version in present[:-1]:
            continue
        if version not in present:
            numbered = {**document, "version": version}
            path = version_path(workflow, version)
            # A command that runs at the same time may have taken the name since.
            with suppress(Conflict):
                _put(context, path, numbered)
                return Placed(context.node, version, numbered, created=True)
        registered = context.calls.ask("GET", version_path(workflow, version), admin=True)
        if same_version(registered, document):
            return Placed(context.node, version, registered, created=False)
    raise AssertionError("there is a free name")


def _put(context: NodeContext, path: str, document: Document) -> None:
    """Send a version; a refused command line may be one that the node is too old for."""
    try:
        context.calls.ask("PUT", path, body=document, admin=True)
    except Invalid as error:
        if any(isinstance(step.get("command"), Mapping) for step in document["steps"]):
            name = context.node.name
            error.hint = (
                f"if the node is older than this program: pennsieve compute update '{name}'"
            )
        raise


def remove_version(context: NodeContext, workflow: str, version: str) -> None:
    """Take a version off a node.

    Raises:
        AgentError: the node refuses, or cannot be asked.

    """
    context.calls.ask("DELETE", version_path(workflow, version), admin=True)


def versions_of(context: NodeContext, workflow: str) -> tuple[str, ...]:
    """The versions of a workflow that a node has, the oldest first."""
    row = workflow_on(context.node, context.calls, workflow)
    return row.versions if row else ()


def document_of(context: NodeContext, workflow: str, version: str) -> Json:
    """A version's document.

    Raises:
        NotFound: it is not there.

    """
    return context.calls.ask("GET", version_path(workflow, version), admin=True)


def latest_of(context: NodeContext, workflow: str) -> Json | None:
    """The document of a workflow's newest version; None when the node has none."""
    return newest_document(context.node, context.calls, workflow)


def latest_named(context: NodeContext, name: str) -> Json | None:
    """The document of the newest version of a workflow of that name; None when there is none."""
    for row in workflows_on(context.node, context.calls):
        if row.name == name and row.newest:
            return document_of(context, row.uuid, row.newest)
    return None


def on_nodes(own_nodes: Iterable[tuple[OwnNode, NodeCalls]]) -> tuple[list[Known], list[Silent]]:
    """The workflows of own nodes by id, and the nodes that could not be asked."""
    names: dict[str, str] = {}
    nodes: dict[str, list[str]] = {}
    silent = []
    for node, calls in own_nodes:
        try:
            rows = workflows_on(node, calls)
        except (PlatformError, AwsError, NodeError) as error:
            silent.append(Silent(node, error))
            continue
        for row in rows:
            names.setdefault(row.uuid, row.name)
            nodes.setdefault(row.uuid, []).append(node.name)
    return [Known(uuid, name, tuple(nodes[uuid])) for uuid, name in names.items()], silent


def ensure_version(
    platform: Platform, contexts: Sequence[NodeContext], workflow: Workflow
) -> tuple[Placed, ...]:
    """Register Pennsieve's current version of a workflow on each node that lacks it.

    A node that was made after the workflow was added gets the document of a node that has it, or
    one made of Pennsieve's definition; images that were built for another node stay with that one.

    Raises:
        UsageProblem: a node would need an image that was built for another node alone.
        AgentError: a node or Pennsieve refuses.

    """
    known = [(context, versions_of(context, workflow.uuid)) for context in contexts]
    model = next(
        (
            document_of(context, workflow.uuid, versions[-1])
            for context, versions in known
            if versions
        ),
        None,
    )
    placed = []
    for context, versions in known:
        if versions:
            continue
        if model is not None and model.get("origin") != "pennsieve":
            raise UsageProblem(
                f"workflow '{workflow.name}' was built for another node than '{context.node.name}'",
                hint=f"put it on all your nodes: pennsieve workflow update '{workflow.name}'",
            )
        document = dict(model) if model else _document_of_pennsieve(platform, context, workflow)
        placed.append(put_version(context, document))
    return tuple(placed)


def _document_of_pennsieve(
    platform: Platform, context: NodeContext, workflow: Workflow
) -> Document:
    """A version's document made from Pennsieve's definition and images."""
    from pennsieve_agent.services.workflows.workflow_images import (  # noqa: PLC0415 - heavy
        images_of_pennsieve,
    )

    code = images_of_pennsieve(platform.applications.image, workflow.processors, {}, context.images)
    naming = Naming(workflow.uuid, workflow.name, workflow.description, "pennsieve")
    name = version_name([step.tag for step in workflow.processors])
    return version_document(naming, name, workflow.steps, code, NodeSettings())
