"""``pennsieve compute register``."""

from __future__ import annotations

from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.compute import kind, node_options
from pennsieve_agent.cli.compute.node_options import Flags
from pennsieve_agent.cli.compute.registration import Registration, carry_out
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import UsageProblem

Provisioner = Annotated[
    str | None,
    typer.Option(
        metavar="KIND",
        help="own: your node; platform: Pennsieve runs it. Asked on a terminal.",
        show_default=False,
    ),
]
FromStack = Annotated[
    str,
    typer.Option(
        "--from-stack",
        metavar="STACK",
        help="A stack created from 'compute policy template'.",
        show_default=False,
    ),
]
AsServed = Annotated[
    bool,
    typer.Option(
        "--as-served", help="With platform: Pennsieve's role as it asks for it, nothing denied."
    ),
]
Details = Annotated[
    bool, typer.Option("--details", help="Show every resource and permission in the plan.")
]


@command(
    "compute register",
    answers=("compute_node", "registration_plan"),
    examples=[
        "pennsieve compute register",
        "pennsieve compute register --name lab --mode secure --max-vcpus 64 --dry-run",
    ],
)
def register(
    context: Context,
    name: node_options.Name = node_options.DEFAULT_NAME,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
    mode: node_options.Mode = None,
    provisioner: Provisioner = None,
    permissions_boundary: node_options.Boundary = None,
    role_path: node_options.RolePath = None,
    tag: node_options.Tags = None,
    gpu_tier: node_options.GpuTier = None,
    max_gpu: node_options.MaxGpu = None,
    max_vcpus: node_options.MaxVcpus = None,
    monthly_budget: node_options.Budget = None,
    budget_email: node_options.BudgetEmail = None,
    vpc_id: node_options.Vpc = None,
    subnet: node_options.Subnets = None,
    from_stack: FromStack = "",
    as_served: AsServed = False,
    details: Details = False,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Make your AWS account a compute node.

    An own node is a small CloudFormation stack in which Pennsieve has no rights. The plan is shown
    first, on one screen, and you are asked. The command can be interrupted at any time and typed
    again: it goes on with the same names and creates nothing twice.
    """
    tags, subnets = tuple(tag or ()), tuple(subnet or ())
    flags = Flags(
        mode, permissions_boundary, role_path, tags, gpu_tier, max_gpu, max_vcpus,
        monthly_budget, budget_email, vpc_id, subnets,
    )  # fmt: skip
    registration = Registration(name, aws_profile, region, from_stack, yes, dry_run, details)
    return _register(context, registration, flags, provisioner, as_served=as_served)


def _register(
    context: Context,
    registration: Registration,
    flags: Flags,
    provisioner: str | None,
    *,
    as_served: bool,
) -> Shown:
    if kind.choose(context, registration, provisioner) is kind.Kind.OWN:
        if as_served:
            raise UsageProblem(
                "--as-served is for nodes that Pennsieve runs", hint="add: --provisioner platform"
            )
        return carry_out(context, registration, flags)
    from pennsieve_agent.cli.compute.served import register_served

    return register_served(context, registration, flags, as_served=as_served)
