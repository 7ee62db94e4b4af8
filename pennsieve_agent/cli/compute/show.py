"""``pennsieve compute show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.compute import node_choice
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Details, Part, Shown, Table
from pennsieve_agent.console.tables import ID, Column, Cut
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import AgentError

if TYPE_CHECKING:
    from pennsieve_agent.account.world.node_shares import Share
    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.services.nodes.node_access import NodeAccess

_SCOPES = {
    "private": "its owner alone",
    "shared": "its owner and those below",
    "workspace": "everybody in the workspace",
}


@command(
    "compute show",
    answers="compute_node_details",
    examples=["pennsieve compute show my-compute"],
)
def show(context: Context, node: options.Node) -> Shown:
    """A compute node: its state, its settings and resources, and who may use it."""
    chosen = node_choice.find(context, node)
    return _own(context, chosen) if isinstance(chosen, OwnNode) else _pennsieves(context, chosen)


def _own(context: Context, node: OwnNode) -> Shown:
    from pennsieve_agent.cli.compute import share_documents
    from pennsieve_agent.cli.compute.node_details import details_of
    from pennsieve_agent.console import node_documents, own_nodes

    details = details_of(context, node)
    shares = _shares(context, node)
    document: dict[str, Any] = {**node_documents.own(node), **details.to_json()}
    document["shared_with"] = None if shares is None else [share_documents.share(s) for s in shares]
    pairs = [
        ("name", node.name),
        ("id", node.token),
        ("kind", f"own; {own_nodes.access(node)}"),
        ("AWS account", node.account),
        ("region", node.region),
        ("mode", node.mode),
        *details.pairs,
        ("for users", node.gateway),
        *([("for its owner", node.admin)] if node.is_owned else []),
        ("called by", node.aws_profile or "the AWS credentials of the command"),
        ("shared with", "nobody" if shares == () else ""),
    ]
    text: list[Part] = [Details(pairs)]
    if shares:
        rows = [[s.principal.arn, ", ".join(s.workflows), s.principal.reaches] for s in shares]
        text += [
            "",
            Table(["SHARED WITH", Column("WORKFLOWS", Cut.WRAP), Column("WHO", Cut.WRAP)], rows),
        ]
    return Shown(document, text, [f"check it with: pennsieve compute doctor '{node.name}'"])


def _shares(context: Context, node: OwnNode) -> tuple[Share, ...] | None:
    """With whom a node is shared; None where it does not tell, as to those who are not its owner.

    A node that does not answer is shown all the same.
    """
    from pennsieve_agent.account.world.node_shares import read_rows

    if not node.is_owned:
        return None
    try:
        return read_rows(context.node_calls(node))
    except AgentError as error:
        context.streams.note(f"cannot tell with whom it is shared: {error.message}")
        return None


def _pennsieves(context: Context, listed: ComputeNode) -> Shown:
    from pennsieve_agent.cli.compute import share_documents
    from pennsieve_agent.cli.compute.node_details import details_of
    from pennsieve_agent.console import node_documents
    from pennsieve_agent.console.words import when
    from pennsieve_agent.services.nodes import node_access

    node = context.platform.compute.node(listed.uuid)
    details = details_of(context, node)
    access = node_access.access(context.platform, context.workspace_id, node)
    known = {key: value for key, value in details.to_json().items() if value is not None}
    document: dict[str, Any] = {"stack": None, "settings": None}
    document |= {**node_documents.pennsieves(node), **known, **share_documents.access(access)}
    document["health"] = (listed.health or node.health).lower() or None
    pairs = [
        ("name", node.name),
        ("id", node.uuid),
        ("kind", "run by Pennsieve"),
        ("status", node.status.value.lower()),
        ("health", listed.health.lower()),
        ("AWS account", node.aws_account_id),
        ("mode", node.deployment_mode),
        *details.pairs,
        ("open to", _SCOPES.get(access.scope.value, access.scope.value)),
        ("owner", _person(access)),
        ("description", node.description),
        ("created", when(node.created_at, context.now(), relative=context.relative)),
    ]
    return Shown(document, [Details(pairs), *_grantees(access)])


def _person(access: NodeAccess) -> str:
    owner = access.owner
    return f"{owner.name} <{owner.email}>" if owner.email else owner.name


def _grantees(access: NodeAccess) -> list[Part]:
    from pennsieve_agent.domain.people import Member

    rows = [
        [who.name, *(("person", who.email) if isinstance(who, Member) else ("team", "")), who.id]
        for who in access.grantees
    ]
    return (
        ["", Table([Column("SHARED WITH", Cut.MIDDLE), "KIND", "E-MAIL", ID], rows)] if rows else []
    )
