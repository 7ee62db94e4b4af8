"""Signing in, profiles and AWS credentials on this machine; and the first level."""

from __future__ import annotations

from pennsieve_agent.cli.tree.entries import Command, Entry, Group, Old, Section

ADMIN = Section.ADMINISTRATION

_ROOT = (
    Command("login", "login", "Sign in to Pennsieve with an API key."),
    Command("logout", "logout", "Forget the key of a profile on this machine."),
    Command("whoami", "whoami", "Who is signed in, to which workspace, with which key."),
    Group(
        "dataset",
        "Datasets, and which workflow may use them.",
        ("pennsieve dataset list", "pennsieve dataset download 'Mouse EEG' --to ./eeg"),
    ),
    Group(
        "workflow",
        "Analysis code from git, registered to run.",
        ("pennsieve workflow add https://github.com/lab/spike-rate", "pennsieve workflow list"),
    ),
    Group(
        "run",
        "Start analysis and follow it.",
        ("pennsieve run start -d 'Mouse EEG' -w spike-rate", "pennsieve run logs --follow"),
    ),
    Group(
        "workspace",
        "The people and teams of your workspace.",
        ("pennsieve workspace members", "pennsieve workspace teams"),
    ),
    Group(
        "compute",
        "Your AWS account as a place where analysis runs.",
        ("pennsieve compute register --dry-run", "pennsieve compute show my-compute"),
        ADMIN,
    ),
    Group(
        "profile",
        "Workspaces this machine knows: a key is bound to one workspace.",
        ("pennsieve profile list", "pennsieve profile use lab"),
        ADMIN,
    ),
    Group(
        "aws",
        "AWS credentials, for people without an AWS profile.",
        ("pennsieve aws list", "pennsieve aws add lab"),
        ADMIN,
    ),
    Group(
        "sandbox",
        "A Pennsieve and an AWS account on this machine, to try things out.",
        ("pennsieve sandbox start --detach", "pennsieve sandbox use"),
        ADMIN,
    ),
    Command("completion", "completion", "Print a script that completes commands.", ADMIN),
)

_PROFILE = (
    Command("profile list", "profile", "The profiles on this machine."),
    Command("profile show", "profile", "One profile; never its secret."),
    Command("profile use", "profile", "Make a profile the default."),
    Command("profile remove", "profile", "Forget a profile and its key on this machine."),
)

_AWS = (
    Command("aws list", "aws", "The AWS credentials on this machine, the safest kind first."),
    Command("aws add", "aws", "Keep AWS keys in the system's keychain."),
    Command("aws test", "aws", "Ask AWS whose credentials these are."),
    Command("aws remove", "aws", "Forget AWS keys that the keychain holds."),
)

COMMANDS: tuple[Entry, ...] = (*_ROOT, *_PROFILE, *_AWS)
OLD: tuple[Old, ...] = ()
"""Words that were typed before and still work, with a note."""
