"""``pennsieve dataset share|unshare|people``: who is on a dataset."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.dataset.fs import DatasetArgument
from pennsieve_agent.errors import UsageProblem

app = group("Who is on a dataset.")
Who = Annotated[
    str | None,
    typer.Argument(
        metavar="[WHO]", help="A member's e-mail address or name, or a team.", show_default=False
    ),
]
Workspace = Annotated[bool, typer.Option("--workspace", help="Everybody in the workspace.")]


class Role(StrEnum):
    """The roles that can be given."""

    VIEWER = "viewer"
    EDITOR = "editor"
    MANAGER = "manager"


@app.command()
def share(
    ctx: typer.Context,
    dataset: DatasetArgument,
    who: Who = None,
    workspace: Workspace = False,
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.VIEWER,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Put a person, a team or the workspace on a dataset, or change their role. Managers may."""
    from pennsieve_agent.domain import datasets
    from pennsieve_agent.domain.people import Member, Team
    from pennsieve_agent.services import find_people, lookup

    context = options.use(ctx, profile, as_json=json)
    _check(who, workspace=workspace)
    platform, given = context.platform, datasets.Role.of(role.value)
    found = lookup.dataset(platform, dataset)
    if who is None:
        platform.collaborators.set_workspace(found.id, given)
        id_, name = context.workspace_id, "everybody in the workspace"
    else:
        person = find_people.member_or_team(platform, context.workspace_id, who)
        if isinstance(person, Team) and person.is_system:
            raise UsageProblem(
                f"team '{person.name}' is the platform's own and cannot be put on a dataset",
                hint="see the others with: pennsieve workspace teams",
            )
        collaborators = platform.collaborators
        change = collaborators.set_user if isinstance(person, Member) else collaborators.set_team
        change(found.id, person.id, given)
        id_, name = person.id, person.name
    if json:
        context.streams.document(
            {"dataset_id": found.id, "id": id_, "name": name, "role": role.value}
        )
    else:
        context.streams.result(f"Dataset '{found.name}': {name} has the role of {role.value}")


@app.command()
def unshare(
    ctx: typer.Context,
    dataset: DatasetArgument,
    who: Who = None,
    workspace: Workspace = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Take a person, a team or the workspace from a dataset. Managers may."""
    from pennsieve_agent.domain.people import Member
    from pennsieve_agent.services import find_people, lookup

    context = options.use(ctx, profile, as_json=json)
    _check(who, workspace=workspace)
    platform = context.platform
    found = lookup.dataset(platform, dataset)
    if who is None:
        platform.collaborators.remove_workspace(found.id)
        id_, name = context.workspace_id, "the workspace as a whole"
    else:
        person = find_people.member_or_team(platform, context.workspace_id, who)
        collaborators = platform.collaborators
        is_person = isinstance(person, Member)
        (collaborators.remove_user if is_person else collaborators.remove_team)(found.id, person.id)
        id_, name = person.id, person.name
    if json:
        context.streams.document({"dataset_id": found.id, "id": id_, "name": name, "role": "none"})
    else:
        context.streams.result(f"Dataset '{found.name}' is no longer shared with {name}")


def _check(who: str | None, *, workspace: bool) -> None:
    if (who is not None) is workspace:
        raise UsageProblem("with whom?", hint="name a person or a team, or say --workspace")


@app.command()
def invite(
    ctx: typer.Context,
    dataset: DatasetArgument,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Of somebody from outside.")],
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.VIEWER,
    message: Annotated[str, typer.Option(metavar="TEXT", help="Words for the mail.")] = "",
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Invite somebody from outside the workspace to a dataset, by mail. Managers may."""
    from pennsieve_agent.domain import datasets
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    if email.strip("@").count("@") != 1:
        raise UsageProblem(f"'{email}' is no e-mail address", hint="for example: ada@example.org")
    platform = context.platform
    found = lookup.dataset(platform, dataset)
    if platform.people.by_email(context.workspace_id, email):
        raise UsageProblem(
            f"{email} is in the workspace already",
            hint=f"share it with: pennsieve dataset share '{found.name}' {email}",
        )
    platform.collaborators.invite(found.id, email, datasets.Role.of(role.value), message)
    if json:
        context.streams.document({"dataset_id": found.id, "email": email, "role": role.value})
    else:
        context.streams.result(f"Invited {email} to dataset '{found.name}' as {role.value}")


@app.command()
def give(
    ctx: typer.Context,
    dataset: DatasetArgument,
    who: Annotated[str, typer.Argument(metavar="WHO", help="A member's e-mail address or name.")],
    yes: options.Yes = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Make another member the owner of your dataset. Only they can give it back."""
    from pennsieve_agent.services import find_people, lookup

    context = options.use(ctx, profile, as_json=json)
    platform = context.platform
    found = lookup.dataset(platform, dataset)
    person = find_people.member(platform, context.workspace_id, who)
    question = f"Make {person.name} the owner of dataset '{found.name}'?"
    if not context.streams.confirm(question, assume=yes):
        context.streams.note("nothing was changed")
        return
    platform.collaborators.set_owner(found.id, person.id)
    if json:
        context.streams.document({"dataset_id": found.id, "owner": person.id, "name": person.name})
    else:
        context.streams.result(f"{person.name} is the owner of dataset '{found.name}' now")


@app.command("people")
def people_(
    ctx: typer.Context,
    dataset: DatasetArgument,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Who is on a dataset, with which role."""
    from pennsieve_agent.console import people_documents
    from pennsieve_agent.console.tables import table
    from pennsieve_agent.domain import datasets
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    found = lookup.dataset(context.platform, dataset)
    everybody = context.platform.collaborators.get(found.id)
    if json:
        context.streams.document(people_documents.collaborators(everybody))
        return
    rows = [[u.name, u.role.value, "person", u.email, u.id] for u in everybody.users]
    rows += [[t.name, t.role.value, "team", "", t.id] for t in everybody.teams]
    if everybody.workspace_role not in {datasets.Role.NONE, datasets.Role.UNKNOWN}:
        role = everybody.workspace_role.value
        rows.append(["everybody in the workspace", role, "workspace", "", context.workspace_id])
    columns = ["NAME", "ROLE", "KIND", "E-MAIL", "ID"]
    context.streams.result(table(columns, rows, context.streams))
