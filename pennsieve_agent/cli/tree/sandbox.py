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
    Command("sandbox stop", "sandbox.stop", "Stop the sandbox; its state is kept."),
    Command("sandbox status", "sandbox.status", "Whether the sandbox runs, and where."),
    Command("sandbox use", "sandbox.use", "Make the sandbox a profile, and the default one."),
    Command(
        "sandbox env",
        "sandbox.env",
        'Lines that point a shell at the sandbox: eval "$(pennsieve sandbox env)".',
    ),
    Command(
        "sandbox reset",
        "sandbox.reset",
        "Delete the sandbox's users, nodes, workflows and runs; dataset files stay.",
        ADMIN,
    ),
    Command(
        "sandbox check",
        "sandbox.check",
        "Ask Pennsieve everything in its contract, and list wrong answers.",
        ADMIN,
    ),
    Group(
        "sandbox user",
        "The people of a sandbox, and users of its AWS accounts.",
        ("pennsieve sandbox user list", "pennsieve sandbox user key grace@example.org"),
        ADMIN,
    ),
    Command("sandbox user list", "sandbox.user", "Everybody in every workspace of the sandbox."),
    Command("sandbox user add", "sandbox.user", "Add a person, or a user of the emulated AWS."),
    Command(
        "sandbox user key",
        "sandbox.user",
        "Make a person's API key, as a profile for --profile.",
    ),
    Command(
        "sandbox user connect",
        "sandbox.user",
        "Connect a person with GitHub, as the web application does on Pennsieve.",
    ),
    Group(
        "sandbox workspace",
        "The workspaces of a sandbox.",
        ("pennsieve sandbox workspace add Lab",),
        ADMIN,
    ),
    Command("sandbox workspace list", "sandbox.workspace", "The workspaces of the sandbox."),
    Command("sandbox workspace add", "sandbox.workspace", "Add a workspace to the sandbox."),
)
OLD: tuple[Old, ...] = (
    Old("sandbox key", "sandbox user key", {"--profile": "sandbox user key --as"}),
    Old("sandbox aws-user", "sandbox user add --aws"),
)
"""Words that were typed before and still work, with a note."""
