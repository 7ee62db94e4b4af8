"""``pennsieve compute upgrade|configure``: what a compute node is made of."""

from __future__ import annotations

from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.compute import node_choice
from pennsieve_agent.errors import UsageProblem

app = group("What a compute node is made of.")
_WHY = "Pennsieve installs nothing in it"
_INSTEAD = "change it, and bring its code up to date, with: pennsieve compute update NODE"


@app.command()
def upgrade(
    ctx: typer.Context,
    node: options.Node,
    to: Annotated[
        str | None, typer.Option("--to", metavar="VERSION", help="Default: the newest one.")
    ] = None,
    yes: options.Yes = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Begin to move a compute node to a newer version of what Pennsieve installs in your account.

    Takes some minutes, which its status does not show; a paused node is resumed by it.
    """
    context = options.use(ctx, profile, as_json=json)
    listed = node_choice.find_pennsieves(context, node, _WHY, _INSTEAD)
    found = context.platform.compute.node(listed.uuid)
    version = to or found.latest_version or listed.latest_version
    if not version:
        raise UsageProblem(
            f"Pennsieve names no newest version for compute node '{found.name}'",
            hint="name one with: --to VERSION",
        )
    if to is None and version == found.provisioner_tag:
        context.streams.note(f"compute node '{found.name}' has {version} already")
        if json:
            context.streams.document({"id": found.uuid, "version": version, "upgrading": False})
        return
    question = f"Upgrade compute node '{found.name}' to {version}?"
    if not context.streams.confirm(question, assume=yes):
        context.streams.note("nothing was changed")
        return
    context.platform.compute.upgrade_node(found.uuid, version)
    if json:
        context.streams.document({"id": found.uuid, "version": version, "upgrading": True})
    else:
        context.streams.result(f"Compute node '{found.name}' is being upgraded to {version}")


@app.command()
def configure(
    ctx: typer.Context,
    node: options.Node,
    gpu_tier: Annotated[
        str | None, typer.Option("--gpu-tier", metavar="TIER", help="One of: compute gpus.")
    ] = None,
    max_gpus: Annotated[
        int | None,
        typer.Option("--max-gpus", metavar="N", min=0, help="GPU machines at once; 0 for none."),
    ] = None,
    max_notebooks: Annotated[
        int | None,
        typer.Option("--max-notebooks", metavar="N", min=0, help="Interactive sessions at once."),
    ] = None,
    llm: Annotated[
        bool | None, typer.Option("--llm/--no-llm", help="Language models for its runs.")
    ] = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Begin to change a compute node's machines; what is not named stays."""
    from pennsieve_agent.console import documents
    from pennsieve_agent.domain.platform_offers import NodeConfig

    context = options.use(ctx, profile, as_json=json)
    wanted = NodeConfig(max_gpus, gpu_tier, llm, max_notebooks)
    if wanted == NodeConfig():
        raise UsageProblem("nothing is to change", hint="give one of the options; see --help")
    platform = context.platform
    if gpu_tier is not None:
        known = [tier.name for tier in platform.compute.gpu_tiers(context.workspace_id)]
        if gpu_tier not in known:
            raise UsageProblem(
                f"there is no GPU tier '{gpu_tier}'", hint=f"choose one of {', '.join(known)}"
            )
    found = node_choice.find_pennsieves(context, node, _WHY, _INSTEAD)
    platform.compute.update_config(found.uuid, wanted)
    if json:
        context.streams.document(documents.node(platform.compute.node(found.uuid)))
    else:
        context.streams.result(f"Compute node '{found.name}' is being changed")
