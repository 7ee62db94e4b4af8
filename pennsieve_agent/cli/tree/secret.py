"""``pennsieve secret``."""

from __future__ import annotations

from pennsieve_agent.cli.tree.entries import Command, Entry, Group, Old

COMMANDS: tuple[Entry, ...] = (
    Group(
        "secret",
        "Secrets of a compute node: environment variables of your runs, or of everybody's.",
        ("pennsieve secret list my-compute", "pennsieve secret set my-compute OPENAI_API_KEY"),
    ),
    Command(
        "secret list",
        "secret",
        "The names of your secrets, and of those that everybody's runs get.",
    ),
    Command("secret set", "secret", "Set a secret."),
    Command("secret delete", "secret", "Delete a secret."),
)
OLD: tuple[Old, ...] = (Old("compute secret", "secret"),)
"""Words that were typed before and still work, with a note."""
