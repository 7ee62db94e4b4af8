"""``pennsieve compute code list|allow|disallow``: whose code a node that Pennsieve runs may run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.compute import node_choice
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Prose, Shown, Table, planned
from pennsieve_agent.console.tables import Column, Cut
from pennsieve_agent.errors import SourceError, UsageProblem

_WHY = "it runs what is registered on it, and nothing else"
_INSTEAD = "see what is registered with: pennsieve workflow list"
Repositories = Annotated[
    list[str],
    typer.Argument(metavar="REPO...", help="Registered code: its address, name or a prefix."),
]


@command(
    "compute code list",
    answers="node_code",
    examples=["pennsieve compute code list shared-node"],
)
def list_(context: Context, node: options.Node) -> Shown:
    """The code that a node of Pennsieve may run; without a list, that of every workflow.

    Only nodes that Pennsieve runs have such a list. A node of your own runs what is registered on
    it, and nothing else.
    """
    target = node_choice.find_pennsieves(context, node, _WHY, _INSTEAD)
    urls = context.platform.node_secrets.allowed_processors(target.uuid)
    if urls:
        return Shown(
            _document(target.uuid, urls),
            Table([Column("CODE", Cut.RUN_ON)], [[url] for url in urls]),
        )
    return Shown(_document(target.uuid, urls), notes=[_everything(target.name)])


@command(
    "compute code allow",
    answers=("node_code", "planned_change"),
    examples=["pennsieve compute code allow shared-node https://github.com/lab/spike-rate"],
)
def allow(
    context: Context,
    node: options.Node,
    repositories: Repositories,
    dry_run: options.DryRun = False,
) -> Shown:
    """Let a node that Pennsieve runs run this code, and only what is on its list.

    A node without a list runs the code of every workflow; the first entry ends that.
    """
    from pennsieve_agent.services.workflows import apps

    target = node_choice.find_pennsieves(context, node, _WHY, _INSTEAD)
    secrets = context.platform.node_secrets
    before = secrets.allowed_processors(target.uuid)
    urls = apps.source_urls(context.platform, repositories)
    after = tuple(dict.fromkeys((*before, *urls)))
    if dry_run:
        return planned(f"let compute node '{target.name}' run {', '.join(urls)}")
    if after != before:
        secrets.allow_processors(target.uuid, after)
    text: list[Any] = [f"Compute node '{target.name}' may run {', '.join(urls)}"]
    if not before:
        text.append(Prose("Until now it ran all code; from now on it runs only what is listed."))
    return Shown(_document(target.uuid, after), text)


@command(
    "compute code disallow",
    answers=("node_code", "planned_change"),
    examples=["pennsieve compute code disallow shared-node spike-rate"],
)
def disallow(
    context: Context,
    node: options.Node,
    repositories: Repositories,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Take code off the list of a node that Pennsieve runs.

    You are asked before the last entry is removed, because a node without a list runs the code of
    every workflow.
    """
    target = node_choice.find_pennsieves(context, node, _WHY, _INSTEAD)
    secrets = context.platform.node_secrets
    before = secrets.allowed_processors(target.uuid)
    removed = {_listed(repository, before, target.name) for repository in repositories}
    after = tuple(url for url in before if url not in removed)
    if dry_run:
        return planned(f"take {', '.join(sorted(removed))} off the list of '{target.name}'")
    question = f"Compute node '{target.name}' will run the code of every workflow again. Go on?"
    if not after and not context.streams.confirm(question, assume=yes):
        return Shown(_document(target.uuid, before), notes=["nothing was changed"])
    secrets.allow_processors(target.uuid, after)
    urls = ", ".join(sorted(removed))
    text: list[Any] = [f"Compute node '{target.name}' no longer has {urls} on its list"]
    if not after:
        text.append(Prose("Its list is empty: it runs the code of every workflow."))
    return Shown(_document(target.uuid, after), text)


def _everything(name: str) -> str:
    return f"compute node '{name}' has no list: it runs the code of every workflow"


def _document(node_id: str, urls: Sequence[str]) -> dict[str, object]:
    return {"node_id": node_id, "everything": not urls, "allowed": list(urls)}


def _listed(reference: str, urls: Sequence[str], node: str) -> str:
    """The address on the list that is meant; its code need not be registered any more."""
    from pennsieve_agent.domain.name_matching import pick
    from pennsieve_agent.source.repository_urls import canonical, name_of

    if not urls:
        raise UsageProblem(
            _everything(node), hint=f"begin a list with: pennsieve compute code allow '{node}' REPO"
        )
    try:
        address = canonical(reference, Path.cwd())
    except SourceError:
        address = reference
    if address in urls:
        return address
    return pick(
        reference,
        urls,
        kind="listed URL",
        keys=lambda url: (url, name_of(url)),
        list_command=f"pennsieve compute code list '{node}'",
    )
