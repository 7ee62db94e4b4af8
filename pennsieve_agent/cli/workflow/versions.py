"""``pennsieve workflow versions``: what a workflow was, and what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Part, Shown, Table
from pennsieve_agent.console.tables import Column, Cut

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.services.workflows.file_changes import FileChange
    from pennsieve_agent.services.workflows.version_list import Difference, Json, VersionOnNode

_HEX = 12
NO_CODE = ("local:", "git:", "image:", "docker:")
"""How addresses begin whose files nobody can fetch by their commits."""


@command(
    "workflow versions",
    answers=("list of workflow_version", "workflow_differences"),
    examples=[
        "pennsieve workflow versions spike-rate",
        "pennsieve workflow versions spike-rate --diff v1.0.0 v1.1.0",
    ],
)
def versions(
    context: Context,
    workflow: options.Workflow,
    diff: Annotated[
        tuple[str, str] | None,
        typer.Option("--diff", metavar="A B", help="What differs between two versions."),
    ] = None,
) -> Shown:
    """The versions of a workflow on your own nodes, and what differs between two.

    Each is shown with the commits and images of its steps, and how many runs used it.
    """
    from pennsieve_agent.cli.run.places import backend_of
    from pennsieve_agent.cli.workflow.named import named_workflow, nodes_of
    from pennsieve_agent.services.workflows import version_list

    match = named_workflow(context, workflow).workflow
    rows, silent = version_list.versions_on_nodes(
        nodes_of(context), match.uuid, lambda node: backend_of(context, node).newest
    )
    for node in silent:
        context.streams.note(f"node '{node.node.name}' could not be reached: {node.error.message}")
    if diff is not None:
        return _differences(context, match, rows, diff)
    if not rows:
        return Shown([], notes=[_none(match)])
    return _listed(context, rows)


def _none(workflow: Workflow) -> str:
    tags = ", ".join(dict.fromkeys(step.tag for step in workflow.processors if step.tag))
    return (
        f"none of your own nodes has workflow '{workflow.name}'; on Pennsieve it is at "
        f"{tags or 'no tag'}, and its builds are listed with: "
        f"pennsieve workflow build list '{workflow.name}'"
    )


def _listed(context: Context, rows: Sequence[VersionOnNode]) -> Shown:
    from pennsieve_agent.console.words import when

    table = [
        [
            f"{row.version}{' (newest)' if row.is_newest else ''}",
            _code(row),
            when(row.registered, context.now(), relative=context.relative),
            row.builder,
            row.node.name,
            str(row.runs),
        ]
        for row in rows
    ]
    version, code = Column("VERSION", Cut.WRAP), Column("COMMIT, IMAGE", Cut.WRAP)
    columns: list[str | Column] = [version, code, "ADDED", "BUILT BY", "NODE", "RUNS"]
    return Shown([_document(row) for row in rows], Table(columns, table))


def _code(row: VersionOnNode) -> str:
    """Commit and image of each step; said once where all steps have the same."""
    pairs = {str(step["id"]): _pair(step) for step in row.steps}
    if len(set(pairs.values())) == 1:
        return next(iter(pairs.values()))
    return ", ".join(f"{name} {pair}" for name, pair in pairs.items())


def _pair(step: Json) -> str:
    commit = str(step.get("commit") or "")[:7]
    digest = str(step["image"]).rpartition("sha256:")[2][:_HEX]
    return " ".join(filter(None, [commit, digest]))


def _document(row: VersionOnNode) -> dict[str, Any]:
    from pennsieve_agent.console.documents import time

    return {
        "version": row.version,
        "newest": row.is_newest,
        "node": row.node.name,
        "node_id": row.node.token,
        "registered_at": time(row.registered),
        "built_by": "pennsieve" if row.builder == "Pennsieve" else "owner",
        "runs": row.runs,
        "steps": [
            {
                "id": str(step["id"]),
                "source_url": str(step.get("sourceUrl") or ""),
                "tag": step.get("tag") or None,
                "commit": step.get("commit") or None,
                "image": str(step["image"]),
            }
            for step in row.steps
        ],
    }


def _differences(
    context: Context, workflow: Workflow, rows: Sequence[VersionOnNode], diff: tuple[str, str]
) -> Shown:
    from pennsieve_agent.services.workflows.version_list import differences, version_called

    before, after = (version_called(rows, name) for name in diff)
    changes = differences(before.document, after.document)
    files = list(_files(context, workflow, before, after))
    document = {
        "workflow": workflow.name,
        "workflow_id": workflow.uuid,
        "before": before.version,
        "after": after.version,
        "changes": [_change(change) for change in changes],
        "files": [{"step": one.step, "file": one.file, "diff": one.diff} for one in files],
    }
    if not changes:
        return Shown(document, "The two versions are the same")
    table = [[c.step or "(all)", c.what, _short(c.before), _short(c.after)] for c in changes]
    sides = (Column(before.version, Cut.WRAP), Column(after.version, Cut.WRAP))
    columns: list[str | Column] = ["STEP", "WHAT", *sides]
    text: list[Part] = [Table(columns, table)]
    for one in files:
        text += ["", f"step '{one.step}':", one.diff]
    return Shown(document, text)


def _change(change: Difference) -> dict[str, Any]:
    return {
        "step": change.step or None,
        "what": change.what,
        "before": change.before or None,
        "after": change.after or None,
    }


def _short(text: str) -> str:
    """An image by the beginning of its digest; all else unchanged."""
    name, at, digest = text.partition("sha256:")
    return f"sha256:{digest[:_HEX]}" if at and name.endswith("@") else text


def _files(
    context: Context, workflow: Workflow, before: VersionOnNode, after: VersionOnNode
) -> Iterator[FileChange]:
    """The files that differ, of steps whose repository this machine can find."""
    from pennsieve_agent.cli.workflow.code_context import code_record
    from pennsieve_agent.services.workflows.file_changes import file_changes
    from pennsieve_agent.transfer.temporary_folders import temporary_folder

    kept = code_record(context).addresses(workflow.uuid)
    old = {str(step["id"]): step for step in before.steps}
    with temporary_folder() as folder:
        for number, step in enumerate(after.steps):
            name, url = str(step["id"]), str(step.get("sourceUrl") or "")
            url = kept[number] if len(kept) == len(after.steps) else url
            commits = (str(old.get(name, {}).get("commit") or ""), str(step.get("commit") or ""))
            if all(commits) and commits[0] != commits[1] and not url.startswith(NO_CODE):
                place = folder / str(number)
                yield from file_changes(name, url, commits, place, context.streams.note)
