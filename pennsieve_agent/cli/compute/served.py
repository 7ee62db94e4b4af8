"""Registering nodes that Pennsieve itself runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.cli.compute.node_options import Flags
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import UNCHANGED, Shown
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.account.served.observe_served import ServedOptions
    from pennsieve_agent.cli.compute.registration import Registration


def register_served(
    context: Context, registration: Registration, flags: Flags, *, as_served: bool
) -> Shown:
    """Register a node that Pennsieve runs."""
    from pennsieve_agent.account.served.execute_served import apply_served
    from pennsieve_agent.account.served.observe_served import observe_served
    from pennsieve_agent.account.served.plan_served import plan_served
    from pennsieve_agent.cli.compute import plan_lines, views
    from pennsieve_agent.cli.compute.registration import plan_document
    from pennsieve_agent.console import node_documents

    _refuse_others(registration, flags)
    served = _options(context, registration, flags, as_served=as_served)
    where = (registration.region, registration.aws_profile)
    clients = views.clients(context, registration.name, *where)
    plan = plan_served(observe_served(clients, served), served)
    lines = plan_lines.served_lines(plan, details=registration.details)
    if not (registration.dry_run and context.as_json):
        views.show_account(context, clients)
    if registration.dry_run:
        return views.dry_run(plan_document(plan.to_json()), lines)
    if not plan.nothing_to_do:
        views.explain(context, lines)
        if not context.streams.confirm("Go on?", assume=registration.yes):
            return UNCHANGED
    with views.shown(context, clients, undo=plan_lines.undo(registration.name)) as live:
        node = apply_served(plan, live)
    return Shown(
        node_documents.pennsieves(node),
        f"Compute node '{node.name}' is {node.status.value.lower()} ({node.uuid})",
        ["next: pennsieve workflow add GITHUB_URL"],
    )


def _options(
    context: Context, registration: Registration, flags: Flags, *, as_served: bool
) -> ServedOptions:
    from pennsieve_agent.account.served.observe_served import ServedOptions
    from pennsieve_agent.account.spec.node_spec import Mode

    typed = flags.typed(context)
    return ServedOptions(
        registration.name,
        context.workspace_id,
        typed.mode or Mode.BASIC,
        as_served,
        typed.extras.boundary,
        dict(typed.extras.tags),
    )


def _refuse_others(registration: Registration, flags: Flags) -> None:
    """What Pennsieve itself decides is not asked for here."""
    values = {
        "--role-path": flags.role_path,
        "--gpu-tier": flags.gpu_tier,
        "--max-gpu": flags.max_gpu,
        "--max-vcpus": flags.max_vcpus,
        "--monthly-budget": flags.monthly_budget,
        "--budget-email": flags.budget_email,
        "--vpc-id": flags.vpc_id,
        "--subnet": flags.subnets or None,
        "--from-stack": registration.from_stack or None,
    }
    if named := [name for name, value in values.items() if value is not None]:
        raise UsageProblem(
            f"{named[0]} is for nodes of your own; Pennsieve decides it where it runs the node",
            hint="leave it out, or choose: --provisioner own",
        )
