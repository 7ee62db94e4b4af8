"""``pennsieve dataset`` and ``pennsieve workspace``."""

from __future__ import annotations

from pennsieve_agent.cli.tree.entries import Command, Entry, Old

_DATASET = (
    Command("dataset list", "dataset.listing", "The datasets you can see."),
    Command("dataset files", "dataset.listing", "The files of a dataset."),
    Command("dataset download", "dataset.listing", "Files of a dataset to a folder."),
    Command("dataset upload", "dataset.listing", "Files and folders into a dataset."),
    Command("dataset create", "dataset.listing", "Make a dataset, which is yours."),
    Command("dataset rename", "dataset.listing", "Give a dataset another name, and a description."),
    Command("dataset remove", "dataset.listing", "Delete a dataset with all its files, for ever."),
    Command("dataset mkdir", "dataset.listing", "Make a folder in a dataset."),
    Command("dataset mv", "dataset.listing", "Move or rename files and folders of a dataset."),
    Command(
        "dataset rm",
        "dataset.listing",
        "Delete files and folders of a dataset, folders with all that is in them.",
    ),
    Command(
        "dataset share",
        "dataset.listing",
        "Put a person, a team or the workspace on a dataset, or change their role.",
    ),
    Command(
        "dataset unshare",
        "dataset.listing",
        "Take a person, a team or the workspace from a dataset.",
    ),
    Command(
        "dataset invite",
        "dataset.listing",
        "Invite somebody from outside the workspace to a dataset, by mail.",
    ),
    Command("dataset give", "dataset.listing", "Make another member the owner of your dataset."),
    Command("dataset people", "dataset.listing", "Who is on a dataset, with which role."),
    Command("dataset grant", "dataset.listing", "Let a workflow use a dataset."),
    Command(
        "dataset revoke",
        "dataset.listing",
        "Take a dataset from a workflow; a run that still needs it ends.",
    ),
    Command(
        "dataset grants",
        "dataset.listing",
        "Which workflows may use which datasets: who granted it, and when.",
    ),
)

_WORKSPACE = (
    Command("workspace list", "workspace", "The workspaces you belong to."),
    Command("workspace members", "workspace", "The people of the workspace."),
    Command("workspace teams", "workspace", "The teams of the workspace."),
    Command("workspace team", "workspace", "The people of a team."),
)

COMMANDS: tuple[Entry, ...] = (*_DATASET, *_WORKSPACE)
OLD: tuple[Old, ...] = ()
"""Words that were typed before and still work, with a note."""
