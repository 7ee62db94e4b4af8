"""Create Pennsieve's record of a node that it runs, once, and wait for the node."""

from __future__ import annotations

from collections.abc import Callable

from pennsieve_agent.account.served.served_plan import ServedPlan
from pennsieve_agent.account.world.clients import Clients
from pennsieve_agent.account.world.pennsieve_account import LOOK_AGAIN_SECONDS
from pennsieve_agent.account.world.registration_journal import JournalEntry
from pennsieve_agent.domain.compute import ComputeNode, NodeStatus
from pennsieve_agent.domain.poll_delays import pauses
from pennsieve_agent.errors import AgentError, Forbidden, NotFound, StillRunning

NODE_SECONDS = 900.0
PATIENT_LOOKS = 5


def create_node(
    clients: Clients,
    plan: ServedPlan,
    entry: JournalEntry,
    begin: Callable[[tuple[str, ...]], None],
) -> ComputeNode:
    """The node's record: the one that an earlier run asked for, or a new one.

    ``begin`` receives the ids of the existing nodes before a new one is asked for.
    """
    if entry.nodes_before is not None:
        node = _look_for_node(clients, plan, entry)
        if node is not None:
            return node
    registry, organization = clients.registry, plan.organization_id
    begin(tuple(sorted(n.uuid for n in registry.nodes(organization))))
    return registry.create_node(
        entry.account_uuid, plan.name, organization, deployment_mode=plan.mode.value
    )


def _look_for_node(clients: Clients, plan: ServedPlan, entry: JournalEntry) -> ComputeNode | None:
    before = entry.nodes_before or ()
    for pause in pauses(LOOK_AGAIN_SECONDS):
        for node in clients.registry.nodes(plan.organization_id):
            ours = node.name == plan.name and node.account_uuid == entry.account_uuid
            new = node.uuid not in before and node.status is not NodeStatus.DESTROYING
            if ours and new:
                return node
        clients.sleep(pause)
    return None


def await_node(clients: Clients, uuid: str, name: str, *, hardened: bool) -> str:
    """Wait until Pennsieve has enabled the node.

    Raises:
        AgentError: it is in a state in which waiting does not help.
        StillRunning: it takes longer than we wait.

    """
    for look, pause in enumerate(pauses(NODE_SECONDS)):
        try:
            node = clients.registry.node(uuid)
        except (Forbidden, NotFound):
            # The owner's right to see it is written after the node itself (trap 18).
            if look >= PATIENT_LOOKS:
                raise
        else:
            if node.status is NodeStatus.ENABLED:
                return f"compute node '{name}' is Enabled"
            _refuse_dead_end(node, hardened=hardened)
        clients.sleep(pause)
    raise StillRunning(
        f"Pennsieve has not enabled compute node '{name}' yet",
        where=uuid,
        hint="run the same command again to continue waiting",
    )


def _refuse_dead_end(node: ComputeNode, *, hardened: bool) -> None:
    match node.status:
        case NodeStatus.FAILED:
            again = "then register it again"
            if hardened:
                again += ", with --as-served in case a denied permission was missing"
            raise AgentError(
                f"Pennsieve could not set up compute node '{node.name}': it is Failed, and "
                "Pennsieve does not say why",
                where=node.uuid,
                hint=f"remove it with: pennsieve compute delete '{node.name}', {again}",
            )
        case NodeStatus.PAUSED | NodeStatus.DESTROYING:
            raise AgentError(
                f"compute node '{node.name}' is {node.status.value}",
                where=node.uuid,
                hint=f"see it with: pennsieve compute show '{node.name}'",
            )
        case _:
            return
