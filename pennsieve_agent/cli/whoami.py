"""``pennsieve whoami``: who is signed in."""

from __future__ import annotations

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console import documents
from pennsieve_agent.console.shown import Details, Shown


@command("whoami", answers="identity", examples=["pennsieve whoami"])
def whoami(context: Context) -> Shown:
    """Who is signed in, to which workspace, with which key."""
    who, profile, now = context.identity, context.profile, context.now()
    pairs = [
        ("user", f"{who.user.name} <{who.user.email}>"),
        ("workspace", who.workspace.name),
        ("role", who.workspace.role),
        ("profile", profile.name),
        ("host", profile.hosts.api),
        ("key from", profile.key_source),
        ("session", f"{int(who.expires_at - now) // 60} min left, renewed by itself"),
    ]
    return Shown(documents.identity(who, profile, now), Details(pairs))
