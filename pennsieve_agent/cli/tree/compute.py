"""``pennsieve compute``."""

from __future__ import annotations

from pennsieve_agent.cli.tree.entries import Command, Entry, Group, Old, Section

ADMIN = Section.ADMINISTRATION

COMMANDS: tuple[Entry, ...] = (
    Command(
        "compute list",
        "compute",
        "The compute nodes you may use in this workspace: your own, and those that Pennsieve runs.",
    ),
    Command(
        "compute show",
        "compute",
        "One compute node: how it is, what it is made of, who may use it.",
    ),
    Command("compute register", "compute", "Make your AWS account a compute node.", ADMIN),
    Command(
        "compute update",
        "compute",
        "Change a compute node of your own, and bring its code to this program's version.",
        ADMIN,
    ),
    Command(
        "compute remove",
        "compute",
        "Take a compute node away again, on Pennsieve and in AWS, and check that nothing is left.",
        ADMIN,
    ),
    Command("compute pause", "compute", "Let no new run start on a compute node.", ADMIN),
    Command("compute resume", "compute", "Let runs start on a compute node again.", ADMIN),
    Command("compute rename", "compute", "Give a compute node another name, and a description."),
    Command("compute gpus", "compute", "The GPU machines a compute node may have, cheapest first."),
    Command(
        "compute accounts",
        "compute",
        "The AWS accounts you registered, and whether this workspace may use them.",
    ),
    Command(
        "compute upgrade",
        "compute",
        "Begin to move a compute node to a newer version of what Pennsieve installs.",
    ),
    Command(
        "compute configure",
        "compute",
        "Begin to change a compute node's machines; what is not named stays.",
    ),
    Command("compute share", "compute", "Let somebody use a compute node.", ADMIN),
    Command(
        "compute unshare",
        "compute",
        "Take a compute node from somebody; other shares stay.",
        ADMIN,
    ),
    Command("compute access", "compute", "Who may use a compute node."),
    Command(
        "compute join",
        "compute",
        "Use a compute node that its owner shared with your AWS identity.",
    ),
    Command(
        "compute allow",
        "compute",
        "Let a compute node run this code, and none that is not on its list.",
    ),
    Command("compute disallow", "compute", "Take code from a compute node's list."),
    Command(
        "compute allowed",
        "compute",
        "The code a compute node runs; without a list, that of every workflow.",
    ),
    Command(
        "compute policy",
        "compute",
        "What an own node can and cannot do in your AWS account, in words.",
        ADMIN,
    ),
    Command(
        "compute template",
        "compute",
        "The node's stack as a CloudFormation template, for review or for an administrator.",
    ),
    Command(
        "compute doctor", "compute", "Check a compute node from both sides; changes nothing.", ADMIN
    ),
    Group(
        "compute secret",
        "Secrets of a compute node: environment variables of the runs of one person, or of all.",
        ("pennsieve compute secret list my-compute",),
    ),
    Command(
        "compute secret list",
        "compute",
        "The names of your secrets, and of those everybody's runs get.",
    ),
    Command("compute secret set", "compute", "Set a secret."),
    Command("compute secret remove", "compute", "Remove a secret."),
    Group(
        "compute layer",
        "Layers of a compute node: directories it keeps, read-only, for the runs that ask.",
        ("pennsieve compute layer list my-compute",),
        ADMIN,
    ),
    Command("compute layer list", "compute", "The layers of a compute node."),
    Command("compute layer create", "compute", "Make an empty layer, which a run fills."),
    Command("compute layer remove", "compute", "Delete a layer with all that is in it."),
    Group(
        "compute role",
        "The role by which Pennsieve runs nodes itself.",
        ("pennsieve compute role show",),
        ADMIN,
    ),
    Command(
        "compute role show",
        "compute",
        "What the role in your AWS account lets Pennsieve do, in words.",
    ),
    Command(
        "compute role update",
        "compute",
        "Bring the role to what Pennsieve asks for today; shows the difference first, and asks.",
    ),
)
OLD: tuple[Old, ...] = ()
"""Words that were typed before and still work, with a note."""
