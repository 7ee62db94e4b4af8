"""``pennsieve compute allow|disallow|allowed``: whose code a compute node runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.compute import node_choice
from pennsieve_agent.cli.context import Context
from pennsieve_agent.errors import UsageProblem

app = group("Whose code a compute node runs.")
_WHY = "it runs what is registered on it, and nothing else"
_INSTEAD = "see what that is with: pennsieve workflow list"
Repositories = Annotated[
    list[str],
    typer.Argument(metavar="REPO...", help="Registered code: its address, name or a prefix."),
]


@app.command()
def allow(
    ctx: typer.Context,
    node: options.Node,
    repositories: Repositories,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Let a compute node run this code, and none that is not on its list.

    A node without a list runs the code of every workflow; the first entry ends that.
    """
    from pennsieve_agent.services.workflows import apps

    context = options.use(ctx, profile, as_json=json)
    found = node_choice.find_pennsieves(context, node, _WHY, _INSTEAD)
    secrets = context.platform.node_secrets
    before = secrets.allowed_processors(found.uuid)
    urls = apps.source_urls(context.platform, repositories)
    now = tuple(dict.fromkeys((*before, *urls)))
    if now != before:
        secrets.allow_processors(found.uuid, now)
    if json:
        context.streams.document(_document(found.uuid, now))
        return
    context.streams.result(f"Compute node '{found.name}' may run {', '.join(urls)}")
    if not before:
        context.streams.explain("until now it ran everything; from now on only what is listed")


@app.command()
def disallow(
    ctx: typer.Context,
    node: options.Node,
    repositories: Repositories,
    yes: options.Yes = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Take code from a compute node's list.

    Asks before the last entry goes, as a node without a list runs the code of every workflow.
    """
    context = options.use(ctx, profile, as_json=json)
    found = node_choice.find_pennsieves(context, node, _WHY, _INSTEAD)
    secrets = context.platform.node_secrets
    before = secrets.allowed_processors(found.uuid)
    gone = {_listed(each, before, found.name) for each in repositories}
    now = tuple(url for url in before if url not in gone)
    question = f"Compute node '{found.name}' will run the code of every workflow again. Go on?"
    if not now and not context.streams.confirm(question, assume=yes):
        context.streams.note("nothing was changed")
        return
    secrets.allow_processors(found.uuid, now)
    if json:
        context.streams.document(_document(found.uuid, now))
        return
    said = ", ".join(sorted(gone))
    context.streams.result(f"Compute node '{found.name}' no longer has {said} on its list")
    if not now:
        context.streams.explain("its list is empty: it runs the code of every workflow")


@app.command()
def allowed(
    ctx: typer.Context,
    node: options.Node,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """The code a compute node runs; without a list, that of every workflow."""
    from pennsieve_agent.console.tables import table

    context = options.use(ctx, profile, as_json=json)
    found = node_choice.find_pennsieves(context, node, _WHY, _INSTEAD)
    urls = context.platform.node_secrets.allowed_processors(found.uuid)
    if json:
        context.streams.document(_document(found.uuid, urls))
    elif urls:
        context.streams.result(table(["CODE"], [[url] for url in urls], context.streams))
    else:
        _say_everything(context, found.name)


def _say_everything(context: Context, name: str) -> None:
    context.streams.explain(
        f"compute node '{name}' has no list: it runs the code of every workflow"
    )


def _document(node_id: str, urls: Sequence[str]) -> dict[str, object]:
    return {"node_id": node_id, "everything": not urls, "allowed": list(urls)}


def _listed(wanted: str, listed: Sequence[str], node: str) -> str:
    """The address on the list that is meant: it may be of code that nobody has any more."""
    from pathlib import Path

    from pennsieve_agent.domain.name_matching import pick
    from pennsieve_agent.errors import SourceError
    from pennsieve_agent.source.repository_urls import canonical, name_of

    if not listed:
        raise UsageProblem(
            f"compute node '{node}' has no list: it runs the code of every workflow",
            hint=f"begin one with: pennsieve compute allow '{node}' REPO",
        )
    try:
        address = canonical(wanted, Path.cwd())
    except SourceError:
        address = wanted
    if address in listed:
        return address
    return pick(
        wanted,
        listed,
        kind="listed URL",
        keys=lambda url: (url, name_of(url)),
        list_command=f"pennsieve compute allowed '{node}'",
    )
