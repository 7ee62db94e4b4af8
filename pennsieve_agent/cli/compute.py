"""``pennsieve compute``: your AWS account as a place where analysis runs."""

from __future__ import annotations

import typer

from pennsieve_agent.cli import (
    compute_changes,
    compute_code,
    compute_layers,
    compute_register,
    compute_removal,
    compute_role,
    compute_secrets,
    compute_settings,
    compute_sharing,
    compute_trust,
    options,
)
from pennsieve_agent.cli.app import group

app = group("Your AWS account as a place where analysis runs.")
for _more in (
    compute_register,
    compute_removal,
    compute_changes,
    compute_settings,
    compute_sharing,
    compute_code,
    compute_trust,
):
    app.add_typer(_more.app)
app.add_typer(compute_secrets.app, name="secret")
app.add_typer(compute_layers.app, name="layer")
app.add_typer(compute_role.app, name="role")


@app.command("list")
def list_(ctx: typer.Context, profile: options.Profile = None, json: options.Json = False) -> None:
    """The compute nodes you may use in this workspace."""
    from pennsieve_agent.console import documents
    from pennsieve_agent.console.tables import table
    from pennsieve_agent.console.words import when

    context = options.use(ctx, profile, as_json=json)
    nodes = context.platform.compute.nodes(context.workspace_id)
    nodes.sort(key=lambda n: n.name.casefold())
    if json:
        context.streams.document([documents.node(n) for n in nodes])
        return
    if not nodes:
        context.streams.note("no compute node yet; make one with: pennsieve compute register")
        return
    rows = [
        [
            n.name,
            n.status.value.lower(),
            n.aws_account_id,
            n.deployment_mode,
            when(n.created_at, context.now(), relative=context.relative),
            n.uuid,
        ]
        for n in nodes
    ]
    columns = ["NAME", "STATUS", "AWS ACCOUNT", "MODE", "CREATED", "ID"]
    context.streams.result(table(columns, rows, context.streams))


@app.command()
def show(
    ctx: typer.Context,
    node: options.Node,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """One compute node: how it is, what it is made of, who may use it."""
    from pennsieve_agent.cli.node_made import made_of
    from pennsieve_agent.console import documents
    from pennsieve_agent.console.tables import details
    from pennsieve_agent.console.words import when
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    listed = lookup.node(context.platform, context.workspace_id, node)
    found = context.platform.compute.node(listed.uuid)
    made = made_of(context, found)
    if json:
        document = documents.node(found)
        health = listed.health or document["health"]
        context.streams.document({**document, "health": health, **made.to_json()})
        return
    pairs = [
        ("name", found.name),
        ("id", found.uuid),
        ("status", found.status.value.lower()),
        ("health", listed.health.lower()),
        ("AWS account", found.aws_account_id),
        ("mode", found.deployment_mode),
        *made.pairs,
        ("who may use it", found.access_scope),
        ("description", found.description),
        ("created", when(found.created_at, context.now(), relative=context.relative)),
    ]
    context.streams.result(details(pairs, context.streams))
