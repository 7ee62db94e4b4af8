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
)
OLD: tuple[Old, ...] = ()
"""Words that were typed before and still work, with a note."""
