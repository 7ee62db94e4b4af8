"""``pennsieve compute share|unshare|access``: who may use a compute node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.context import Context

if TYPE_CHECKING:
    from pennsieve_agent.services.node_access import NodeAccess

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
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Let a person, a team or the workspace use a compute node.

    Those it is shared with already keep it: when a node is opened to the workspace, the platform
    drops its shares, so they are read before and given again after.
    """
    from pennsieve_agent.services import lookup, node_access

    context = options.use(ctx, profile, as_json=json)
    who = node_access.Grantees(user, team, workspace)
    who.check()
    found = lookup.node(context.platform, context.workspace_id, node)
    said, now = node_access.share(context.platform, context.workspace_id, found, who)
    _say(context, now, f"{_sentence(said)} may use compute node '{found.name}'")


@app.command()
def unshare(
    ctx: typer.Context,
    node: options.Node,
    user: User = None,
    team: Team = None,
    workspace: Workspace = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Take a compute node from a person, a team or the workspace; other shares stay."""
    from pennsieve_agent.services import lookup, node_access

    context = options.use(ctx, profile, as_json=json)
    who = node_access.Grantees(user, team, workspace)
    who.check()
    found = lookup.node(context.platform, context.workspace_id, node)
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
    from pennsieve_agent.console.tables import details, table
    from pennsieve_agent.domain.people import Member
    from pennsieve_agent.services import lookup, node_access

    context = options.use(ctx, profile, as_json=json)
    found = lookup.node(context.platform, context.workspace_id, node)
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
