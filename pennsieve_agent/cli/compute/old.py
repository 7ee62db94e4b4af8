"""Commands in the form that they had, found by their words. Goes when the last is rewritten."""

from __future__ import annotations

from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.compute import (
    join,
    listing,
    pause,
    policy,
    register,
    remove,
    role,
    share,
    update,
)

app = group("Your AWS account as a place where analysis runs.")
for _more in (listing, register, remove, pause, update, share, join, policy):
    app.add_typer(_more.app)
app.add_typer(role.app, name="role")
