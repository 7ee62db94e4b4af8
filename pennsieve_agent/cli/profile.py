"""``pennsieve profile``: workspaces this machine knows."""

from __future__ import annotations

from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.context import Context
from pennsieve_agent.errors import SettingsError

app = group("Workspaces this machine knows: a key is bound to one workspace.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="The profile.")]


@app.command("list")
def list_(ctx: typer.Context, json: options.Json = False) -> None:
    """The profiles on this machine."""
    from pennsieve_agent.console.tables import table

    context = options.use(ctx, as_json=json)
    default = context.settings.default_name()
    rows = [(name, _host(context, name)) for name in context.settings.names()]
    if json:
        context.streams.document(
            [{"name": name, "default": name == default, "host": host} for name, host in rows]
        )
        return
    if not rows:
        context.streams.note("no profile yet; sign in with: pennsieve login")
        return
    shown = [[name, "yes" if name == default else "", host or "-"] for name, host in rows]
    context.streams.result(table(["NAME", "DEFAULT", "HOST"], shown, context.streams))


def _host(context: Context, name: str) -> str | None:
    """A profile's host; one unusable profile must not hide the others."""
    try:
        return context.settings.profile(name).hosts.api
    except SettingsError as error:
        context.streams.note(f"warning: profile '{name}': {error.message}")
        return None


@app.command()
def use(ctx: typer.Context, name: Name) -> None:
    """Make a profile the default."""
    context = options.use(ctx)
    context.settings.set_default(name)
    context.streams.result(f"Profile '{name}' is the default now")


@app.command()
def show(ctx: typer.Context, name: Name, json: options.Json = False) -> None:
    """One profile; never its secret."""
    from pennsieve_agent.console.tables import details

    context = options.use(ctx, name, as_json=json)
    known = context.profile
    values = {
        "name": known.name,
        "host": known.hosts.api,
        "host2": known.hosts.api2,
        "key": known.key.key if known.key else "",
        "key_source": known.key_source,
        "aws_profile": known.aws.profile or "",
    }
    if json:
        context.streams.document(values)
    else:
        context.streams.result(details(list(values.items()), context.streams))


@app.command()
def remove(ctx: typer.Context, name: Name) -> None:
    """Forget a profile and its key on this machine."""
    context = options.use(ctx)
    context.settings.remove(name)
    context.streams.result(f"Forgot profile '{name}'")
