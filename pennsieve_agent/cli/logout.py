"""``pennsieve logout``: forget a key."""

from __future__ import annotations

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.errors import UsageProblem

app = group("Forget the key of a profile.")


@app.command()
def logout(ctx: typer.Context, profile: options.Profile = None, json: options.Json = False) -> None:
    """Forget the key of a profile on this machine; on the web, the key stays valid."""
    context = options.use(ctx, profile, as_json=json)
    known = context.profile
    if known.name not in context.settings.names():
        raise UsageProblem(
            f"the key comes from {known.key_source}" if known.key else "not signed in",
            hint="unset PENNSIEVE_API_KEY and PENNSIEVE_API_SECRET" if known.key else None,
        )
    context.settings.remove(known.name)
    if json:
        context.streams.document({"profile": known.name, "removed": True})
    else:
        context.streams.result(f"Forgot profile '{known.name}'")
