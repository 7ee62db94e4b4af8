"""``pennsieve dataset`` and ``pennsieve workspace``."""

from __future__ import annotations

from pennsieve_agent.cli.tree.entries import Command, Entry, Group, Old, Section

ADMIN = Section.ADMINISTRATION

_DATASET = (
    Command("dataset list", "dataset.listing", "The datasets that you can see."),
    Command("dataset show", "dataset.show", "A dataset, and who is on it with which role."),
    Command("dataset files", "dataset.files", "The files of a dataset."),
    Command("dataset download", "dataset.download", "Download files of a dataset to a folder."),
    Command("dataset upload", "dataset.upload", "Upload files and folders to a dataset."),
    Group(
        "dataset fs",
        "Folders and files inside a dataset: make, move, delete.",
        ("pennsieve dataset fs mkdir 'Mouse EEG' raw/day-1 --parents",),
    ),
    Command("dataset fs mkdir", "dataset.fs", "Make a folder in a dataset."),
    Command("dataset fs mv", "dataset.fs", "Move or rename files and folders of a dataset."),
    Command(
        "dataset fs rm", "dataset.fs", "Delete files of a dataset, and folders with their contents."
    ),
    Command("dataset grant", "dataset.grant", "Let a workflow use a dataset."),
    Command(
        "dataset revoke",
        "dataset.grant",
        "Take a dataset away from a workflow; active runs that need it are ended.",
    ),
    Command(
        "dataset grants",
        "dataset.grants",
        "Which workflows may use which datasets, granted by whom and when.",
    ),
    Command("dataset create", "dataset.create", "Create a dataset that you own.", ADMIN),
    Command(
        "dataset update",
        "dataset.update",
        "Change a dataset's name, description or owner.",
        ADMIN,
    ),
    Command(
        "dataset delete", "dataset.delete", "Delete a dataset with all its files for good.", ADMIN
    ),
    Command(
        "dataset share",
        "dataset.share",
        "Give a person, a team or the whole workspace a role on a dataset.",
        ADMIN,
    ),
    Command(
        "dataset unshare",
        "dataset.share",
        "Stop sharing a dataset with a person, a team or the workspace.",
        ADMIN,
    ),
)

_WORKSPACE = (
    Command("workspace list", "workspace", "The workspaces you belong to."),
    Command("workspace members", "workspace", "The people of the workspace."),
    Command("workspace teams", "workspace", "The teams of the workspace, or the people of one."),
)

COMMANDS: tuple[Entry, ...] = (*_DATASET, *_WORKSPACE)
OLD: tuple[Old, ...] = (
    Old("dataset people", "dataset show"),
    Old("dataset rename", "dataset update", later="--name"),
    Old("dataset give", "dataset update", later="--owner"),
    Old("dataset remove", "dataset delete"),
    Old("dataset mkdir", "dataset fs mkdir"),
    Old("dataset mv", "dataset fs mv"),
    Old("dataset rm", "dataset fs rm"),
    Old("dataset invite", "dataset share --invite"),
    Old("workspace team", "workspace teams"),
)
"""Words that were typed before and still work, with a note."""
