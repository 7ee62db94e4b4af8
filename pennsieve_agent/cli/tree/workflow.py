"""``pennsieve workflow``."""

from __future__ import annotations

from pennsieve_agent.cli.tree.entries import Command, Entry, Group, Old, Section

ADMIN = Section.ADMINISTRATION

COMMANDS: tuple[Entry, ...] = (
    Command(
        "workflow init",
        "workflow.init",
        "Make a workflow from a script, or a new one: write what it needs to run on a node.",
    ),
    Command(
        "workflow test", "workflow.test", "Build code and run it on this machine as a node does."
    ),
    Command("workflow add", "workflow.add", "Register code from git as a workflow."),
    Command(
        "workflow check",
        "workflow.check",
        "Check code before it is built: Dockerfile, manifest, files and variables.",
    ),
    Command(
        "workflow list",
        "workflow.listing",
        "The workflows of the workspace, and those that only your own nodes have.",
    ),
    Command(
        "workflow show",
        "workflow.show",
        "A workflow: its steps, parameters, identity, grants and last runs.",
    ),
    Command(
        "workflow update",
        "workflow.update",
        "Take newer code for a workflow, or change its name, defaults or identity.",
    ),
    Command(
        "workflow versions",
        "workflow.versions",
        "The versions of a workflow on your own nodes, and what differs between two.",
    ),
    Command(
        "workflow archive",
        "workflow.archive",
        "Archive a workflow and delete its keys; its runs stay.",
    ),
    Command(
        "workflow restore",
        "workflow.archive",
        "Restore an archived workflow with its grants, so that it can be started again.",
    ),
    Command(
        "workflow share", "workflow.share", "Let every workspace list and run a workflow.", ADMIN
    ),
    Command(
        "workflow unshare", "workflow.share", "Hide a workflow from other workspaces again.", ADMIN
    ),
    Group(
        "workflow build",
        "How the code of a workflow was built.",
        ("pennsieve workflow build list spike-rate", "pennsieve workflow build logs spike-rate"),
        ADMIN,
    ),
    Command(
        "workflow build list",
        "workflow.builds",
        "Builds of a workflow, newest first, with the reason of a failure.",
    ),
    Command(
        "workflow build logs",
        "workflow.builds",
        "The log of a build on an own node, from AWS; of a build that goes on, its lines so far.",
    ),
    Command(
        "workflow build again",
        "workflow.builds",
        "Build the same code again on an own node, after a temporary failure.",
    ),
    Group(
        "workflow app",
        "Registered code that workflows are made of, and who may see it.",
        ("pennsieve workflow app list", "pennsieve workflow app show spike-rate"),
        ADMIN,
    ),
    Command("workflow app list", "workflow.apps", "The registered code that you may see."),
    Command(
        "workflow app show",
        "workflow.apps",
        "One registered repository: its versions, and who may see it.",
    ),
    Command(
        "workflow app repos",
        "workflow.app_repos",
        "The GitHub repositories that Pennsieve sees, their releases and App Store state.",
    ),
    Command(
        "workflow app share", "workflow.app_share", "Let somebody see code and use it in workflows."
    ),
    Command(
        "workflow app unshare",
        "workflow.app_share",
        "Stop sharing code with somebody; other shares stay.",
    ),
    Command(
        "workflow app archive", "workflow.apps", "Archive registered code, so that it is not used."
    ),
    Command("workflow app restore", "workflow.apps", "Restore archived code."),
)
OLD: tuple[Old, ...] = (
    Old("workflow targets", "workflow add --targets"),
    Old("workflow rename", "workflow update", later="--name"),
    Old("workflow defaults", "workflow update", later="--default"),
    Old("workflow remove", "workflow archive --delete"),
    Old("workflow publish", "workflow share"),
    Old("workflow unpublish", "workflow unshare"),
    Old("workflow builds", "workflow build list"),
)
"""Words that were typed before and still work, with a note."""
