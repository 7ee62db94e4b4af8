"""Commands in the form that they had, found by their words. Goes when the last is rewritten."""

from __future__ import annotations

from pennsieve_agent.cli import secret
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.compute import code, layer

app = group("Your AWS account as a place where analysis runs.")
app.add_typer(code.app)
app.add_typer(secret.app, name="secret")
app.add_typer(layer.app, name="layer")
