"""``pennsieve sandbox user|workspace|key``: who there is in a sandbox."""

from __future__ import annotations

import shlex
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.extras import sandbox_parts

if TYPE_CHECKING:
    from pennsieve_agent.sandbox.host.administration import Administration, Membership

OWN_ACCOUNT = "123456789012"
"""The emulated AWS account of the sandbox's owner."""
users = group("The people of a sandbox. Some are there from the start: see sandbox user list.")
workspaces = group("The workspaces of a sandbox.")
Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Its folder. Default: ~/.pennsieve/sandbox."),
]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.")]
Workspace = Annotated[
    str | None,
    typer.Option("--workspace", metavar="NAME", help="Name or id.", show_default=False),
]


@users.command("list")
def list_users(ctx: typer.Context, data: Data = None, json: options.Json = False) -> None:
    """Everybody in every workspace."""
    from pennsieve_agent.console.tables import table

    context = options.use(ctx, as_json=json)
    with _administration(context, data) as people:
        found = people.memberships()
    if json:
        context.streams.document([asdict(each) for each in found])
        return
    rows = [[each.email, each.name, each.role, each.workspace] for each in found]
    context.streams.result(table(["EMAIL", "NAME", "ROLE", "WORKSPACE"], rows, context.streams))


@users.command("add")
def add_user(
    ctx: typer.Context,
    email: Email,
    name: Annotated[str, typer.Option(metavar="NAME", help="First and last name.")] = "",
    role: Annotated[str, typer.Option(metavar="ROLE", help="admin, member or guest.")] = "member",
    workspace: Workspace = None,
    data: Data = None,
    json: options.Json = False,
) -> None:
    """Add a person. The first one of a new workspace is its owner."""
    context = options.use(ctx, as_json=json)
    with _administration(context, data) as people:
        added = people.add_user(email, name=name, role=role, workspace=workspace)
    if json:
        context.streams.document(asdict(added))
        return
    context.streams.result(f"{_said(added)} now")
    context.streams.note(f"sign in as them with: pennsieve sandbox key {email}{_option(data)}")


@workspaces.command("add")
def add_workspace(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    data: Data = None,
    json: options.Json = False,
) -> None:
    """Make a workspace; the first person added to it is its owner."""
    context = options.use(ctx, as_json=json)
    with _administration(context, data) as people:
        people.add_workspace(name)
    if json:
        context.streams.document({"workspace": name.strip()})
        return
    context.streams.result(f"Workspace '{name.strip()}' is there, and nobody in it")
    context.streams.note(
        f"add its owner with: pennsieve sandbox user add EMAIL --workspace {shlex.quote(name)}"
    )


def key(
    ctx: typer.Context,
    email: Email,
    profile: Annotated[
        str | None,
        typer.Option("--profile", metavar="NAME", help="Default: the address before the @."),
    ] = None,
    workspace: Workspace = None,
    data: Data = None,
    json: options.Json = False,
) -> None:
    """Make a person's API key, as a profile in the sandbox's own settings file."""
    context = options.use(ctx, as_json=json)
    with _administration(context, data) as people:
        name, whose = people.make_key(email, profile=profile, workspace=workspace)
    if json:
        context.streams.document({"profile": name, **asdict(whose)})
        return
    context.streams.result(f"Profile '{name}': {_said(whose)}")
    context.streams.note(
        f'use it with:  eval "$(pennsieve sandbox env{_option(data)})"\n'
        f"              pennsieve whoami --profile {name}"
    )


def aws_user(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The AWS profile's name.")],
    account: Annotated[
        str, typer.Option(metavar="NUMBER", help="An AWS account, twelve digits.")
    ] = OWN_ACCOUNT,
    data: Data = None,
    json: options.Json = False,
) -> None:
    """Add a user of the emulated AWS, in this account or another, as an AWS profile."""
    context = options.use(ctx, as_json=json)
    with _administration(context, data) as people:
        made = people.add_aws_user(name, account)
    if json:
        context.streams.document({"profile": made.name, "account": made.account})
        return
    context.streams.result(f"AWS profile '{made.name}' is a user of AWS account {made.account}")
    context.streams.note(
        f'use it with:  eval "$(pennsieve sandbox env{_option(data)})"\n'
        f"              AWS_PROFILE={made.name} aws sts get-caller-identity"
    )


def _administration(context: Context, data: Path | None) -> AbstractContextManager[Administration]:
    with sandbox_parts():
        from pennsieve_agent.sandbox.host.administration import administration
    return administration(data or context.home / ".pennsieve" / "sandbox")


def _said(whose: Membership) -> str:
    return f"{whose.email} is {whose.role} of workspace '{whose.workspace}'"


def _option(data: Path | None) -> str:
    return "" if data is None else f" --data {shlex.quote(str(data))}"
