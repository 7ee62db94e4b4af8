"""``pennsieve compute layer``: data and software that a node keeps for its runs."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.compute import node_choice
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, Table, planned
from pennsieve_agent.console.tables import Column, Cut
from pennsieve_agent.errors import Conflict

if TYPE_CHECKING:
    from pennsieve_agent.domain.layers import Layer

_WHY = "only nodes that Pennsieve runs keep layers"
_INSTEAD = (
    "put what runs share into the image of the workflow; or name a node that Pennsieve runs: "
    "pennsieve compute list"
)
_COLUMNS: list[str | Column] = [
    *("NAME", "TYPE", "STATUS", "SIZE"),
    Column("FILES", spare=True),
    Column("USD/MONTH", spare=True),
    Column("DESCRIPTION", Cut.END, spare=True),
]
Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Lower-case letters, digits and hyphens.")
]


class Kind(StrEnum):
    """What a layer is for."""

    DATA = "data"
    PYTHON = "python-env"
    R = "r-env"


@command(
    "compute layer list",
    answers="list of layer",
    examples=["pennsieve compute layer list shared-node"],
)
def list_(context: Context, node: options.Node) -> Shown:
    """The layers of a compute node that Pennsieve runs."""
    from pennsieve_agent.console import offer_documents

    target = node_choice.find_pennsieves(context, node, _WHY, _INSTEAD)
    layers = context.platform.layers.list(target.uuid)
    document = [offer_documents.layer(layer) for layer in layers]
    if not layers:
        return Shown(document, notes=[f"compute node '{target.name}' has no layers"])
    return Shown(document, Table(_COLUMNS, [_row(context, layer) for layer in layers]))


def _row(context: Context, layer: Layer) -> list[str]:
    from pennsieve_agent.console.words import count, figure, size, usd

    return [
        layer.name,
        layer.kind,
        layer.status.value.lower(),
        figure(layer.size, size, plain=not context.relative),
        count(layer.file_count),
        usd(layer.monthly_cost).removesuffix(" USD"),
        layer.description,
    ]


@command(
    "compute layer create",
    answers=("layer_change", "planned_change"),
    examples=["pennsieve compute layer create shared-node atlas --type data"],
)
def create(
    context: Context,
    node: options.Node,
    name: Name,
    kind: Annotated[Kind, typer.Option("--type", help="What it is for.")] = Kind.DATA,
    description: Annotated[str, typer.Option(metavar="TEXT", help="A description.")] = "",
    dry_run: options.DryRun = False,
) -> Shown:
    """Create an empty layer on a node that Pennsieve runs; a run fills it."""
    target = node_choice.find_pennsieves(context, node, _WHY, _INSTEAD)
    if name in {layer.name for layer in context.platform.layers.list(target.uuid)}:
        raise Conflict(
            f"compute node '{target.name}' already has a layer '{name}'",
            hint="choose another name",
        )
    if dry_run:
        return planned(f"create layer '{name}' on compute node '{target.name}'")
    context.platform.layers.create(target.uuid, name, description, kind.value)
    return Shown(
        {"node_id": target.uuid, "name": name, "type": kind.value},
        f"Created layer '{name}' on compute node '{target.name}'",
    )


@command(
    "compute layer delete",
    answers=("layer_change", "planned_change"),
    examples=["pennsieve compute layer delete shared-node atlas"],
)
def delete(
    context: Context,
    node: options.WholeNode,
    name: Name,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Delete a layer of a node of Pennsieve, with everything in it. This cannot be undone."""
    from pennsieve_agent.domain.name_matching import need_whole

    target = node_choice.find_pennsieves(context, node, _WHY, _INSTEAD)
    need_whole(node, target.uuid, target.name, "compute node")
    layer = _named(context.platform.layers.list(target.uuid), name, target.name)
    if dry_run:
        return planned(f"delete layer '{layer.name}' of compute node '{target.name}'")
    question = f"Delete layer '{layer.name}' of compute node '{target.name}' with all its files?"
    document = {"node_id": target.uuid, "name": layer.name}
    if not context.streams.confirm(question, assume=yes):
        return Shown({**document, "deleted": False}, notes=["nothing was changed"])
    context.platform.layers.delete(target.uuid, layer.name)
    return Shown(
        {**document, "deleted": True},
        f"Deleted layer '{layer.name}' of compute node '{target.name}'",
    )


def _named(layers: list[Layer], name: str, node: str) -> Layer:
    """The layer of exactly this name: what is deleted for good is named in full."""
    from pennsieve_agent.errors import UnknownName

    for layer in layers:
        if layer.name == name:
            return layer
    raise UnknownName(
        f"compute node '{node}' has no layer '{name}'",
        hint=f"list them with: pennsieve compute layer list '{node}'",
    )
