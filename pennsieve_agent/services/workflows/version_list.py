"""The versions of a workflow on own nodes, and what differs between two of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.command_lines import CommandLine
from pennsieve_agent.domain.run_filter import RunQuery
from pennsieve_agent.errors import AwsError, NodeError, PlatformError
from pennsieve_agent.services.nodes.node_documents import NodeWorkflow
from pennsieve_agent.services.runs.run_versions import named
from pennsieve_agent.services.workflows.node_versions import Silent
from pennsieve_agent.services.workflows.node_workflows import version_path, workflow_on

if TYPE_CHECKING:
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.domain.runs import Run

Json = Mapping[str, Any]
Ask = Callable[[RunQuery], Sequence["Run"]]
_SETTINGS = (("layout", "input layout"), ("needsPennsieve", "key of the identity"))
_OF_STEP = (
    *(("sourceUrl", "code"), ("tag", "tag"), ("commit", "commit"), ("image", "image")),
    *(
        ("command", "command"),
        ("computeType", "compute type"),
        ("cpu", "cpu"),
        ("memory", "memory"),
    ),
    *(("disk", "disk"), ("dependsOn", "needs"), ("targetType", "target"), ("defaults", "defaults")),
)


@dataclass(frozen=True, slots=True)
class VersionOnNode:
    """One version on one node. ``runs`` are those that the node still knows."""

    node: OwnNode
    version: str
    document: Json
    registered: str
    runs: int
    is_newest: bool

    @property
    def builder(self) -> str:
        """Who built its images, in words."""
        return "Pennsieve" if self.document.get("origin") == "pennsieve" else "its owner"

    @property
    def steps(self) -> list[Json]:
        """The steps that run code."""
        return [step for step in self.document["steps"] if step.get("image")]


@dataclass(frozen=True, slots=True)
class Difference:
    """What two versions have differently; ``step`` is empty for the whole workflow."""

    step: str
    what: str
    before: str
    after: str


def versions_on_nodes(
    nodes: Sequence[tuple[OwnNode, NodeCalls]], uuid: str, runs: Callable[[OwnNode], Ask]
) -> tuple[list[VersionOnNode], list[Silent]]:
    """All versions of a workflow, the newest first, and the nodes that could not be asked."""
    rows: list[VersionOnNode] = []
    silent = []
    for node, calls in nodes:
        try:
            workflow = workflow_on(node, calls, uuid)
            if workflow is not None:
                rows += _on_node(node, calls, workflow, runs(node))
        except (PlatformError, AwsError, NodeError) as error:
            silent.append(Silent(node, error))
    return rows, silent


def _on_node(
    node: OwnNode, calls: NodeCalls, workflow: NodeWorkflow, ask: Ask
) -> Iterator[VersionOnNode]:
    started = Counter(
        run.details.workflow_version
        for run in ask(RunQuery(workflow=workflow.uuid))
        if run.details is not None
    )
    for version in reversed(workflow.versions):
        document = calls.ask("GET", version_path(workflow.uuid, version), admin=node.is_owned)
        yield VersionOnNode(
            node,
            version,
            document,
            workflow.registered.get(version, ""),
            started[version],
            version == workflow.newest,
        )


def version_called(rows: Sequence[VersionOnNode], name: str) -> VersionOnNode:
    """A version by its name, or its unique beginning.

    Raises:
        UnknownName: none, or several, are called so.

    """
    version = named(list(dict.fromkeys(row.version for row in rows)), name)
    return next(row for row in rows if row.version == version)


def differences(before: Json, after: Json) -> list[Difference]:
    """What differs between two versions: settings, steps, their code, sizes and parameters."""
    rows = [
        Difference("", words, _text(before.get(key)), _text(after.get(key)))
        for key, words in _SETTINGS
    ]
    old = {str(step["id"]): step for step in before["steps"]}
    new = {str(step["id"]): step for step in after["steps"]}
    for name in dict.fromkeys([*old, *new]):
        if name not in new or name not in old:
            here, there = ("there", "") if name in old else ("", "there")
            rows.append(Difference(name, "the step", here, there))
            continue
        rows += [
            Difference(name, words, _text(old[name].get(key)), _text(new[name].get(key)))
            for key, words in _OF_STEP
        ]
        rows += _parameters(name, old[name], new[name])
    return [row for row in rows if row.before != row.after]


def _parameters(step: str, before: Json, after: Json) -> Iterator[Difference]:
    old = {str(row["name"]): row for row in before.get("parameters") or ()}
    new = {str(row["name"]): row for row in after.get("parameters") or ()}
    for name in dict.fromkeys([*old, *new]):
        yield Difference(
            step, f"parameter {name}", _parameter(old.get(name)), _parameter(new.get(name))
        )


def _parameter(row: Json | None) -> str:
    if row is None:
        return ""
    parts = [str(row.get("type") or "string"), "|".join(row.get("values") or ())]
    default = row.get("default")
    parts.append("required" if default is None else f"default {default}")
    ends = [f"{key} {row[key]:g}" for key in ("min", "max") if row.get(key) is not None]
    return ", ".join(filter(None, [*parts, *ends]))


def _text(value: object) -> str:
    match value:
        case None | 0:
            return ""
        case {"words": list(words), **about}:
            line = CommandLine(tuple(map(str, words)), str(about.get("bids") or ""))
            return f"{line.text} ({line.bids})" if line.bids else line.text
        case list():
            return ", ".join(map(str, value))
        case dict():
            return ", ".join(f"{name}={text}" for name, text in value.items())
        case _:
            return str(value)
