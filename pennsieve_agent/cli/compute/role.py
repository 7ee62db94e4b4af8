"""``pennsieve compute role``, and registering nodes that Pennsieve itself runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.compute import node_options
from pennsieve_agent.cli.compute.node_options import Flags
from pennsieve_agent.cli.context import Context
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.account.served.served_plan import ServedPlan
    from pennsieve_agent.account.served.update_role import RoleChange
    from pennsieve_agent.account.world.clients import Clients
    from pennsieve_agent.cli.compute.register import Asked
    from pennsieve_agent.domain.compute import ComputeNode

app = group("The role by which Pennsieve runs nodes itself.")


@app.command()
def show(
    ctx: typer.Context,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """What the role in your AWS account lets Pennsieve do, in words; --json has its documents."""
    from dataclasses import asdict

    from pennsieve_agent.account.rights.policy_sentences import RoleDocuments, summary
    from pennsieve_agent.account.served.hardening import wildcards

    context = options.use(ctx, profile, as_json=json)
    change, _ = _change(context, region, aws_profile, harden=False)
    if json:
        body = {"role": change.name, "exists": change.role is not None, **asdict(change.now)}
        context.streams.document({**body, "up_to_date": not change.lines})
        return
    if change.role is None:
        raise UsageProblem(
            f"role {change.name} is not in AWS any more",
            hint="make it again with: pennsieve compute role update",
        )
    context.streams.result(change.name)
    documents = RoleDocuments(change.name, change.now.trust, (change.now.permissions,))
    for words in summary(documents):
        context.streams.prose(words)
    _warn(context, wildcards(change.now.permissions))
    if change.lines:
        context.streams.note("Pennsieve asks for something else today; see it with: "
                             "pennsieve compute role update --dry-run")  # fmt: skip


@app.command()
def update(
    ctx: typer.Context,
    harden: Annotated[
        bool, typer.Option("--harden", help="Deny what Pennsieve is not known to need.")
    ] = False,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
    yes: options.Yes = False,
    dry_run: node_options.DryRun = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Bring the role to what Pennsieve asks for today; shows the difference first, and asks.

    What the role denies, and what it demands of who enters, stays.
    """
    from pennsieve_agent.account.served.update_role import apply_change

    context = options.use(ctx, profile, as_json=json)
    change, clients = _change(context, region, aws_profile, harden=harden)
    if not json or not dry_run:
        for line in change.lines:
            context.streams.explain(line)
    if change.lines and not dry_run:
        if not context.streams.confirm(f"Change role {change.name}?", assume=yes):
            context.streams.note("nothing was changed")
            return
        apply_change(change, clients)
    if json:
        context.streams.document(
            {**change.to_json(), "changed": bool(change.lines) and not dry_run}
        )
        return
    if not change.lines:
        context.streams.result(f"Role {change.name} is as Pennsieve asks for it")
    elif dry_run:
        context.streams.note("nothing was changed (--dry-run)")
    else:
        context.streams.result(f"Changed role {change.name}")


def _change(
    context: Context, region: str | None, aws_profile: str | None, *, harden: bool
) -> tuple[RoleChange, Clients]:
    from pennsieve_agent.account.served.update_role import plan_change
    from pennsieve_agent.cli.compute import views

    clients = views.clients(context, "", region, aws_profile)
    return plan_change(clients, harden=harden), clients


def register_served(
    context: Context, asked: Asked, flags: Flags, *, as_served: bool
) -> ComputeNode | None:
    """Register a node that Pennsieve runs; None when nothing was done."""
    from pennsieve_agent.account.served.execute_served import apply_served
    from pennsieve_agent.account.served.observe_served import ServedOptions, observe_served
    from pennsieve_agent.account.served.plan_served import plan_served
    from pennsieve_agent.account.spec.node_spec import Mode
    from pennsieve_agent.cli.compute import views

    _refuse_others(asked, flags)
    typed = flags.typed(context)
    rules = typed.extras
    served = ServedOptions(
        asked.name,
        context.workspace_id,
        typed.mode or Mode.BASIC,
        as_served,
        rules.boundary,
        dict(rules.tags),
    )
    clients = views.clients(context, asked.name, asked.region, asked.aws_profile)
    plan = plan_served(observe_served(clients, served), served)
    if asked.dry_run and context.as_json:
        context.streams.document(plan.to_json())
        return None
    views.show_account(context, clients)
    _show(context, plan)
    if asked.dry_run:
        context.streams.note("nothing was changed (--dry-run)")
        return None
    if not plan.nothing_to_do and not context.streams.confirm("Go on?", assume=asked.yes):
        context.streams.note("nothing was changed")
        return None
    with views.shown(context, clients) as live:
        return apply_served(plan, live)


def _refuse_others(asked: Asked, flags: Flags) -> None:
    """What Pennsieve itself decides is not asked for here."""
    given = {
        "--role-path": flags.role_path,
        "--gpu-tier": flags.gpu_tier,
        "--max-gpu": flags.max_gpu,
        "--max-vcpus": flags.max_vcpus,
        "--monthly-budget": flags.monthly_budget,
        "--vpc-id": flags.vpc_id,
        "--subnet": flags.subnets or None,
        "--from-stack": asked.from_stack or None,
    }
    if named := [name for name, value in given.items() if value is not None]:
        raise UsageProblem(
            f"{named[0]} is for nodes of your own; Pennsieve decides it where it runs the node",
            hint="leave it out, or choose: --provisioner own",
        )


def _show(context: Context, plan: ServedPlan) -> None:
    if plan.nothing_to_do:
        return
    streams = context.streams
    streams.note("This will be done:")
    for number, step in enumerate(plan.steps, 1):
        streams.explain(f"  {number}. {step.sentence}")
    streams.note("Permissions this grants:")
    for words in plan.words:
        streams.explain(f"  {words}")
    _warn(context, plan.wildcards)
    if not plan.role.hardened:
        streams.note("nothing is denied (--as-served): these are the rights of an administrator")
    streams.explain(
        "Pennsieve builds what it wants with it, and what that costs is not known before; "
        "a node of your own has neither: --provisioner own"
    )


def _warn(context: Context, services: tuple[str, ...]) -> None:
    if services:
        context.streams.note(f"everything is allowed, unless denied, of: {', '.join(services)}")
