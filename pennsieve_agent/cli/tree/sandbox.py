"""``pennsieve sandbox``."""

from __future__ import annotations

from pennsieve_agent.cli.tree.entries import Command, Entry, Group, Old, Section

ADMIN = Section.ADMINISTRATION

COMMANDS: tuple[Entry, ...] = (
    Command(
        "sandbox start",
        "sandbox.start",
        "Start the sandbox with the state it had when it was stopped.",
    ),
    Command("sandbox stop", "sandbox.start", "Stop the sandbox; its state is kept."),
    Command("sandbox status", "sandbox.start", "Whether the sandbox runs, and where."),
    Command(
        "sandbox env",
        "sandbox.start",
        'Lines that point a shell at the sandbox: eval "$(pennsieve sandbox env)".',
    ),
    Command("sandbox use", "sandbox.start", "Make the sandbox a profile, and the default one."),
    Command(
        "sandbox reset",
        "sandbox.start",
        "Start afresh: users, nodes, workflows and runs go; dataset files stay.",
        ADMIN,
    ),
    Command(
        "sandbox key",
        "sandbox.start",
        "Make a person's API key, as a profile in the sandbox's own settings file.",
        ADMIN,
    ),
    Command(
        "sandbox aws-user",
        "sandbox.start",
        "Add a user of the emulated AWS, in this account or another, as an AWS profile.",
        ADMIN,
    ),
    Command(
        "sandbox check",
        "sandbox.start",
        "Ask every question of the platform's contract, and say which answers are wrong.",
        ADMIN,
    ),
    Group("sandbox user", "The people of a sandbox.", ("pennsieve sandbox user list",), ADMIN),
    Command("sandbox user list", "sandbox.start", "Everybody in every workspace."),
    Command("sandbox user add", "sandbox.start", "Add a person."),
    Group(
        "sandbox workspace",
        "The workspaces of a sandbox.",
        ("pennsieve sandbox workspace add Lab",),
        ADMIN,
    ),
    Command(
        "sandbox workspace add",
        "sandbox.start",
        "Make a workspace; the first person added to it is its owner.",
    ),
)
OLD: tuple[Old, ...] = ()
"""Words that were typed before and still work, with a note."""
