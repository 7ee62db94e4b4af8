"""A node that is only printed: its plan without Pennsieve, and what is registered on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.cli.compute.node_options import Flags
from pennsieve_agent.cli.context import Context
from pennsieve_agent.errors import AgentError

if TYPE_CHECKING:
    from pennsieve_agent.account.register.account_plan import AccountPlan
    from pennsieve_agent.account.rights.caller_sentences import Registered
    from pennsieve_agent.account.world.clients import Clients


def node_plan(
    context: Context,
    name: str,
    flags: Flags,
    where: tuple[str | None, str | None],
    workspace: str = "",
) -> tuple[AccountPlan, Clients]:
    """The node as it would be made. Pennsieve is not asked, and nobody need be signed in."""
    from pennsieve_agent.account.register.node_identity import RegisterOptions
    from pennsieve_agent.account.register.observe import observe
    from pennsieve_agent.account.register.plan import plan_registration
    from pennsieve_agent.cli.compute import views

    clients = views.clients(context, name, *where, asks_pennsieve=False)
    entry = clients.journal.read()
    registration = RegisterOptions(
        name,
        workspace or (entry.organization_id if entry is not None else ""),
        typed=flags.typed(context),
        hosts=context.profile.hosts,
        asks_pennsieve=False,
    )
    return plan_registration(observe(clients, registration), registration), clients


def registered_on(context: Context, name: str) -> Registered | None:
    """What is registered on an own node of this name; None where it is not there or silent."""
    from pennsieve_agent.account.rights.caller_sentences import Registered

    node = next((n for n in context.own_nodes if n.name == name and n.is_owned), None)
    if node is None:
        return None
    try:
        calls = context.node_calls(node)
        workflows, grants, shares = (
            calls.ask("GET", f"/{what}", admin=True).get(what) or ()
            for what in ("workflows", "grants", "shares")
        )
    except AgentError as error:
        context.streams.note(f"what is registered on node '{name}' is not known: {error.message}")
        return None
    return Registered(workflows, grants, shares)
