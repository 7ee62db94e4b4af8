"""``pennsieve workflow``."""

from __future__ import annotations

from pennsieve_agent.cli.tree.entries import Command, Entry, Group, Old, Section

ADMIN = Section.ADMINISTRATION

COMMANDS: tuple[Entry, ...] = (
    Command("workflow add", "workflow.add", "Register code from git as a workflow."),
    Command(
        "workflow list",
        "workflow.add",
        "The workspace's workflows, and those that live on your own nodes alone.",
    ),
    Command("workflow show", "workflow.add", "A workflow's steps and parameters."),
    Command(
        "workflow remove",
        "workflow.add",
        "Remove a workflow that lives on your own nodes alone, for good.",
    ),
    Command(
        "workflow rename", "workflow.add", "Give a workflow another name; its grants and runs stay."
    ),
    Command(
        "workflow defaults",
        "workflow.add",
        "Set what a workflow's parameters are when a run does not say; others stay as they are.",
    ),
    Command("workflow publish", "workflow.add", "Let every workspace list and run a workflow."),
    Command("workflow unpublish", "workflow.add", "Stop showing a workflow to other workspaces."),
    Command(
        "workflow targets", "workflow.add", "What the last step of a workflow can do with results."
    ),
    Command(
        "workflow builds",
        "workflow.add",
        "Builds of a workflow's code, newest first, with the reason of a failure.",
    ),
    Command("workflow update", "workflow.add", "Change a workflow."),
    Command(
        "workflow archive",
        "workflow.add",
        "Archive a workflow on Pennsieve: its keys are deleted; restore takes it back.",
    ),
    Command(
        "workflow restore",
        "workflow.add",
        "Take an archived workflow back, with its grants, so that it can be started again.",
    ),
    Group(
        "workflow app",
        "Registered code (applications), of which workflows are made; and who may see it.",
        ("pennsieve workflow app list",),
        ADMIN,
    ),
    Command("workflow app list", "workflow.add", "The registered code you may see."),
    Command(
        "workflow app show",
        "workflow.add",
        "One registered repository: its versions, and who may see it.",
    ),
    Command("workflow app share", "workflow.add", "Let somebody see code and use it in workflows."),
    Command(
        "workflow app unshare",
        "workflow.add",
        "Stop sharing code with somebody; other shares stay.",
    ),
    Command(
        "workflow app archive", "workflow.add", "Put registered code away, where the platform can."
    ),
    Command("workflow app restore", "workflow.add", "Take archived code back."),
)
OLD: tuple[Old, ...] = ()
"""Words that were typed before and still work, with a note."""
