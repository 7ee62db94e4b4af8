"""``pennsieve aws``: AWS credentials, for people without an AWS profile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, Table, planned
from pennsieve_agent.console.tables import ID, NAME
from pennsieve_agent.errors import AwsError, UnknownName, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.aws.values import AwsIdentity
    from pennsieve_agent.domain.aws_keys import AwsKeys

Name = Annotated[str, typer.Argument(metavar="NAME", help="What to call them.")]
_TEMPORARY = "ASIA"
_INSTEAD = "add --stdin and give the access key id and the secret, a line each"


@command(
    "aws add",
    answers=("aws_identity", "planned_change"),
    examples=["pennsieve aws add lab", "pennsieve aws add lab --stdin < keys.txt"],
)
def add(
    context: Context,
    name: Name,
    stdin: Annotated[
        bool,
        typer.Option(
            "--stdin", help="Read key id, secret and, if any, session token, one per line."
        ),
    ] = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Keep AWS keys in the system's keychain.

    AWS is asked first whose they are. The keys are sent to nobody else, and written to no file. Use
    them with --aws-profile NAME. If your organisation has AWS single sign-on, use that instead: its
    keys expire by themselves.
    """
    from pennsieve_agent.domain.aws_keys import KeptKeys

    _check_name(context, name)
    context.aws_keyring.check()
    keys = _enter(context, stdin=stdin)
    who = _verify(context, name, keys)
    if dry_run:
        return planned(f"keep AWS keys '{name}' of account {who.account_id}, {who.arn}")
    context.aws_keyring.keep(KeptKeys(name, who.account_id, who.arn), keys)
    return Shown(
        _identity(name, who),
        f"Kept AWS keys '{name}' of account {who.account_id}, {who.arn}",
        notes=[f"use them with: --aws-profile {name}"],
    )


@command(
    "aws list",
    answers=("list of aws_credentials", "list of aws_account"),
    examples=["pennsieve aws list"],
)
def list_(
    context: Context,
    registered: Annotated[
        bool,
        typer.Option("--registered", help="The AWS accounts that you registered on Pennsieve."),
    ] = False,
) -> Shown:
    """The AWS credentials on this machine, the safest kind first. Shows no secret."""
    if registered:
        return _registered(context)
    from pennsieve_agent.aws.profiles import Kind
    from pennsieve_agent.cli.aws_choice import available, not_listed

    there = available(context.aws_credentials)
    rows, notes = there.rows, [not_listed(there.trouble)] if there.trouble else []
    document = [
        {
            "name": row.name or None,
            "aws_account": row.account_id or None,
            "kind": row.kind.value.replace(" ", "_"),
        }
        for row in rows
    ]
    if not rows:
        best = "no AWS credentials yet; try aws configure sso, or pennsieve aws add NAME"
        return Shown(document, notes=[best, *notes])
    kinds = {row.kind for row in rows}
    if Kind.SSO in kinds and kinds & {Kind.STATIC, Kind.KEYCHAIN}:
        notes = [
            *notes,
            "prefer single sign-on (sso): its keys expire by themselves and are not stored",
        ]
    shown = [[row.label, row.account_id or "-", row.kind.value] for row in rows]
    return Shown(document, Table(["NAME", "ACCOUNT", "KIND"], shown), notes)


@command(
    "aws test", answers="aws_identity", examples=["pennsieve aws test", "pennsieve aws test lab"]
)
def check(
    context: Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Default: as for the AWS CLI.")
    ] = None,
) -> Shown:
    """Ask AWS whose credentials these are."""
    try:
        who = context.aws(None, name).identity()
    except AwsError as error:
        if name and error.aws_code == "ProfileNotFound":
            raise UnknownName(error.message, hint=error.hint) from error
        raise
    return Shown(
        _identity(name, who),
        f"AWS account {who.account_id} in {who.region}, as {who.arn} ({who.source})",
    )


@command(
    "aws remove",
    answers=("removed", "planned_change"),
    examples=["pennsieve aws remove lab"],
)
def remove(context: Context, name: Name, dry_run: options.DryRun = False) -> Shown:
    """Forget AWS keys that the keychain holds.

    AWS's own profiles are left alone, and the keys still work until AWS deletes them.
    """
    if dry_run and context.aws_keyring.holds(name):
        return planned(f"forget AWS keys '{name}'")
    if dry_run or not context.aws_keyring.remove(name):
        raise UnknownName(
            f"the keychain holds no AWS keys called '{name}'", hint="see: pennsieve aws list"
        )
    return Shown(
        {"name": name, "removed": True},
        f"Forgot AWS keys '{name}'; they still work until AWS deletes them",
    )


def _registered(context: Context) -> Shown:
    """The AWS accounts on Pennsieve, and whether this workspace may use them."""
    from pennsieve_agent.console import offer_documents

    compute, workspace = context.platform.compute, context.workspace_id
    accounts = compute.accounts()
    here = {
        enabled.account_uuid
        for enabled in compute.enablements(workspace)
        if enabled.organization_id == workspace and enabled.compute
    }
    document = [offer_documents.account(a, usable_here=a.uuid in here) for a in accounts]
    if not accounts:
        hint = "no AWS account yet; register one with: pennsieve compute register"
        return Shown(document, notes=[hint])
    rows = [
        [
            a.aws_account_id,
            a.name or "-",
            a.status.lower(),
            "yes" if a.uuid in here else "no",
            a.uuid,
        ]
        for a in accounts
    ]
    return Shown(document, Table(["AWS ACCOUNT", NAME, "STATUS", "USABLE HERE", ID], rows))


def _check_name(context: Context, name: str) -> None:
    from pennsieve_agent.aws.profiles import configured

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}", name):
        raise UsageProblem(
            f"AWS keys cannot be called '{name}'",
            hint="use letters, digits, hyphens, dots and underscores",
        )
    if any(row.name == name for row in configured(context.profile.aws)):
        raise UsageProblem(
            f"AWS's own configuration has a profile '{name}' already, which would come first",
            hint=f"use that with: --aws-profile {name}; or choose another name",
        )


def _enter(context: Context, *, stdin: bool) -> AwsKeys:
    from pennsieve_agent.domain.aws_keys import AwsKeys

    streams = context.streams
    if stdin:
        lines = [streams.read_line().strip() for _ in range(3)]
    else:
        lines = [
            streams.ask_secret("AWS access key id (not shown)", instead=_INSTEAD),
            streams.ask_secret("AWS secret access key (not shown)", instead=_INSTEAD),
            "",
        ]
        if lines[0].startswith(_TEMPORARY):
            lines[2] = streams.ask_secret("AWS session token (not shown)", instead=_INSTEAD)
    key_id, secret, token = lines
    if not re.fullmatch(r"[A-Z0-9]{16,128}", key_id) or not secret:
        raise UsageProblem("an access key id and its secret are needed", hint=_INSTEAD)
    if key_id.startswith(_TEMPORARY) and not token:
        raise UsageProblem(
            "these keys are temporary and need their session token", hint="give it as a third line"
        )
    return AwsKeys(key_id, secret, token)


def _verify(context: Context, name: str, keys: AwsKeys) -> AwsIdentity:
    """Whose keys they are, before anything is kept; a root user's are refused."""
    from pennsieve_agent.aws.session import Aws

    with Aws(context.profile.aws, profile=name, find_keys=lambda _: keys) as aws:
        return aws.identity()


def _identity(name: str | None, who: AwsIdentity) -> dict[str, Any]:
    return {
        "name": name,
        "aws_account": who.account_id,
        "arn": who.arn,
        "region": who.region,
        "source": who.source,
    }
