"""``pennsieve compute pause|resume|rename``, and what there is to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.context import Context

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
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    found = lookup.node(context.platform, context.workspace_id, node)
    _say(context, context.platform.compute.pause_node(found.uuid))


@app.command()
def resume(
    ctx: typer.Context,
    node: options.Node,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Let runs start on a compute node again."""
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    found = lookup.node(context.platform, context.workspace_id, node)
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
    """Give a compute node another name, and a description."""
    from pennsieve_agent.errors import UsageProblem
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    if not new.strip():
        raise UsageProblem("the new name is empty", hint="give a name")
    found = lookup.node(context.platform, context.workspace_id, node)
    changed = context.platform.compute.rename_node(found.uuid, new.strip(), description)
    _say(context, changed, before=found.name)


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
