"""A registered workflow as it can be run on this machine, and where the code of its steps is.

Pennsieve knows repositories and tags. A node knows which commits these were and how the input
lies, and has folders and private servers by their names alone; where those are, this machine
remembers from ``workflow add``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.workflows import Workflow
from pennsieve_agent.errors import AwsError, NodeError, PlatformError, UsageProblem
from pennsieve_agent.services.nodes.node_documents import decode_version
from pennsieve_agent.services.runs.run_request import which_workflow
from pennsieve_agent.services.workflows.find_workflow import find
from pennsieve_agent.services.workflows.node_workflows import newest_document
from pennsieve_agent.services.workflows.version_request import shown

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.workflows.find_workflow import Nodes

HIDDEN = ("local:", "git:", "image:")
"""How a node spells an address of which it has the name alone."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A workflow. ``commits`` are what tags meant, by shown address and tag, as far as is known.

    ``needs_pennsieve`` is what its steps are given of the workflow's identity on an own node:
    nothing, ``read`` or ``write``.
    """

    workflow: Workflow
    layout: str = "tree"
    needs_pennsieve: str = ""
    commits: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CodePlace:
    """Where the code of a step is. ``tag`` is as registered; ``commit`` is empty if not known."""

    step: str
    address: str
    tag: str
    commit: str = ""


def registered(
    platform: Platform, nodes: Nodes, reference: str | None, note: Callable[[str], None]
) -> Registered:
    """The workflow that is meant; where none is named, the only one there is.

    ``note`` is told of a node that does not answer.

    Raises:
        UsageProblem: none or several match.
    """
    organization = platform.workspace_id()
    if reference is None:
        listed = [w for w in platform.workflows.list(organization) if w.is_active]
        if len(listed) != 1:
            raise which_workflow(workflow.name for workflow in listed)
        reference = listed[0].uuid
    located = find(platform, organization, nodes, reference)
    document = _document(nodes, located.workflow.uuid, note)
    if document is None:
        return Registered(located.workflow)
    version = decode_version(document, located.workflow.uuid)
    steps = {step.id: step for step in version.workflow.steps}
    commits = {
        (steps[id_].source_url, steps[id_].tag): code.commit
        for id_, code in version.code.items()
        if code.commit
    }
    needs = str(document.get("needsPennsieve") or "")
    return Registered(version.workflow, version.layout, needs, commits)


def _document(nodes: Nodes, uuid: str, note: Callable[[str], None]) -> Mapping[str, Any] | None:
    """The newest version of the workflow on the first node that has it."""
    for node, calls in nodes:
        try:
            document = newest_document(node, calls, uuid)
        except (PlatformError, AwsError, NodeError) as error:
            note(
                f"compute node '{node.name}' could not be asked about the workflow: "
                f"{error.message}; its definition on Pennsieve is used"
            )
            continue
        if document is not None:
            return document
    return None


def code_places(
    known: Registered,
    addresses: Sequence[str],
    commits: Mapping[tuple[str, str], str],
) -> tuple[CodePlace, ...]:
    """Where the code of each step is. Pure.

    ``addresses`` are those that this machine remembers, step by step, or none; ``commits`` are what
    it remembers of tags.

    Raises:
        UsageProblem: a step's code is in a folder or on a server that this machine does not know.
    """
    steps = known.workflow.processors
    remembered = addresses if len(addresses) == len(steps) else ()
    meant = {**commits, **known.commits}
    places = []
    for number, step in enumerate(steps):
        address = step.source_url
        if remembered and shown(remembered[number]) == _shown(address):
            address = remembered[number]
        if not address or address.startswith(HIDDEN):
            raise UsageProblem(
                f"this machine does not know where the code of step '{step.id}' of workflow "
                f"'{known.workflow.name}' is",
                where=address or None,
                hint="run its folder with: pennsieve workflow test FOLDER --input FOLDER",
            )
        commit = meant.get((_shown(step.source_url), step.tag), "")
        places.append(CodePlace(step.id, address, step.tag, commit))
    return tuple(places)


def _shown(address: str) -> str:
    return address if address.startswith(HIDDEN) else shown(address)
