"""Builds across own nodes: of one workflow or of all code, and one by its id or its workflow."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.image_builds import NodeBuild
from pennsieve_agent.domain.name_matching import pick
from pennsieve_agent.errors import Conflict, NodeOlder
from pennsieve_agent.services.workflows.node_builds import NodeBuilds
from pennsieve_agent.services.workflows.node_workflows import newest_document
from pennsieve_agent.services.workflows.registered_code import HIDDEN
from pennsieve_agent.services.workflows.version_request import shown
from pennsieve_agent.source.repository_urls import local_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.own_node import OwnNode

LIST = "pennsieve workflow build list"
MOST = 100


@dataclass(frozen=True, slots=True)
class LocatedBuild:
    """A build and the builds of its node."""

    build: NodeBuild
    builds: NodeBuilds

    @property
    def node(self) -> str:
        """The node's name."""
        return self.builds.node.name


def builds_on_nodes(
    nodes: Sequence[tuple[OwnNode, NodeCalls]],
    sleep: Callable[[float], None],
    workflow: str = "",
    limit: int = MOST,
) -> list[LocatedBuild]:
    """The builds of my nodes, newest first: of all code, or of a workflow's by its id.

    Nodes that build nothing have none.

    Raises:
        AgentError: a node cannot be asked.
    """
    located: list[LocatedBuild] = []
    for node, calls in nodes:
        if not node.is_owned:
            continue
        document = newest_document(node, calls, workflow) if workflow else None
        sources = _sources(document) if document else {""}
        if workflow and document is None:
            continue
        builds = NodeBuilds(node, calls, sleep)
        try:
            rows = [build for source in sources for build in builds.newest(source, limit)]
        except (Conflict, NodeOlder):  # without a builder, or made before there was one
            continue
        located += [LocatedBuild(build, builds) for build in rows]
    return sorted(located, key=lambda row: -row.build.started_at)


def pick_build(located: Sequence[LocatedBuild], reference: str) -> LocatedBuild:
    """One by its id or the begin of it; by the name of its code, the newest.

    Raises:
        UsageProblem: none or several match.
    """
    for row in located:  # newest first
        if row.build.name == reference:
            return row
    return pick(
        reference,
        located,
        kind="build on your nodes",
        keys=lambda row: (row.build.id, row.build.name),
        list_command=LIST,
        where=lambda row: row.node,
    )


def add_command(build: NodeBuild, addresses: Iterable[str]) -> str:
    """What to type to register the code of a build, with its image where there is one. Pure.

    A node has folders and private servers by their names alone; ``addresses`` are those that this
    machine remembers.
    """
    place = build.source
    if place.startswith(HIDDEN):
        place = next((address for address in addresses if shown(address) == build.source), "")
        folder = local_path(place)
        place = str(folder) if folder is not None else place
    words = shlex.quote(place) if place else "FOLDER"
    known = "" if place else f" (the folder of {build.name})"
    return f"pennsieve workflow add {words} --build node{known}"


def _sources(document: Mapping[str, Any]) -> set[str]:
    return {str(step["sourceUrl"]) for step in document["steps"] if step.get("sourceUrl")}
