"""``pennsieve sandbox user list|add|key|connect``: the people of a sandbox."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.sandbox import box
from pennsieve_agent.console.shown import Shown, Table
from pennsieve_agent.console.tables import Column, Cut
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.sandbox.host.administration import Membership

OWN_ACCOUNT = "123456789012"
"""The emulated AWS account of the sandbox's owner."""
Workspace = Annotated[
    str | None, typer.Option("--workspace", metavar="NAME", help="The workspace's name or id.")
]


@command(
    "sandbox user list",
    answers="list of sandbox_member",
    examples=["pennsieve sandbox user list"],
)
def list_(context: Context, data: box.Data = None) -> Shown:
    """Everybody in every workspace of the sandbox."""
    with box.administration(context, data) as people:
        members = people.memberships()
    rows = [[member.email, member.name, member.role, member.workspace] for member in members]
    document = [asdict(member) for member in members]
    return Shown(document, Table(["EMAIL", Column("NAME", Cut.END), "ROLE", "WORKSPACE"], rows))


@command(
    "sandbox user add",
    answers=("sandbox_member", "sandbox_aws_user"),
    examples=[
        "pennsieve sandbox user add mary@example.org --role guest",
        "pennsieve sandbox user add lin --aws",
    ],
)
def add(
    context: Context,
    who: Annotated[
        str,
        typer.Argument(
            metavar="WHO", help="A person's e-mail address; with --aws the AWS profile's name."
        ),
    ],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="First and last name.")] = "",
    role: Annotated[
        str, typer.Option("--role", metavar="ROLE", help="admin, member or guest.")
    ] = "member",
    workspace: Workspace = None,
    aws: Annotated[
        bool, typer.Option("--aws", help="Add a user of the emulated AWS, as an AWS profile.")
    ] = False,
    account: Annotated[
        str | None,
        typer.Option(
            "--account",
            metavar="NUMBER",
            help=f"With --aws: an AWS account, twelve digits. Default: {OWN_ACCOUNT}.",
        ),
    ] = None,
    data: box.Data = None,
) -> Shown:
    """Add a person, or a user of the emulated AWS.

    The first person of a new workspace is its owner.
    """
    if aws:
        return _add_aws_user(context, who, account or OWN_ACCOUNT, data)
    if account:
        raise UsageProblem("--account needs --aws", hint="add --aws, or leave it out")
    with box.administration(context, data) as people:
        member = people.add_user(who, name=name, role=role, workspace=workspace)
    note = f"sign in as them with: pennsieve sandbox user key {who}{box.data_option(data)}"
    return Shown(asdict(member), f"Added {_role(member)}", [note])


def _add_aws_user(context: Context, name: str, account: str, data: Path | None) -> Shown:
    with box.administration(context, data) as people:
        user = people.add_aws_user(name, account)
    notes = [
        f'use it with:  eval "$(pennsieve sandbox env{box.data_option(data)})"',
        f"              AWS_PROFILE={user.name} aws sts get-caller-identity",
    ]
    document = {"name": user.name, "aws_account": user.account}
    text = f"AWS profile '{user.name}' is a user of AWS account {user.account}"
    return Shown(document, text, notes)


@command(
    "sandbox user key",
    answers="sandbox_key",
    examples=["pennsieve sandbox user key grace@example.org --as grace"],
)
def key(
    context: Context,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.")],
    name: Annotated[
        str | None,
        typer.Option(
            "--as", metavar="NAME", help="The profile's name. Default: the address before the @."
        ),
    ] = None,
    workspace: Workspace = None,
    data: box.Data = None,
) -> Shown:
    """Make a person's API key, as a profile for --profile."""
    from pennsieve_agent.cli.sandbox import profiles

    sandbox = box.sandbox(context, data)
    with box.administration(context, data) as people:
        profiles.check_free(context, sandbox, email, name)
        profile, member = people.make_key(email, profile=name, workspace=workspace)
    profiles.keep(context, sandbox, profile)
    notes = [f"use it with: pennsieve whoami --profile {profile}"]
    return Shown(
        {"profile": profile, **asdict(member)}, f"Profile '{profile}': {_role(member)}", notes
    )


@command(
    "sandbox user connect",
    answers="sandbox_connection",
    examples=["pennsieve sandbox user connect ada@example.org"],
)
def connect(
    context: Context,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.")],
    data: box.Data = None,
) -> Shown:
    """Connect a person with GitHub, as the web application does on Pennsieve."""
    with box.administration(context, data) as people:
        people.connect_github(email)
    notes = ["see what Pennsieve sees with: pennsieve workflow app repos"]
    document = {"email": email, "connected": True}
    return Shown(document, f"{email} is connected with the sandbox's GitHub", notes)


def _role(member: Membership) -> str:
    return f"{member.email}, {member.role} of workspace '{member.workspace}'"
