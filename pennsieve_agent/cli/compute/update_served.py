"""Changing a node that Pennsieve runs, and the role by which it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pennsieve_agent.cli.compute.node_options import Flags
from pennsieve_agent.cli.compute.registration import Registration
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import NOT_CHANGED, UNCHANGED, Shown
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.account.served.update_role import RoleChange
    from pennsieve_agent.account.world.clients import Clients
    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.domain.platform_offers import NodeConfig


@dataclass(frozen=True, slots=True)
class PennsievesChanges:
    """What to change of a node that Pennsieve runs; None changes nothing."""

    name: str | None = None
    description: str | None = None
    version: str | None = None
    max_notebooks: int | None = None
    llm: bool | None = None

    @property
    def for_pennsieves_alone(self) -> str:
        """The option that was given and that own nodes have not; else empty."""
        options = {
            "--version": self.version,
            "--max-notebooks": self.max_notebooks,
            "--llm": self.llm,
        }
        return next((name for name, value in options.items() if value is not None), "")


@dataclass(frozen=True, slots=True)
class RoleOptions:
    """How to change the role."""

    registration: Registration
    harden: bool


def update_node(
    context: Context,
    node: ComputeNode,
    registration: Registration,
    flags: Flags,
    changes: PennsievesChanges,
) -> Shown:
    """Change a node that Pennsieve runs; with nothing named, bring it to the newest version."""
    from pennsieve_agent.console import node_documents
    from pennsieve_agent.domain.platform_offers import NodeConfig

    _refuse_others(node, flags)
    config = NodeConfig(flags.max_gpu, flags.gpu_tier, changes.llm, changes.max_notebooks)
    _check_tier(context, flags.gpu_tier)
    compute = context.platform.compute
    version = ""
    if changes.version or (changes == PennsievesChanges() and config == NodeConfig()):
        version = _version(context, node, changes.version)
    sentences = _sentences(node, changes, config, version)
    if registration.dry_run:
        return Shown(node_documents.pennsieves(node), sentences, [NOT_CHANGED])
    if version:
        question = f"Upgrade compute node '{node.name}' to {version}?"
        if not context.streams.confirm(question, assume=registration.yes):
            return UNCHANGED
    if changes.name is not None or changes.description is not None:
        name = node.name if changes.name is None else changes.name.strip()
        compute.rename_node(node.uuid, name, changes.description)
    if config != NodeConfig():
        compute.update_config(node.uuid, config)
    if version:
        compute.upgrade_node(node.uuid, version)
    return Shown(node_documents.pennsieves(compute.node(node.uuid)), sentences)


def _sentences(
    node: ComputeNode, changes: PennsievesChanges, config: NodeConfig, version: str
) -> list[str]:
    from pennsieve_agent.domain.platform_offers import NodeConfig

    subject = f"Compute node '{node.name}'"
    lines = []
    if changes.name is not None:
        lines.append(f"{subject}: its new name is '{changes.name.strip()}'")
    if changes.description is not None:
        lines.append(f"{subject}: its new description is '{changes.description}'")
    if config != NodeConfig():
        lines.append(f"{subject}: Pennsieve changes its machines, which takes some minutes")
    if version:
        lines.append(f"{subject}: Pennsieve upgrades it to {version}, which takes some minutes")
    return lines or [f"{subject} has the newest version, {node.provisioner_tag}"]


def _version(context: Context, listed: ComputeNode, version: str | None) -> str:
    """The version to upgrade to; empty where the node has the newest one.

    Raises:
        UsageProblem: Pennsieve names none.
    """
    if version:
        return version
    node = context.platform.compute.node(listed.uuid)
    newest = node.latest_version or listed.latest_version
    if not newest:
        raise UsageProblem(
            f"Pennsieve does not say which version is newest for compute node '{node.name}'",
            hint="name one with: --version VERSION",
        )
    return "" if newest == node.provisioner_tag else newest


def _refuse_others(node: ComputeNode, flags: Flags) -> None:
    values = {
        "--tag": flags.tags or None,
        "--max-vcpus": flags.max_vcpus,
        "--monthly-budget": flags.monthly_budget,
        "--budget-email": flags.budget_email,
        "--mode": flags.mode,
    }
    if names := [name for name, value in values.items() if value is not None]:
        raise UsageProblem(
            f"Pennsieve runs compute node '{node.name}': {names[0]} is for nodes of your own",
            where=node.uuid,
            hint=f"leave out {names[0]}",
        )


def _check_tier(context: Context, tier: str | None) -> None:
    if tier is None:
        return
    known = [row.name for row in context.platform.compute.gpu_tiers(context.workspace_id)]
    if tier not in known:
        raise UsageProblem(
            f"there is no GPU tier '{tier}'", hint=f"choose one of {', '.join(known)}"
        )


def update_role(context: Context, options: RoleOptions) -> Shown:
    """Bring the role to what Pennsieve asks for today; what it denies stays."""
    from pennsieve_agent.account.served.update_role import apply_change

    registration = options.registration
    where = (registration.region, registration.aws_profile)
    change, clients = role_change(context, *where, harden=options.harden)
    document = {**change.to_json(), "changed": bool(change.lines) and not registration.dry_run}
    if not change.lines:
        return Shown(document, f"Role {change.name} is what Pennsieve asks for")
    if registration.dry_run:
        return Shown(document, list(change.lines), [NOT_CHANGED])
    for line in change.lines:
        context.streams.note(line)
    if not context.streams.confirm(f"Change role {change.name}?", assume=registration.yes):
        return UNCHANGED
    apply_change(change, clients)
    return Shown(document, f"Changed role {change.name}")


def role_change(
    context: Context, region: str | None, aws_profile: str | None, *, harden: bool
) -> tuple[RoleChange, Clients]:
    """The role in the account, and the role that Pennsieve asks for today."""
    from pennsieve_agent.account.served.update_role import plan_change
    from pennsieve_agent.cli.compute import views

    clients = views.clients(context, "", region, aws_profile)
    return plan_change(clients, harden=harden), clients
