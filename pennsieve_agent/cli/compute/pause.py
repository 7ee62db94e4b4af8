"""``pennsieve compute pause|resume|rename``, and what there is to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.compute import node_choice
from pennsieve_agent.cli.context import Context
from pennsieve_agent.domain.own_node import OwnNode

if TYPE_CHECKING:
    from pennsieve_agent.domain.compute import ComputeNode

app = group("Changing a compute node.")


@app.command()
def pause(
    ctx: typer.Context,
    node: options.Node,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Let no new run start on a compute node. What it costs in AWS goes on."""
    context = options.use(ctx, profile, as_json=json)
    why = "no run starts on it but by you, and by those whom you share it with"
    instead = "take it back from somebody with: pennsieve compute unshare NODE --aws ARN"
    found = node_choice.find_pennsieves(context, node, why, instead)
    _say(context, context.platform.compute.pause_node(found.uuid))


@app.command()
def resume(
    ctx: typer.Context,
    node: options.Node,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Let runs start on a compute node again."""
    context = options.use(ctx, profile, as_json=json)
    why = "it cannot be paused, so runs start on it at any time"
    instead = "look at it with: pennsieve compute doctor NODE"
    found = node_choice.find_pennsieves(context, node, why, instead)
    _say(context, context.platform.compute.resume_node(found.uuid))


@app.command()
def rename(
    ctx: typer.Context,
    node: options.Node,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
    description: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Describe it, too.", show_default=False)
    ] = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Give a compute node another name, and a description.

    An own node gets its new name on this machine alone: in AWS it keeps the name it was made with.
    """
    from pennsieve_agent.errors import UsageProblem

    context = options.use(ctx, profile, as_json=json)
    if not new.strip():
        raise UsageProblem("the new name is empty", hint="give a name")
    found = node_choice.find(context, node)
    if isinstance(found, OwnNode):
        _rename_own(context, found, new.strip(), description)
        return
    changed = context.platform.compute.rename_node(found.uuid, new.strip(), description)
    _say(context, changed, before=found.name)


def _rename_own(context: Context, node: OwnNode, new: str, description: str | None) -> None:
    from dataclasses import replace

    from pennsieve_agent.console import own_nodes
    from pennsieve_agent.errors import UsageProblem

    memory = node_choice.memory(context)
    if description is not None:
        raise UsageProblem(
            f"compute node '{node.name}' is your own: it has no description",
            hint="leave out --description",
        )
    if any(n.name == new and n.token != node.token for n in memory.list()):
        raise UsageProblem(f"you have a compute node '{new}' already", hint="choose another name")
    changed = replace(node, name=new)
    memory.put(changed)
    if context.as_json:
        context.streams.document(own_nodes.document(changed))
        return
    context.streams.result(f"Compute node '{node.name}' is called '{new}' now, on this machine")


def _say(context: Context, node: ComputeNode, *, before: str = "") -> None:
    from pennsieve_agent.console import documents

    if context.as_json:
        context.streams.document(documents.node(node))
    elif before:
        context.streams.result(f"Compute node '{before}' is called '{node.name}' now")
    else:
        context.streams.result(f"Compute node '{node.name}' is {node.status.value.lower()}")


@app.command()
def gpus(ctx: typer.Context, profile: options.Profile = None, json: options.Json = False) -> None:
    """The GPU machines a compute node may have, cheapest first."""
    from pennsieve_agent.console import offer_documents
    from pennsieve_agent.console.tables import table

    context = options.use(ctx, profile, as_json=json)
    found = context.platform.compute.gpu_tiers(context.workspace_id)
    if json:
        context.streams.document([offer_documents.gpu(tier) for tier in found])
        return
    rows = [
        [
            tier.name,
            tier.gpu,
            f"{tier.gpu_memory} GB",
            str(tier.cpus),
            f"{tier.memory} GB",
            f"{tier.hourly_price:.3f}",
        ]
        for tier in found
    ]
    columns = ["TIER", "GPU", "GPU MEMORY", "CPUS", "MEMORY", "USD/HOUR"]
    context.streams.result(table(columns, rows, context.streams))


@app.command()
def accounts(
    ctx: typer.Context, profile: options.Profile = None, json: options.Json = False
) -> None:
    """The AWS accounts you registered, and whether this workspace may use them."""
    from pennsieve_agent.console import offer_documents
    from pennsieve_agent.console.tables import table

    context = options.use(ctx, profile, as_json=json)
    found = context.platform.compute.accounts()
    here = {
        enabled.account_uuid
        for enabled in context.platform.compute.enablements(context.workspace_id)
        if enabled.organization_id == context.workspace_id and enabled.compute
    }
    if json:
        context.streams.document(
            [offer_documents.account(a, usable_here=a.uuid in here) for a in found]
        )
        return
    if not found:
        context.streams.note("no AWS account yet; register one with: pennsieve compute register")
        return
    rows = [
        [
            a.aws_account_id,
            a.name or "-",
            a.status.lower(),
            "yes" if a.uuid in here else "no",
            a.uuid,
        ]
        for a in found
    ]
    columns = ["AWS ACCOUNT", "NAME", "STATUS", "USABLE HERE", "ID"]
    context.streams.result(table(columns, rows, context.streams))
