"""``pennsieve profile``: workspaces this machine knows."""

from __future__ import annotations

from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.completing import forget
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Details, Shown, Table, planned
from pennsieve_agent.console.tables import Column, Cut
from pennsieve_agent.errors import SettingsError

Name = Annotated[str, typer.Argument(metavar="PROFILE", help="The profile's name.")]


@command("profile list", answers="list of profile_summary", examples=["pennsieve profile list"])
def list_(context: Context) -> Shown:
    """The profiles on this machine."""
    default = context.settings.default_name()
    rows = [(name, _host(context, name, api)) for name, api in context.settings.addresses()]
    document = [{"name": name, "default": name == default, "host": host} for name, host in rows]
    if not rows:
        return Shown(document, notes=["no profile yet; sign in with: pennsieve login"])
    shown = [[name, "yes" if name == default else "", host or "-"] for name, host in rows]
    return Shown(document, Table(["NAME", "DEFAULT", Column("HOST", Cut.END)], shown))


def _host(context: Context, name: str, api: str | SettingsError) -> str | None:
    """A profile's host; one unusable profile must not hide the others."""
    if isinstance(api, SettingsError):
        context.streams.note(f"warning: profile '{name}': {api.message}")
        return None
    return api


@command(
    "profile use",
    answers=("profile_default", "planned_change"),
    examples=["pennsieve profile use lab"],
)
def use(context: Context, name: Name, dry_run: options.DryRun = False) -> Shown:
    """Make a profile the default."""
    if dry_run:
        return planned(f"make profile '{context.settings.known(name)}' the default")
    context.settings.set_default(name)
    known = context.settings.default_name() or name
    return Shown({"name": known, "default": True}, f"Profile '{known}' is the default now")


@command("profile show", answers="profile", examples=["pennsieve profile show lab"])
def show(
    context: Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[PROFILE]", help="The profile's name. Default: the one in use."),
    ] = None,
) -> Shown:
    """One profile; never its secret."""
    context.profile_name = name or context.profile_name
    known = context.profile
    values = {
        "name": known.name,
        "host": known.hosts.api,
        "host2": known.hosts.api2,
        "key": known.key_id or None,
        "key_source": known.key_source or None,
        "aws_profile": known.aws.profile or None,
    }
    return Shown(values, Details([(field, value or "") for field, value in values.items()]))


@command(
    "profile remove",
    answers=("removed", "planned_change"),
    examples=["pennsieve profile remove lab"],
)
def remove(context: Context, name: Name, dry_run: options.DryRun = False) -> Shown:
    """Forget a profile and its key on this machine."""
    from pennsieve_agent.settings.keychain import KeychainAway

    if dry_run:
        return plan_to_forget(context, name)

    try:
        return forgotten(context, name)
    except KeychainAway:
        context.settings.remove(name, leave_secret=True)
        return Shown(
            {"name": name, "removed": True},
            f"Took profile '{name}' off {context.config_path}",
            ["the system's keychain cannot be reached from here; if it has a secret, that stays"],
        )


def plan_to_forget(context: Context, name: str) -> Shown:
    """What forgetting a profile would do; the keychain is not asked what it holds."""
    known = context.settings.known(name)
    return planned(f"forget profile '{known}' and its secret on this machine")


def forgotten(context: Context, name: str) -> Shown:
    """Forget a profile, and say what was forgotten: no more than that."""
    forget(context, name)
    secret_was_in = context.settings.remove(name)
    secret = f" and its secret in {secret_was_in}" if secret_was_in else ", which had no secret"
    notes = ["the key stays valid until it is deleted on Pennsieve"]
    if context.environ.get("PENNSIEVE_API_KEY"):
        notes.append("you are still signed in by PENNSIEVE_API_KEY; unset it")
    return Shown({"name": name, "removed": True}, f"Forgot profile '{name}'{secret}", notes)
