"""``pennsieve compute share|unshare|access``: who may use a compute node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.compute import node_choice, node_options
from pennsieve_agent.cli.context import Context
from pennsieve_agent.domain.own_node import OwnNode

if TYPE_CHECKING:
    from pennsieve_agent.services.nodes.node_access import NodeAccess

app = group("Who may use a compute node.")
User = Annotated[
    str | None,
    typer.Option(
        "--user", metavar="EMAIL", help="A member: e-mail address or name.", show_default=False
    ),
]
Team = Annotated[
    str | None, typer.Option("--team", metavar="TEAM", help="A team.", show_default=False)
]
AwsWho = Annotated[
    str | None,
    typer.Option(
        "--aws",
        metavar="ARN",
        help="Of an own node: a user, a role, or an account's 12 digits.",
        show_default=False,
    ),
]
Workspace = Annotated[bool, typer.Option("--workspace", help="Everybody in the workspace.")]
_SCOPES = {
    "private": "its owner alone",
    "shared": "its owner and those below",
    "workspace": "everybody in the workspace",
}


@app.command()
def share(
    ctx: typer.Context,
    node: options.Node,
    user: User = None,
    team: Team = None,
    workspace: Workspace = False,
    aws: AwsWho = None,
    workflow: Annotated[
        list[str] | None,
        typer.Option("--workflow", "-w", metavar="WORKFLOW", help="With --aws. Repeatable."),
    ] = None,
    aws_profile: node_options.AwsProfile = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Let somebody use a compute node.

    An own node is shared with an AWS identity, for some of its workflows: --aws ARN --workflow W.
    A node that Pennsieve runs is shared with a person, a team or the workspace. Those it is shared
    with already keep it.
    """
    from pennsieve_agent.cli.compute import node_shares
    from pennsieve_agent.services.nodes import node_access

    context = options.use(ctx, profile, as_json=json)
    who = node_access.Grantees(user, team, workspace)
    found = node_shares.meant(context, node, aws, who)
    if isinstance(found, OwnNode):
        node_shares.share(context, found, str(aws), tuple(workflow or ()), aws_profile)
        return
    who.check()
    said, now = node_access.share(context.platform, context.workspace_id, found, who)
    _say(context, now, f"{_sentence(said)} may use compute node '{found.name}'")


@app.command()
def unshare(
    ctx: typer.Context,
    node: options.Node,
    user: User = None,
    team: Team = None,
    workspace: Workspace = False,
    aws: AwsWho = None,
    aws_profile: node_options.AwsProfile = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Take a compute node from somebody; other shares stay."""
    from pennsieve_agent.cli.compute import node_shares
    from pennsieve_agent.services.nodes import node_access

    context = options.use(ctx, profile, as_json=json)
    who = node_access.Grantees(user, team, workspace)
    found = node_shares.meant(context, node, aws, who)
    if isinstance(found, OwnNode):
        node_shares.unshare(context, found, str(aws), aws_profile)
        return
    who.check()
    said, now = node_access.unshare(context.platform, context.workspace_id, found, who)
    _say(context, now, f"Compute node '{found.name}' is no longer shared with {said}")


@app.command()
def access(
    ctx: typer.Context,
    node: options.Node,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Who may use a compute node."""
    from pennsieve_agent.cli.compute import node_shares
    from pennsieve_agent.console.tables import details, table
    from pennsieve_agent.domain.people import Member
    from pennsieve_agent.services.nodes import node_access

    context = options.use(ctx, profile, as_json=json)
    found = node_choice.find(context, node)
    if isinstance(found, OwnNode):
        node_shares.show(context, found)
        return
    now = node_access.access(context.platform, context.workspace_id, found)
    if json:
        context.streams.document(_document(now))
        return
    streams, owner = context.streams, now.owner
    pairs = [
        ("node", found.name),
        ("open to", _SCOPES.get(now.scope.value, now.scope.value)),
        ("owner", f"{owner.name} <{owner.email}>" if owner.email else owner.name),
    ]
    streams.result(details(pairs, streams))
    rows = [
        [who.name, *(("person", who.email) if isinstance(who, Member) else ("team", "")), who.id]
        for who in now.grantees
    ]
    if rows:
        streams.result("")
        streams.result(table(["SHARED WITH", "KIND", "E-MAIL", "ID"], rows, streams))


def _say(context: Context, now: NodeAccess, sentence: str) -> None:
    if context.as_json:
        context.streams.document(_document(now))
        return
    context.streams.result(sentence)
    context.streams.note(f"see who may: pennsieve compute access '{now.node.name}'")


def _document(now: NodeAccess) -> dict[str, object]:
    from pennsieve_agent.console import people_documents

    return {
        "id": now.node.uuid,
        "name": now.node.name,
        "access": now.scope.value,
        "owner": people_documents.grantee(now.owner),
        "shared_with": [people_documents.grantee(who) for who in now.grantees],
    }


def _sentence(said: str) -> str:
    return said[:1].upper() + said[1:]
