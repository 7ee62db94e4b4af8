"""``pennsieve compute secret``: values that a node's containers get and nobody can read."""

from __future__ import annotations

from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.compute import node_choice
from pennsieve_agent.cli.compute.node_secrets import Secrets
from pennsieve_agent.cli.context import Context
from pennsieve_agent.errors import NotFound, UsageProblem

app = group(
    "Secrets of a compute node: environment variables of the containers it runs. Names can be "
    "listed; values cannot be read again by anybody."
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Such as OPENAI_API_KEY.")]
Shared = Annotated[
    bool, typer.Option("--shared", help="For everybody's runs, not only yours.", show_default=False)
]


@app.command("list")
def list_(
    ctx: typer.Context,
    node: options.Node,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """The names of your secrets, and of those everybody's runs get."""
    from pennsieve_agent.console.tables import table

    context = options.use(ctx, profile, as_json=json)
    secrets = Secrets(context, node_choice.find(context, node))
    found = secrets.node
    rows = [(name, shared) for shared in (False, True) for name in secrets.names(shared=shared)]
    if json:
        context.streams.document([{"name": name, "shared": shared} for name, shared in rows])
        return
    if not rows:
        context.streams.note(
            f"compute node '{found.name}' has no secrets; set one with: "
            f"pennsieve compute secret set '{found.name}' NAME"
        )
        return
    cells = [[name, "everybody's runs" if shared else "your runs"] for name, shared in rows]
    context.streams.result(table(["NAME", "FOR"], cells, context.streams))


@app.command("set")
def set_(
    ctx: typer.Context,
    node: options.Node,
    name: Name,
    shared: Shared = False,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read the value from standard input.")
    ] = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Set a secret. Its value is asked for, or read from standard input; never typed as a word."""
    context = options.use(ctx, profile, as_json=json)
    secrets = Secrets(context, node_choice.find(context, node))
    found = secrets.node
    value = _value(context, name, stdin=stdin)
    secrets.set({name: value}, shared=shared)
    if json:
        context.streams.document({"node_id": secrets.node_id, "name": name, "shared": shared})
        return
    whose = "everybody's" if shared else "your"
    context.streams.result(f"Set secret {name} for {whose} runs on compute node '{found.name}'")


def _value(context: Context, name: str, *, stdin: bool) -> str:
    if stdin:
        value = context.streams.stdin.read()
        value = value.removesuffix("\n").removesuffix("\r")
    else:
        instead = "add --stdin and write the value to standard input"
        value = context.streams.ask_secret(f"Value of {name} (not shown)", instead=instead)
    if not value:
        raise UsageProblem("the value is empty", hint="to take a secret away: secret remove")
    return value


@app.command()
def remove(
    ctx: typer.Context,
    node: options.Node,
    name: Name,
    shared: Shared = False,
    yes: options.Yes = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Remove a secret. Its value is lost."""
    context = options.use(ctx, profile, as_json=json)
    secrets = Secrets(context, node_choice.find(context, node))
    found = secrets.node
    if name not in secrets.names(shared=shared):
        whose = "no shared secret" if shared else "no secret of yours"
        raise NotFound(
            f"compute node '{found.name}' has {whose} called '{name}'",
            hint=f"list them with: pennsieve compute secret list '{found.name}'",
        )
    question = f"Remove secret {name} of compute node '{found.name}'?"
    if not context.streams.confirm(question, assume=yes):
        context.streams.note("nothing was changed")
        return
    secrets.remove(name, shared=shared)
    if json:
        context.streams.document(
            {"node_id": secrets.node_id, "name": name, "shared": shared, "removed": True}
        )
    else:
        context.streams.result(f"Removed secret {name} of compute node '{found.name}'")
