"""``pennsieve dataset share|unshare``: who is on a dataset."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, planned
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.domain.datasets import Role as DatasetRole
    from pennsieve_agent.domain.people import Member, Team

Who = Annotated[
    str | None,
    typer.Argument(metavar="[WHO]", help="A member's e-mail address or name, or a team."),
]


class Role(StrEnum):
    """The roles that can be given."""

    VIEWER = "viewer"
    EDITOR = "editor"
    MANAGER = "manager"


@command(
    "dataset share",
    answers=("dataset_share", "planned_change"),
    examples=[
        "pennsieve dataset share 'Mouse EEG' grace@example.org --role editor",
        "pennsieve dataset share 'Mouse EEG' --workspace",
        "pennsieve dataset share 'Mouse EEG' mary@example.com --invite",
    ],
)
def share(
    context: Context,
    dataset: options.DatasetArgument,
    who: Who = None,
    workspace: options.Workspace = False,
    role: Annotated[Role, typer.Option("--role", help="What they may do.")] = Role.VIEWER,
    invite: Annotated[
        bool,
        typer.Option(
            "--invite", help="WHO is the e-mail address of somebody outside the workspace."
        ),
    ] = False,
    message: Annotated[
        str, typer.Option("--message", metavar="TEXT", help="With --invite: text for the e-mail.")
    ] = "",
    dry_run: options.DryRun = False,
) -> Shown:
    """Give a person, a team or the whole workspace a role on a dataset.

    The new role replaces an earlier one. Only managers of the dataset can share it.
    """
    from pennsieve_agent.domain import datasets
    from pennsieve_agent.services import lookup

    _check(who, workspace=workspace)
    if message and not invite:
        raise UsageProblem("--message needs --invite", hint="add --invite, or leave it out")
    new, platform = datasets.Role.of(role.value), context.platform
    if invite:
        return _invite(context, dataset, who or "", new, message, dry_run=dry_run)
    where = lookup.dataset(platform, dataset)
    grantee = None if who is None else _grantee_of(context, who)
    name = "everybody in the workspace" if grantee is None else grantee.name
    if dry_run:
        return planned(f"give {name} the role {role.value} on dataset '{where.name}'")
    if grantee is None:
        platform.collaborators.set_workspace(where.id, new)
        document = _document(where, _everybody(context), role)
    else:
        _put_on(context, where, grantee, new)
        document = _document(where, _grantee(grantee), role)
    return Shown(document, f"Dataset '{where.name}': {name} now has the role {role.value}")


def _grantee_of(context: Context, who: str) -> Member | Team:
    from pennsieve_agent.domain.people import Team
    from pennsieve_agent.services import find_people

    grantee = find_people.member_or_team(context.platform, context.workspace_id, who)
    if isinstance(grantee, Team) and grantee.is_system:
        raise UsageProblem(
            f"team '{grantee.name}' belongs to Pennsieve; a dataset cannot be shared with it",
            hint="see the other teams with: pennsieve workspace teams",
        )
    return grantee


def _put_on(context: Context, where: Dataset, grantee: Member | Team, role: DatasetRole) -> None:
    from pennsieve_agent.domain.people import Member

    collaborators = context.platform.collaborators
    put = collaborators.set_user if isinstance(grantee, Member) else collaborators.set_team
    put(where.id, grantee.id, role)


def _invite(
    context: Context,
    dataset: str,
    email: str,
    role: DatasetRole,
    message: str,
    *,
    dry_run: bool,
) -> Shown:
    """Invite somebody from outside the workspace by e-mail."""
    from pennsieve_agent.services import lookup

    if email.strip("@").count("@") != 1:
        raise UsageProblem(
            f"'{email}' is not an e-mail address", hint="for example: ada@example.org"
        )
    platform = context.platform
    where = lookup.dataset(platform, dataset)
    if platform.people.by_email(context.workspace_id, email):
        raise UsageProblem(
            f"{email} is in the workspace already",
            hint=f"leave out --invite: pennsieve dataset share '{where.name}' {email}",
        )
    if dry_run:
        return planned(f"invite {email} to dataset '{where.name}' as {role.value}")
    platform.collaborators.invite(where.id, email, role, message)
    grantee = {"type": "user", "id": None, "name": None, "email": email}
    document = _document(where, grantee, role, invited=True)
    return Shown(document, f"Invited {email} to dataset '{where.name}' as {role.value}")


@command(
    "dataset unshare",
    answers=("dataset_share", "planned_change"),
    examples=["pennsieve dataset unshare 'Mouse EEG' grace@example.org"],
)
def unshare(
    context: Context,
    dataset: options.DatasetArgument,
    who: Who = None,
    workspace: options.Workspace = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Stop sharing a dataset with a person, a team or the workspace.

    Only managers of the dataset can do this.
    """
    from pennsieve_agent.domain.people import Member
    from pennsieve_agent.services import find_people, lookup

    _check(who, workspace=workspace)
    platform = context.platform
    where = lookup.dataset(platform, dataset)
    grantee = who and find_people.member_or_team(platform, context.workspace_id, who)
    name = grantee.name if grantee else "the workspace as a whole"
    if dry_run:
        return planned(f"stop sharing dataset '{where.name}' with {name}")
    if not grantee:
        platform.collaborators.remove_workspace(where.id)
    elif isinstance(grantee, Member):
        platform.collaborators.remove_user(where.id, grantee.id)
    else:
        platform.collaborators.remove_team(where.id, grantee.id)
    document = _document(where, _grantee(grantee) if grantee else _everybody(context), None)
    return Shown(document, f"Dataset '{where.name}' is no longer shared with {name}")


def _check(who: str | None, *, workspace: bool) -> None:
    if (who is not None) is workspace:
        raise UsageProblem("with whom?", hint="name a person or a team, or give --workspace")


def _document(
    where: Dataset,
    grantee: dict[str, Any],
    role: Role | DatasetRole | None,
    *,
    invited: bool = False,
) -> dict[str, Any]:
    from pennsieve_agent.console import dataset_documents

    return {
        **dataset_documents.of(where),
        "shared_with": grantee,
        "role": role and role.value,
        "invited": invited,
    }


def _grantee(grantee: Member | Team) -> dict[str, Any]:
    from pennsieve_agent.console import people_documents

    return people_documents.grantee(grantee)


def _everybody(context: Context) -> dict[str, Any]:
    return {"type": "workspace", "id": context.workspace_id, "name": None, "email": None}
