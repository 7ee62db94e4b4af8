"""``pennsieve whoami``: who is signed in."""

from __future__ import annotations

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group

app = group("Who is signed in, to which workspace, with which key.")


@app.command()
def whoami(ctx: typer.Context, profile: options.Profile = None, json: options.Json = False) -> None:
    """Who is signed in, to which workspace, with which key."""
    from pennsieve_agent.console import documents
    from pennsieve_agent.console.tables import details

    context = options.use(ctx, profile, as_json=json)
    who, known = context.identity, context.profile
    if json:
        context.streams.document(documents.identity(who, known, context.now()))
        return
    minutes = int(who.expires_at - context.now()) // 60
    pairs = [
        ("user", f"{who.user.name} <{who.user.email}>"),
        ("workspace", who.workspace.name),
        ("role", who.workspace.role),
        ("profile", known.name),
        ("host", known.hosts.api),
        ("key from", known.key_source),
        ("session", f"{minutes} min left, renewed by itself"),
    ]
    context.streams.result(details(pairs, context.streams))
