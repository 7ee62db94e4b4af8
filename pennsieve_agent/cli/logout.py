"""``pennsieve logout``: forget a key."""

from __future__ import annotations

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import UsageProblem


@command(
    "logout",
    answers=("removed", "planned_change"),
    examples=["pennsieve logout", "pennsieve logout --profile lab"],
)
def logout(context: Context, dry_run: options.DryRun = False) -> Shown:
    """Forget the key of a profile on this machine.

    On the web, the key stays valid until it is deleted there.
    """
    from pennsieve_agent.cli.profile import forgotten, plan_to_forget
    from pennsieve_agent.settings.keychain import KeychainAway

    profile = context.profile
    if profile.name not in context.settings.names():
        raise UsageProblem(
            f"the key comes from {profile.key_source}" if profile.key else "not signed in",
            hint="unset PENNSIEVE_API_KEY and PENNSIEVE_API_SECRET" if profile.key else None,
        )
    if dry_run:
        return plan_to_forget(context, profile.name)
    try:
        return forgotten(context, profile.name)
    except KeychainAway as away:
        away.hint = (
            f"{away.hint}; to remove only the profile from this machine's list: pennsieve profile "
            "remove "
            f"{profile.name}"
        )
        raise
