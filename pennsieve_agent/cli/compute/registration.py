"""Making and changing a node in a stack of the user's own: plan, show, ask, carry out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pennsieve_agent.console.shown import UNCHANGED, Shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.account.register.account_plan import AccountPlan
    from pennsieve_agent.cli.compute.node_options import Flags
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.domain.runs import Run


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration as it was typed, without the settings of the node.

    ``token`` is the id of the own node that is changed; empty for a new one. ``details`` shows
    every resource and permission of the plan.
    """

    name: str
    aws_profile: str | None
    region: str | None
    from_stack: str = ""
    yes: bool = False
    dry_run: bool = False
    details: bool = False
    token: str = ""


def carry_out(context: Context, registration: Registration, flags: Flags) -> Shown:
    """Make a node in a stack of the user's own, or change it."""
    from pennsieve_agent.account.register.execute import apply
    from pennsieve_agent.account.register.node_identity import RegisterOptions
    from pennsieve_agent.account.register.observe import observe
    from pennsieve_agent.account.register.plan import plan_registration
    from pennsieve_agent.account.register.preflight import check_before
    from pennsieve_agent.cli.compute import plan_lines, views
    from pennsieve_agent.console import node_documents
    from pennsieve_agent.services.runs import active_runs

    settings = RegisterOptions(
        registration.name,
        context.workspace_id,
        typed=flags.typed(context),
        hosts=context.profile.hosts,
        from_stack=registration.from_stack,
    )
    where = (registration.region, registration.aws_profile)
    clients = views.clients(context, registration.name, *where, node_id=registration.token)
    views.show_account(context, clients)
    plan = plan_registration(observe(clients, settings), settings)
    lines = plan_lines.own_lines(plan, details=registration.details)
    runs, why = _losing(context, plan)
    if registration.dry_run:
        lines = (*lines, *(f"run '{run.label}' must end first: the update {why}" for run in runs))
        if not context.as_json:
            check_before(clients.aws, plan, context.streams.note)
        return views.dry_run(plan_document(plan.to_json()), lines)
    if not plan.nothing_to_do:
        views.explain(context, lines)
    active_runs.refuse_update(runs, plan.name, why)
    check_before(clients.aws, plan, context.streams.note)
    if not plan.nothing_to_do and not context.streams.confirm("Go on?", assume=registration.yes):
        return UNCHANGED
    undo = "" if registration.token else plan_lines.undo(registration.name)
    with views.shown(context, clients, undo=undo) as live:
        node = apply(plan, live)
    notes = [] if registration.token else _next_steps(node)
    sentence = f"Compute node '{node.name}' is ready ({node.token})"
    return Shown(node_documents.own(node), sentence, notes)


def _losing(context: Context, plan: AccountPlan) -> tuple[Sequence[Run], str]:
    """The active runs from which a plan takes what they need, and what it does to them."""
    from pennsieve_agent.account.register.lost_files import runs_lose
    from pennsieve_agent.account.world.own_node_state import own_node
    from pennsieve_agent.cli.compute.node_runs import active_on

    if not (why := runs_lose(plan)):
        return (), ""
    known = (node for node in context.own_nodes if node.token == plan.names.token)
    return active_on(context, next(known, own_node(plan.spec)))[1], why


def _next_steps(node: OwnNode) -> list[str]:
    from pennsieve_agent.cli.compute import trial

    return [
        f"next: {trial.offer(node.name, node.mode, node.region)}",
        "then: pennsieve workflow add GITHUB_URL",
    ]


def plan_document(plan: dict[str, Any]) -> dict[str, Any]:
    """A plan as scripts read it."""
    names = {"organization_id": "workspace_id", "deployment_mode": "mode"}
    return {names.get(key, key): value for key, value in plan.items()}
