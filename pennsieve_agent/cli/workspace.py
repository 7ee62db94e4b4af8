"""``pennsieve workspace``: the people and teams that things are shared with."""

from __future__ import annotations

from typing import Annotated

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, Table
from pennsieve_agent.console.tables import ID, NAME


@command("workspace list", answers="list of workspace", examples=["pennsieve workspace list"])
def list_(context: Context) -> Shown:
    """The workspaces you belong to.

    A key is bound to one workspace; another workspace needs a profile of its own.
    """
    from pennsieve_agent.console import people_documents

    workspaces, here = context.platform.people.workspaces(), context.workspace_id
    document = [people_documents.workspace(w, current=w.id == here) for w in workspaces]
    rows = [[w.name, w.role, "yes" if w.id == here else "", w.id] for w in workspaces]
    return Shown(document, Table([NAME, "ROLE", "THIS PROFILE", ID], rows))


@command("workspace members", answers="list of member", examples=["pennsieve workspace members"])
def members(context: Context) -> Shown:
    """The people of the workspace."""
    from pennsieve_agent.cli import people_names
    from pennsieve_agent.console import people_documents

    people = context.platform.people.members(context.workspace_id)
    named = people_names.named(context, people)
    rows = [
        [m.name or "-", m.email, m.role, people_names.kind(person), m.id]
        for person, m in zip(people, named, strict=True)
    ]
    document = [people_documents.member(m) for m in named]
    return Shown(document, Table([NAME, "E-MAIL", "ROLE", "KIND", ID], rows))


@command(
    "workspace teams",
    answers=("list of team", "team_details"),
    examples=["pennsieve workspace teams", "pennsieve workspace teams Lab"],
)
def teams(
    context: Context,
    team: Annotated[
        str | None,
        typer.Argument(metavar="[TEAM]", help="Show its people. Name, unique prefix or id."),
    ] = None,
) -> Shown:
    """The teams of the workspace, or the people of one."""
    from pennsieve_agent.console import people_documents
    from pennsieve_agent.console.words import count

    if team is not None:
        return _people_of(context, team)
    all_teams = context.platform.people.teams(context.workspace_id)
    document = [people_documents.team(t) for t in all_teams]
    if not all_teams:
        return Shown(document, notes=["no team yet; an administrator makes them on the web"])
    rows = [
        [t.name, count(t.member_count), "made by Pennsieve" if t.is_system else "", t.id]
        for t in all_teams
    ]
    return Shown(document, Table([NAME, "MEMBERS", "KIND", ID], rows))


def _people_of(context: Context, reference: str) -> Shown:
    from pennsieve_agent.cli import people_names
    from pennsieve_agent.console import people_documents
    from pennsieve_agent.services import find_people

    team = find_people.team(context.platform, context.workspace_id, reference)
    people = people_names.named(
        context, context.platform.people.team_members(context.workspace_id, team.id)
    )
    members_of = [people_documents.member(m) for m in people]
    document = {**people_documents.team(team), "people": members_of}
    if not people:
        return Shown(document, notes=[f"nobody is in team '{team.name}'"])
    rows = [[m.name or "-", m.email, m.id] for m in people]
    return Shown(document, Table([NAME, "E-MAIL", ID], rows))
