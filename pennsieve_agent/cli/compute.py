"""``pennsieve compute``: your AWS account as a place where analysis runs."""

from __future__ import annotations

from pennsieve_agent.cli import (
    compute_changes,
    compute_code,
    compute_layers,
    compute_register,
    compute_removal,
    compute_role,
    compute_secrets,
    compute_settings,
    compute_sharing,
    compute_trust,
    node_joining,
    node_listing,
)
from pennsieve_agent.cli.app import group

app = group("Your AWS account as a place where analysis runs.")
for _more in (
    node_listing,
    compute_register,
    compute_removal,
    compute_changes,
    compute_settings,
    compute_sharing,
    node_joining,
    compute_code,
    compute_trust,
):
    app.add_typer(_more.app)
app.add_typer(compute_secrets.app, name="secret")
app.add_typer(compute_layers.app, name="layer")
app.add_typer(compute_role.app, name="role")
