"""``pennsieve aws``: AWS credentials, for people without an AWS profile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.context import Context
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.aws.values import AwsIdentity
    from pennsieve_agent.domain.aws_keys import AwsKeys

app = group("AWS credentials, for people without an AWS profile.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="What to call them.")]
_TEMPORARY = "ASIA"
_INSTEAD = "add --stdin and give the access key id and the secret, a line each"


@app.command()
def add(
    ctx: typer.Context,
    name: Name,
    stdin: Annotated[
        bool,
        typer.Option(
            "--stdin", help="Read key id, secret and, if any, session token, a line each."
        ),
    ] = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Keep AWS keys in the system's keychain, after AWS has said whose they are.

    They go nowhere else: into no file, and not to Pennsieve. Use them with --aws-profile NAME.
    Where your organisation has AWS single sign-on, use that instead: its keys end by themselves.
    """
    from pennsieve_agent.domain.aws_keys import KeptKeys

    context = options.use(ctx, profile, as_json=json)
    _check_name(context, name)
    context.aws_keyring.check()
    keys = _enter(context, stdin=stdin)
    who = _verify(context, name, keys)
    context.aws_keyring.keep(KeptKeys(name, who.account_id, who.arn), keys)
    if json:
        context.streams.document(_who(name, who))
        return
    context.streams.result(f"Kept AWS keys '{name}' of account {who.account_id}, {who.arn}")
    context.streams.note(f"use them with: --aws-profile {name}")


@app.command("list")
def list_(ctx: typer.Context, profile: options.Profile = None, json: options.Json = False) -> None:
    """The AWS credentials on this machine, the best kind first. Shows no secret."""
    from pennsieve_agent.aws.profiles import Kind
    from pennsieve_agent.cli.aws_choice import found
    from pennsieve_agent.console.tables import table

    context = options.use(ctx, profile, as_json=json)
    rows = found(context.aws_credentials)
    if json:
        context.streams.document(
            [{"name": r.name, "account": r.account_id, "kind": r.kind.value} for r in rows]
        )
        return
    if not rows:
        context.streams.note(
            "none yet; best is: aws configure sso; else add keys with: pennsieve aws add NAME"
        )
        return
    shown = [[r.label, r.account_id or "-", r.kind.value] for r in rows]
    context.streams.result(table(["NAME", "ACCOUNT", "KIND"], shown, context.streams))
    if any(row.kind is Kind.SSO for row in rows) and any(
        row.kind in {Kind.STATIC, Kind.KEYCHAIN} for row in rows
    ):
        context.streams.note("prefer sso: its keys end by themselves, and need no keeping")


@app.command("test")
def check(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Default: as the AWS tools.")
    ] = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Ask AWS whose credentials these are."""
    context = options.use(ctx, profile, as_json=json)
    who = context.aws(None, name).identity()
    if json:
        context.streams.document(_who(name or "", who) | {"source": who.source})
        return
    context.streams.result(
        f"AWS account {who.account_id} in {who.region}, as {who.arn} ({who.source})"
    )


@app.command()
def remove(ctx: typer.Context, name: Name, profile: options.Profile = None) -> None:
    """Forget AWS keys that the keychain holds. AWS's own profiles are left alone."""
    context = options.use(ctx, profile)
    if not context.aws_keyring.remove(name):
        raise UsageProblem(
            f"the keychain holds no AWS keys called '{name}'", hint="see: pennsieve aws list"
        )
    context.streams.result(f"Forgot AWS keys '{name}'; they still work until AWS deletes them")


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
        lines = [streams.stdin.readline().strip() for _ in range(3)]
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


def _who(name: str, who: AwsIdentity) -> dict[str, str]:
    return {"name": name, "account": who.account_id, "arn": who.arn, "region": who.region}
