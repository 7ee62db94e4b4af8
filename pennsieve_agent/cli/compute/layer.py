"""``pennsieve compute layer``: data and software that a node keeps for its runs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.compute import node_choice
from pennsieve_agent.errors import Conflict

app = group("Layers of a compute node: directories it keeps, read-only, for the runs that ask.")
_WHY = "layers are kept by Pennsieve, for nodes that it runs"
_INSTEAD = (
    "put what runs share into the image of the workflow; or name a node that Pennsieve runs: "
    "pennsieve compute list"
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Lower-case letters, digits and -.")]


class Kind(StrEnum):
    """What a layer is for."""

    DATA = "data"
    PYTHON = "python-env"
    R = "r-env"


@app.command("list")
def list_(
    ctx: typer.Context,
    node: options.Node,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """The layers of a compute node."""
    from pennsieve_agent.console import offer_documents
    from pennsieve_agent.console.tables import table
    from pennsieve_agent.console.words import size

    context = options.use(ctx, profile, as_json=json)
    found = node_choice.find_pennsieves(context, node, _WHY, _INSTEAD)
    layers = context.platform.layers.list(found.uuid)
    if json:
        context.streams.document([offer_documents.layer(layer) for layer in layers])
        return
    if not layers:
        context.streams.note(f"compute node '{found.name}' has no layers")
        return
    rows = [
        [
            layer.name,
            layer.kind,
            layer.status.value.lower(),
            size(layer.size) if context.relative else str(layer.size),
            str(layer.file_count),
            f"{layer.monthly_cost:.2f}",
            layer.description,
        ]
        for layer in layers
    ]
    columns = ["NAME", "TYPE", "STATUS", "SIZE", "FILES", "USD/MONTH", "DESCRIPTION"]
    context.streams.result(table(columns, rows, context.streams))


@app.command()
def create(
    ctx: typer.Context,
    node: options.Node,
    name: Name,
    kind: Annotated[Kind, typer.Option("--type", help="What it is for.")] = Kind.DATA,
    description: Annotated[str, typer.Option(metavar="TEXT", help="Describe it.")] = "",
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Make an empty layer, which a run fills."""
    context = options.use(ctx, profile, as_json=json)
    found = node_choice.find_pennsieves(context, node, _WHY, _INSTEAD)
    if name in {layer.name for layer in context.platform.layers.list(found.uuid)}:
        raise Conflict(
            f"compute node '{found.name}' has a layer '{name}'", hint="choose another name"
        )
    context.platform.layers.create(found.uuid, name, description, kind.value)
    if json:
        context.streams.document({"node_id": found.uuid, "name": name, "type": kind.value})
    else:
        context.streams.result(f"Made layer '{name}' on compute node '{found.name}'")


@app.command()
def remove(
    ctx: typer.Context,
    node: options.Node,
    name: Name,
    yes: options.Yes = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Delete a layer with all that is in it."""
    from pennsieve_agent.domain.name_matching import pick

    context = options.use(ctx, profile, as_json=json)
    found = node_choice.find_pennsieves(context, node, _WHY, _INSTEAD)
    layer = pick(
        name,
        context.platform.layers.list(found.uuid),
        kind="layer",
        keys=lambda each: (each.name, each.name),
        list_command=f"pennsieve compute layer list '{found.name}'",
    )
    question = f"Delete layer '{layer.name}' of compute node '{found.name}' with all in it?"
    if not context.streams.confirm(question, assume=yes):
        context.streams.note("nothing was changed")
        return
    context.platform.layers.delete(found.uuid, layer.name)
    if json:
        context.streams.document({"node_id": found.uuid, "name": layer.name, "removed": True})
    else:
        context.streams.result(f"Deleted layer '{layer.name}' of compute node '{found.name}'")
