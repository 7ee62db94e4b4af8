"""``pennsieve workspace``: the people and teams that things are shared with."""

from __future__ import annotations

from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group

app = group("The people and teams of your workspace.")


@app.command("list")
def list_(ctx: typer.Context, profile: options.Profile = None, json: options.Json = False) -> None:
    """The workspaces you belong to. Another one needs a key, and so a profile, of its own."""
    from pennsieve_agent.console import people_documents
    from pennsieve_agent.console.tables import table

    context = options.use(ctx, profile, as_json=json)
    found, here = context.platform.people.workspaces(), context.workspace_id
    if json:
        context.streams.document(
            [people_documents.workspace(w, current=w.id == here) for w in found]
        )
        return
    rows = [[w.name, w.role, "yes" if w.id == here else "", w.id] for w in found]
    context.streams.result(table(["NAME", "ROLE", "THIS PROFILE", "ID"], rows, context.streams))


@app.command()
def members(
    ctx: typer.Context, profile: options.Profile = None, json: options.Json = False
) -> None:
    """The people of the workspace."""
    from pennsieve_agent.console import people_documents
    from pennsieve_agent.console.tables import table

    context = options.use(ctx, profile, as_json=json)
    found = context.platform.people.members(context.workspace_id)
    if json:
        context.streams.document([people_documents.member(m) for m in found])
        return
    rows = [[m.name, m.email, m.role, m.id] for m in found]
    context.streams.result(table(["NAME", "E-MAIL", "ROLE", "ID"], rows, context.streams))


@app.command()
def teams(ctx: typer.Context, profile: options.Profile = None, json: options.Json = False) -> None:
    """The teams of the workspace."""
    from pennsieve_agent.console import people_documents
    from pennsieve_agent.console.tables import table

    context = options.use(ctx, profile, as_json=json)
    found = context.platform.people.teams(context.workspace_id)
    if json:
        context.streams.document([people_documents.team(t) for t in found])
        return
    if not found:
        context.streams.note("no team yet; an administrator makes them on the web")
        return
    rows = [
        [t.name, str(t.member_count), "the platform's own" if t.is_system else "", t.id]
        for t in found
    ]
    context.streams.result(table(["NAME", "MEMBERS", "KIND", "ID"], rows, context.streams))


@app.command()
def team(
    ctx: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="TEAM", help="Name, unique prefix or id.")],
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """The people of a team."""
    from pennsieve_agent.console import people_documents
    from pennsieve_agent.console.tables import table
    from pennsieve_agent.services import find_people

    context = options.use(ctx, profile, as_json=json)
    found = find_people.team(context.platform, context.workspace_id, wanted)
    inside = context.platform.people.team_members(context.workspace_id, found.id)
    if json:
        context.streams.document(
            {
                **people_documents.team(found),
                "people": [people_documents.member(m) for m in inside],
            }
        )
        return
    if not inside:
        context.streams.note(f"nobody is in team '{found.name}'")
        return
    rows = [[m.name, m.email, m.id] for m in inside]
    context.streams.result(table(["NAME", "E-MAIL", "ID"], rows, context.streams))
