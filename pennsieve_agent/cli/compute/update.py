"""``pennsieve compute update``: change a node of either kind, or the role of Pennsieve's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.compute import node_choice, node_options, update_served
from pennsieve_agent.cli.compute.node_options import Flags
from pennsieve_agent.cli.compute.registration import Registration, carry_out
from pennsieve_agent.cli.compute.update_served import PennsievesChanges
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import NOT_CHANGED, Shown
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.compute.update_served import RoleOptions

Notebooks = Annotated[
    int | None,
    typer.Option(
        "--max-notebooks", metavar="N", min=0, help="Run by Pennsieve: interactive sessions."
    ),
]
Llm = Annotated[
    bool | None,
    typer.Option("--llm/--no-llm", help="Run by Pennsieve: language models for its runs."),
]
Version = Annotated[
    str | None,
    typer.Option(
        "--version", metavar="VERSION", help="Run by Pennsieve: this version, not the newest."
    ),
]
Role = Annotated[
    bool,
    typer.Option("--role", help="Bring the role of Pennsieve's nodes to what Pennsieve asks for."),
]
Harden = Annotated[
    bool, typer.Option("--harden", help="With --role: deny what Pennsieve does not need.")
]


@command(
    "compute update",
    answers=("compute_node", "registration_plan", "role_change"),
    examples=[
        "pennsieve compute update my-compute",
        "pennsieve compute update my-compute --max-vcpus 64 --dry-run",
        "pennsieve compute update my-compute --name lab",
        "pennsieve compute update --role",
    ],
)
def update(
    context: Context,
    node: Annotated[
        str | None, typer.Argument(metavar="[NODE]", help="Name, unique prefix or id.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="A new name.")] = None,
    description: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Run by Pennsieve: its description.")
    ] = None,
    tag: node_options.Tags = None,
    gpu_tier: node_options.GpuTier = None,
    max_gpu: node_options.MaxGpu = None,
    max_vcpus: node_options.MaxVcpus = None,
    monthly_budget: node_options.Budget = None,
    budget_email: node_options.BudgetEmail = None,
    version: Version = None,
    max_notebooks: Notebooks = None,
    llm: Llm = None,
    role: Role = False,
    harden: Harden = False,
    mode: node_options.NoMode = None,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Change a compute node, and bring it to the newest version.

    Without options an own node gets this program's version, and a node that Pennsieve runs gets
    Pennsieve's newest version. Settings that you do not name stay. What AWS would change is shown
    first, and you are asked. Active runs go on: jobs that are submitted keep their code, later jobs
    use the new version. --role needs no node.
    """
    flags = Flags(
        mode, tags=tuple(tag or ()), gpu_tier=gpu_tier, max_gpu=max_gpu, max_vcpus=max_vcpus,
        monthly_budget=monthly_budget, budget_email=budget_email,
    )  # fmt: skip
    theirs = PennsievesChanges(name, description, version, max_notebooks, llm)
    registration = Registration(node or "", aws_profile, region, yes=yes, dry_run=dry_run)
    if role or harden:
        return _role(context, update_served.RoleOptions(registration, harden), node)
    return _node(context, registration, flags, theirs)


def _role(context: Context, role: RoleOptions, node: str | None) -> Shown:
    if node is not None:
        raise UsageProblem(
            "--role changes the role of the AWS account, not one node", hint="leave NODE out"
        )
    return update_served.update_role(context, role)


def _node(
    context: Context, registration: Registration, flags: Flags, theirs: PennsievesChanges
) -> Shown:
    if not registration.name:
        raise UsageProblem("missing argument 'NODE'", hint="list them with: pennsieve compute list")
    if theirs.name is not None and not theirs.name.strip():
        raise UsageProblem("the new name is empty", hint="give a name, for example: --name lab")
    node = node_choice.find(context, registration.name)
    if not isinstance(node, OwnNode):
        return update_served.update_node(context, node, registration, flags, theirs)
    _check_own(node, flags, theirs)
    if theirs.name is not None:
        return _rename(context, node, theirs.name.strip(), dry_run=registration.dry_run)
    own = Registration(
        node.name,
        registration.aws_profile,
        registration.region,
        yes=registration.yes,
        dry_run=registration.dry_run,
        details=True,
        token=node.token,
    )
    return carry_out(context, own, flags)


def _check_own(node: OwnNode, flags: Flags, theirs: PennsievesChanges) -> None:
    """Refuse what an own node has not.

    Raises:
        UsageProblem: one of the options is for nodes that Pennsieve runs, or it is not owned.
    """
    if theirs.description is not None:
        raise UsageProblem(
            f"compute node '{node.name}' is your own: it has no description",
            hint="leave out --description",
        )
    if option := theirs.for_pennsieves_alone:
        raise UsageProblem(
            f"{option} is for nodes that Pennsieve runs, and '{node.name}' is your own",
            hint=f"bring it to this program's version with: pennsieve compute update '{node.name}'",
        )
    if theirs.name is None and not node.is_owned:
        raise UsageProblem(
            f"compute node '{node.name}' was shared with you; only its owner can change it",
            where=node.gateway,
            hint="ask the owner, or make a node of your own with: pennsieve compute register",
        )
    if theirs.name is not None and flags != Flags():
        raise UsageProblem(
            "an own node is renamed on this machine only, not together with changes in AWS",
            hint="type two commands: one with --name, one with the other options",
        )


def _rename(context: Context, node: OwnNode, new: str, *, dry_run: bool) -> Shown:
    """Give an own node another name, on this machine."""
    from dataclasses import replace

    from pennsieve_agent.console import node_documents

    memory = node_choice.memory(context)
    if any(n.name == new and n.token != node.token for n in memory.list()):
        raise UsageProblem(f"you have a compute node '{new}' already", hint="choose another name")
    renamed = replace(node, name=new)
    document = node_documents.own(renamed)
    if dry_run:
        sentence = f"Compute node '{node.name}' would be called '{new}', on this machine"
        return Shown(document, sentence, [NOT_CHANGED])
    memory.put(renamed)
    return Shown(document, f"Compute node '{node.name}' is called '{new}' now, on this machine")
