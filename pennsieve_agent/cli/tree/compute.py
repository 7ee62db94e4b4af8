"""``pennsieve compute``."""

from __future__ import annotations

from pennsieve_agent.cli.tree.entries import Command, Entry, Group, Old, Section

ADMIN = Section.ADMINISTRATION

COMMANDS: tuple[Entry, ...] = (
    Command(
        "compute list",
        "compute.old",
        "The compute nodes you may use in this workspace: your own, and those that Pennsieve runs.",
    ),
    Command(
        "compute show",
        "compute.old",
        "One compute node: how it is, what it is made of, who may use it.",
    ),
    Command("compute register", "compute.old", "Make your AWS account a compute node.", ADMIN),
    Command(
        "compute update",
        "compute.old",
        "Change a compute node of your own, and bring its code to this program's version.",
        ADMIN,
    ),
    Command(
        "compute remove",
        "compute.old",
        "Take a compute node away again, on Pennsieve and in AWS, and check that nothing is left.",
        ADMIN,
    ),
    Command("compute pause", "compute.old", "Let no new run start on a compute node.", ADMIN),
    Command("compute resume", "compute.old", "Let runs start on a compute node again.", ADMIN),
    Command(
        "compute rename", "compute.old", "Give a compute node another name, and a description."
    ),
    Command(
        "compute gpus", "compute.old", "The GPU machines a compute node may have, cheapest first."
    ),
    Command(
        "compute accounts",
        "compute.old",
        "The AWS accounts you registered, and whether this workspace may use them.",
    ),
    Command(
        "compute upgrade",
        "compute.old",
        "Begin to move a compute node to a newer version of what Pennsieve installs.",
    ),
    Command(
        "compute configure",
        "compute.old",
        "Begin to change a compute node's machines; what is not named stays.",
    ),
    Command("compute share", "compute.old", "Let somebody use a compute node.", ADMIN),
    Command(
        "compute unshare",
        "compute.old",
        "Take a compute node from somebody; other shares stay.",
        ADMIN,
    ),
    Command("compute access", "compute.old", "Who may use a compute node."),
    Command(
        "compute join",
        "compute.old",
        "Use a compute node that its owner shared with your AWS identity.",
    ),
    Command(
        "compute policy",
        "compute.old",
        "What an own node can and cannot do in your AWS account, in words.",
        ADMIN,
    ),
    Command(
        "compute template",
        "compute.old",
        "The node's stack as a CloudFormation template, for review or for an administrator.",
    ),
    Command(
        "compute doctor",
        "compute.old",
        "Check a compute node from both sides; changes nothing.",
        ADMIN,
    ),
    Group(
        "compute role",
        "The role by which Pennsieve runs nodes itself.",
        ("pennsieve compute role show",),
        ADMIN,
    ),
    Command(
        "compute role show",
        "compute.old",
        "What the role in your AWS account lets Pennsieve do, in words.",
    ),
    Command(
        "compute role update",
        "compute.old",
        "Bring the role to what Pennsieve asks for today; shows the difference first, and asks.",
    ),
    Group(
        "compute code",
        "Which code a compute node that Pennsieve runs may run.",
        ("pennsieve compute code list shared-node",),
        ADMIN,
    ),
    Command(
        "compute code list",
        "compute.code",
        "The code that a node may run; without a list, that of every workflow.",
    ),
    Command(
        "compute code allow",
        "compute.code",
        "Let a node run this code, and only what is on its list.",
    ),
    Command("compute code disallow", "compute.code", "Take code off a node's list."),
    Group(
        "compute layer",
        "Layers of a compute node: directories it keeps, read-only, for the runs that ask.",
        ("pennsieve compute layer list shared-node",),
        ADMIN,
    ),
    Command("compute layer list", "compute.layer", "The layers of a compute node."),
    Command("compute layer create", "compute.layer", "Create an empty layer, which a run fills."),
    Command("compute layer delete", "compute.layer", "Delete a layer with everything in it."),
)
OLD: tuple[Old, ...] = (
    Old("compute allow", "compute code allow"),
    Old("compute disallow", "compute code disallow"),
    Old("compute allowed", "compute code list"),
    Old("compute layer remove", "compute layer delete"),
)
"""Words that were typed before and still work, with a note."""
