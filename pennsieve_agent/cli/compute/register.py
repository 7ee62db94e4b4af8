"""``pennsieve compute register|update``: making a node, and changing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.compute import kind, node_choice, node_options
from pennsieve_agent.cli.compute.node_options import Flags
from pennsieve_agent.cli.context import Context
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.account.register.observe import RegisterOptions
    from pennsieve_agent.account.world.clients import Clients
    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.domain.own_node import OwnNode

app = group("Making a compute node.")
_NAME = "my-compute"


@dataclass(frozen=True, slots=True)
class Asked:
    """A registration as it was typed, without the settings of the node."""

    name: str
    aws_profile: str | None
    region: str | None
    from_stack: str = ""
    yes: bool = False
    dry_run: bool = False


@app.command()
def register(
    ctx: typer.Context,
    name: node_options.Name = _NAME,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
    mode: node_options.Mode = None,
    provisioner: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="own, or platform: whose the node is. Asked for on a terminal.",
            show_default=False,
        ),
    ] = None,
    permissions_boundary: node_options.Boundary = None,
    role_path: node_options.RolePath = None,
    tag: node_options.Tags = None,
    gpu_tier: node_options.GpuTier = None,
    max_gpu: node_options.MaxGpu = None,
    max_vcpus: node_options.MaxVcpus = None,
    monthly_budget: node_options.Budget = None,
    vpc_id: node_options.Vpc = None,
    subnet: node_options.Subnets = None,
    from_stack: Annotated[
        str | None,
        typer.Option(
            "--from-stack",
            metavar="STACK",
            help="A stack made of: compute template.",
            show_default=False,
        ),
    ] = None,
    as_served: Annotated[
        bool,
        typer.Option("--as-served", help="With platform: its role with nothing denied."),
    ] = False,
    yes: options.Yes = False,
    dry_run: node_options.DryRun = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Make your AWS account a compute node.

    An own node is a small stack in which Pennsieve has no rights. Shows the plan first, in words,
    and asks. It can be interrupted anywhere and run again: it finishes with the same names and
    makes nothing twice.
    """
    context = options.use(ctx, profile, as_json=json)
    flags = Flags(
        mode,
        permissions_boundary,
        role_path,
        tuple(tag or ()),
        gpu_tier,
        max_gpu,
        max_vcpus,
        monthly_budget,
        vpc_id,
        tuple(subnet or ()),
    )
    asked = Asked(name, aws_profile, region, from_stack or "", yes, dry_run)
    if kind.choose(context, asked, provisioner) is kind.Kind.OWN:
        if as_served:
            raise UsageProblem(
                "--as-served is for nodes that Pennsieve runs", hint="add: --provisioner platform"
            )
        _own(context, asked, flags)
        return
    from pennsieve_agent.cli.compute.role import register_served

    node = register_served(context, asked, flags, as_served=as_served)
    if node is not None:
        _say_served(context, node)


@app.command()
def update(
    ctx: typer.Context,
    node: options.Node,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
    mode: node_options.NoMode = None,
    tag: node_options.Tags = None,
    gpu_tier: node_options.GpuTier = None,
    max_gpu: node_options.MaxGpu = None,
    max_vcpus: node_options.MaxVcpus = None,
    monthly_budget: node_options.Budget = None,
    yes: options.Yes = False,
    dry_run: node_options.DryRun = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Change a compute node of your own, and bring its code to this program's version.

    Shows what AWS would change first, and asks. What is not named stays. Runs go on meanwhile.
    """
    context = options.use(ctx, profile, as_json=json)
    found = node_choice.find_own(
        context,
        node,
        "change it with: pennsieve compute configure, or pennsieve compute upgrade",
    )
    if not found.is_owned:
        raise UsageProblem(
            f"compute node '{found.name}' was shared with you; its owner alone changes it",
            where=found.gateway,
            hint="ask the owner, or make a node of your own with: pennsieve compute register",
        )
    flags = Flags(
        mode=mode,
        tags=tuple(tag or ()),
        gpu_tier=gpu_tier,
        max_gpu=max_gpu,
        max_vcpus=max_vcpus,
        monthly_budget=monthly_budget,
    )
    asked = Asked(found.name, aws_profile, region, yes=yes, dry_run=dry_run)
    _own(context, asked, flags, token=found.token)


def _own(context: Context, asked: Asked, flags: Flags, *, token: str = "") -> None:
    """A node in a stack of the user's own."""
    from pennsieve_agent.account.register.observe import RegisterOptions
    from pennsieve_agent.cli.compute import views

    wanted = RegisterOptions(
        asked.name,
        context.workspace_id,
        typed=flags.typed(context),
        hosts=context.profile.hosts,
        from_stack=asked.from_stack,
    )
    where = (asked.region, asked.aws_profile)
    clients = views.clients(context, asked.name, *where, node_id=token)
    node = _carry_out(context, asked, wanted, clients)
    if node is not None:
        _say_own(context, node, new=not token)


def _carry_out(
    context: Context, asked: Asked, wanted: RegisterOptions, clients: Clients
) -> OwnNode | None:
    """Plan, show, ask and do; None when nothing was done."""
    from pennsieve_agent.account.register.execute import apply
    from pennsieve_agent.account.register.observe import observe
    from pennsieve_agent.account.register.plan import plan_registration
    from pennsieve_agent.account.register.preflight import check_before
    from pennsieve_agent.cli.compute import views

    views.show_account(context, clients)
    plan = plan_registration(observe(clients, wanted), wanted)
    if asked.dry_run and context.as_json:
        context.streams.document(plan.to_json())
        return None
    views.show_plan(context, plan)
    check_before(clients.aws, plan, context.streams.note)
    if asked.dry_run:
        context.streams.note("nothing was changed (--dry-run)")
        return None
    if not plan.nothing_to_do and not context.streams.confirm("Go on?", assume=asked.yes):
        context.streams.note("nothing was changed")
        return None
    with views.shown(context, clients) as live:
        return apply(plan, live)


def _say_own(context: Context, node: OwnNode, *, new: bool) -> None:
    from pennsieve_agent.console import own_nodes

    if context.as_json:
        context.streams.document(own_nodes.document(node))
        return
    context.streams.result(f"Compute node '{node.name}' is ready ({node.token})")
    if new:
        context.streams.note("next: pennsieve workflow add GITHUB_URL")


def _say_served(context: Context, node: ComputeNode) -> None:
    from pennsieve_agent.console import documents

    if context.as_json:
        context.streams.document(documents.node(node) | {"kind": "pennsieve"})
        return
    context.streams.result(f"Compute node '{node.name}' is {node.status.value} ({node.uuid})")
    context.streams.note("next: pennsieve workflow add GITHUB_URL")
