"""``pennsieve compute``."""

from __future__ import annotations

from pennsieve_agent.cli.tree.entries import Command, Entry, Group, Old, Section

ADMIN = Section.ADMINISTRATION

COMMANDS: tuple[Entry, ...] = (
    Command(
        "compute list",
        "compute.listing",
        "The compute nodes you may use in this workspace: your own, and those that Pennsieve runs.",
    ),
    Command(
        "compute show",
        "compute.show",
        "One compute node: how it is, what it is made of, who may use it.",
    ),
    Command("compute register", "compute.register", "Make your AWS account a compute node.", ADMIN),
    Command(
        "compute join",
        "compute.join",
        "Use a compute node that its owner shared with your AWS identity.",
    ),
    Command(
        "compute update",
        "compute.update",
        "Change a compute node, and bring it to the newest version.",
        ADMIN,
    ),
    Command(
        "compute delete",
        "compute.delete",
        "Delete a compute node, on Pennsieve and in AWS, and check that nothing is left.",
        ADMIN,
    ),
    Command("compute pause", "compute.pause", "Let no new run start on a compute node.", ADMIN),
    Command("compute resume", "compute.pause", "Let runs start on a compute node again.", ADMIN),
    Command(
        "compute doctor",
        "compute.doctor",
        "Check a compute node from both sides; changes nothing.",
        ADMIN,
    ),
    Command("compute share", "compute.share", "Let somebody use a compute node.", ADMIN),
    Command(
        "compute unshare",
        "compute.share",
        "Stop sharing a compute node with somebody; other shares stay.",
        ADMIN,
    ),
    Group(
        "compute policy",
        "What a node can and cannot do in your AWS account, and what registering one needs.",
        ("pennsieve compute policy show", "pennsieve compute policy installer --json"),
        ADMIN,
        bare="show",
    ),
    Command(
        "compute policy show",
        "compute.policy",
        "What an own node can and cannot do in your AWS account, in words.",
    ),
    Command(
        "compute policy installer",
        "compute.policy",
        "The least rights of whoever registers nodes, as policies for an administrator.",
    ),
    Command(
        "compute policy template",
        "compute.policy",
        "The node's stack as a CloudFormation template, for review or for an administrator.",
    ),
    Command(
        "compute policy role",
        "compute.policy",
        "What the role in your AWS account lets Pennsieve do, in words.",
    ),
    Command(
        "compute allow",
        "compute.old",
        "Let a compute node run this code, and none that is not on its list.",
    ),
    Command("compute disallow", "compute.old", "Take code from a compute node's list."),
    Command(
        "compute allowed",
        "compute.old",
        "The code a compute node runs; without a list, that of every workflow.",
    ),
    Group(
        "compute secret",
        "Secrets of a compute node: environment variables of the runs of one person, or of all.",
        ("pennsieve compute secret list my-compute",),
    ),
    Command(
        "compute secret list",
        "compute.old",
        "The names of your secrets, and of those everybody's runs get.",
    ),
    Command("compute secret set", "compute.old", "Set a secret."),
    Command("compute secret remove", "compute.old", "Remove a secret."),
    Group(
        "compute layer",
        "Layers of a compute node: directories it keeps, read-only, for the runs that ask.",
        ("pennsieve compute layer list my-compute",),
        ADMIN,
    ),
    Command("compute layer list", "compute.old", "The layers of a compute node."),
    Command("compute layer create", "compute.old", "Make an empty layer, which a run fills."),
    Command("compute layer remove", "compute.old", "Delete a layer with all that is in it."),
)
OLD: tuple[Old, ...] = (
    Old("compute remove", "compute delete"),
    Old("compute rename", "compute update", later="--name"),
    Old("compute upgrade", "compute update", {"--to": "compute update --version"}),
    Old("compute configure", "compute update", {"--max-gpus": "compute update --max-gpu"}),
    Old("compute access", "compute show"),
    Old("compute gpus", "compute list --gpu-types"),
    Old("compute accounts", "aws list --registered"),
    Old("compute template", "compute policy template"),
    Old("compute role show", "compute policy role"),
    Old("compute role update", "compute update --role"),
)
"""Words that were typed before and still work, with a note."""
