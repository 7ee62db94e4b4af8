"""``pennsieve compute``: your AWS account as a place where analysis runs."""

from __future__ import annotations

import typer

from pennsieve_agent.cli import (
    compute_changes,
    compute_code,
    compute_layers,
    compute_register,
    compute_secrets,
    compute_settings,
    compute_sharing,
    compute_trust,
    node_options,
    options,
)
from pennsieve_agent.cli.app import group
from pennsieve_agent.errors import UsageProblem

app = group("Your AWS account as a place where analysis runs.")
app.add_typer(compute_register.app)
for _more in (compute_changes, compute_settings, compute_sharing, compute_code, compute_trust):
    app.add_typer(_more.app)
app.add_typer(compute_secrets.app, name="secret")
app.add_typer(compute_layers.app, name="layer")


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
    """One compute node."""
    from pennsieve_agent.console import documents
    from pennsieve_agent.console.tables import details
    from pennsieve_agent.console.words import when
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    listed = lookup.node(context.platform, context.workspace_id, node)
    found = context.platform.compute.node(listed.uuid)
    if json:
        document = documents.node(found)
        context.streams.document({**document, "health": listed.health or document["health"]})
        return
    pairs = [
        ("name", found.name),
        ("id", found.uuid),
        ("status", found.status.value.lower()),
        ("health", listed.health.lower()),
        ("AWS account", found.aws_account_id),
        ("mode", found.deployment_mode),
        ("who may use it", found.access_scope),
        ("description", found.description),
        ("created", when(found.created_at, context.now(), relative=context.relative)),
    ]
    context.streams.result(details(pairs, context.streams))


@app.command()
def remove(
    ctx: typer.Context,
    node: options.Node,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
    yes: options.Yes = False,
    dry_run: node_options.DryRun = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Take a compute node away again, on Pennsieve and in AWS, and check that nothing is left.

    Datasets and results on Pennsieve stay. Exit code 1 when something unexpected remains.
    """
    from pennsieve_agent.account.removal import RemovalOptions, observe_removal, plan_removal
    from pennsieve_agent.account.undo import apply_removal
    from pennsieve_agent.cli import compute_views
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    workspace = context.workspace_id
    name, uuid = node, ""
    try:
        found = lookup.node(context.platform, workspace, node)
    except UsageProblem:
        # Its record may be gone already, after a removal that was interrupted. What is left in
        # AWS is found by the journal or the stack's tags, or the removal says there is nothing.
        context.streams.note(f"no compute node '{node}' on Pennsieve; looking in AWS")
    else:
        name, uuid = found.name, found.uuid
    worlds = compute_views.worlds(context, name, region, aws_profile, node_uuid=uuid)
    plan = plan_removal(observe_removal(worlds, RemovalOptions(name, workspace, uuid)))
    if dry_run and json:
        context.streams.document(plan.to_json())
        return
    compute_views.show_removal(context, plan)
    if dry_run:
        context.streams.note("nothing was changed (--dry-run)")
        return
    if not context.streams.confirm(f"Remove compute node '{name}'?", assume=yes):
        context.streams.note("nothing was changed")
        return
    with compute_views.shown(context, worlds) as live:
        report = apply_removal(plan, live)
    compute_views.show_report(context, name, report)
