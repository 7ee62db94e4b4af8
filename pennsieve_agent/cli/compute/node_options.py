"""What may be asked of a node's stack, on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.account.spec.node_spec import Gpu
    from pennsieve_agent.account.spec.options import TypedSettings
    from pennsieve_agent.cli.context import Context

AwsProfile = Annotated[
    str | None,
    typer.Option("--aws-profile", metavar="NAME", help="AWS profile. Default: as for the AWS CLI."),
]
Region = Annotated[str | None, typer.Option("--region", metavar="REGION", help="AWS region.")]
DEFAULT_NAME = "my-compute"
Name = Annotated[str, typer.Option("--name", metavar="NAME", help="The node's name.")]
Mode = Annotated[
    str | None,
    typer.Option(
        metavar="MODE", help="The node's network: basic, secure or compliant.", show_default=False
    ),
]
NoMode = Annotated[str | None, typer.Option("--mode", metavar="MODE", hidden=True)]
"""Of a node that is there: whoever tries it is told why it stays what it was."""
Boundary = Annotated[
    str | None,
    typer.Option(
        "--permissions-boundary",
        metavar="ARN",
        help="A permissions boundary of your organisation, set on every role.",
        show_default=False,
    ),
]
RolePath = Annotated[
    str | None,
    typer.Option(
        "--role-path",
        metavar="PATH",
        help="The IAM path of the node's roles, e.g. /research/.",
        show_default=False,
    ),
]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="KEY=VALUE", help="Tag everything. Repeatable."),
]
GpuTier = Annotated[
    str | None,
    typer.Option(
        "--gpu-tier",
        metavar="TIER",
        help="GPU machines; one of: compute list --gpu-types.",
        show_default=False,
    ),
]
MaxGpu = Annotated[
    int | None,
    typer.Option(
        "--max-gpu",
        metavar="N",
        min=0,
        help="GPU machines at the same time; 0 for none.",
        show_default=False,
    ),
]
MaxVcpus = Annotated[
    int | None,
    typer.Option(
        "--max-vcpus",
        metavar="N",
        help="CPUs at the same time; 64 if never set.",
        show_default=False,
    ),
]
Budget = Annotated[
    float | None,
    typer.Option(
        "--monthly-budget",
        metavar="USD",
        help="Runs stop when it is spent; 0 for no budget.",
        show_default=False,
    ),
]
BudgetEmail = Annotated[
    str | None,
    typer.Option(
        "--budget-email",
        metavar="ADDRESS",
        help="Who is warned at 80 %; you, if never set.",
        show_default=False,
    ),
]
Vpc = Annotated[
    str | None,
    typer.Option(
        "--vpc-id", metavar="VPC", help="A VPC of yours for the node.", show_default=False
    ),
]
Subnets = Annotated[
    list[str] | None,
    typer.Option("--subnet", metavar="SUBNET", help="A subnet of that VPC. Repeatable."),
]


@dataclass(frozen=True, slots=True)
class Flags:
    """Settings as typed; None where an option was left out."""

    mode: str | None = None
    boundary: str | None = None
    role_path: str | None = None
    tags: tuple[str, ...] = ()
    gpu_tier: str | None = None
    max_gpu: int | None = None
    max_vcpus: int | None = None
    monthly_budget: float | None = None
    budget_email: str | None = None
    vpc_id: str | None = None
    subnets: tuple[str, ...] = ()

    def typed(self, context: Context) -> TypedSettings:
        """What they ask for. Pennsieve is asked what a GPU tier is.

        Raises:
            UsageProblem: one of them cannot be.
        """
        from pennsieve_agent.account.spec.options import TypedSettings, parse_mode, parse_network
        from pennsieve_agent.account.spec.organisation_rules import Extras, parse_tags

        return TypedSettings(
            mode=parse_mode(self.mode) if self.mode is not None else None,
            network=parse_network(self.vpc_id, self.subnets),
            extras=Extras(self.boundary or "", parse_tags(self.tags)),
            role_path=self.role_path,
            max_vcpus=self.max_vcpus,
            monthly_budget=self.monthly_budget,
            budget_email=self.budget_email,
            own_email=context.claimed.email if self.monthly_budget else "",
            gpu=self._gpu(context),
        )

    def _gpu(self, context: Context) -> Gpu | None:
        from pennsieve_agent.account.spec.node_spec import Gpu
        from pennsieve_agent.domain.gpu_machines import gpu_machine

        if self.max_gpu == 0:
            return Gpu()
        if self.gpu_tier is None and self.max_gpu is None:
            return None
        if self.gpu_tier is None or self.max_gpu is None:
            raise UsageProblem(
                "--gpu-tier and --max-gpu must be given together",
                hint="see the tiers with: pennsieve compute list --gpu-types",
            )
        tiers = context.platform.compute.gpu_tiers(context.workspace_id)
        tier = next((row for row in tiers if row.name == self.gpu_tier), None)
        if tier is None or not tier.instance_type:
            names = ", ".join(row.name for row in tiers)
            raise UsageProblem(
                f"there is no GPU tier '{self.gpu_tier}'", hint=f"choose one of {names}"
            )
        if (machine := gpu_machine(tier.instance_type)) is None:
            raise UsageProblem(
                f"this program does not know how large GPU machines of type {tier.instance_type} "
                "are, so steps cannot be given to them",
                hint="choose another tier, or update this program",
            )
        return Gpu(machine.instance_type, machine.vcpus, self.max_gpu)
