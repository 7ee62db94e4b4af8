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
        "A compute node: its state, its settings and resources, and who may use it.",
    ),
    Command("compute register", "compute.register", "Make your AWS account a compute node.", ADMIN),
    Command(
        "compute join",
        "compute.join",
        "Use a compute node that its owner has shared with your AWS identity.",
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
    Command(
        "compute pause",
        "compute.pause",
        "Let no new run start on a compute node that Pennsieve runs.",
        ADMIN,
    ),
    Command(
        "compute resume",
        "compute.pause",
        "Let runs start again on a compute node that Pennsieve runs.",
        ADMIN,
    ),
    Command(
        "compute doctor",
        "compute.doctor",
        "Check a compute node, on Pennsieve and in AWS; changes nothing.",
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
        "compute.policy_installer",
        "The least rights of whoever registers nodes, as policies for an administrator.",
    ),
    Command(
        "compute policy boundary",
        "compute.policy_installer",
        "The most that any role of any node can do: for an administrator to create, once per "
        "account.",
    ),
    Command(
        "compute policy review",
        "compute.policy_review",
        "Write a folder for whoever has to approve a node: templates, policies, data flows, costs.",
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
    Group(
        "compute code",
        "Which code a compute node that Pennsieve runs may run.",
        ("pennsieve compute code list shared-node",),
        ADMIN,
    ),
    Command(
        "compute code list",
        "compute.code",
        "The code that a node of Pennsieve may run; without a list, that of every workflow.",
    ),
    Command(
        "compute code allow",
        "compute.code",
        "Let a node that Pennsieve runs run this code, and only what is on its list.",
    ),
    Command(
        "compute code disallow",
        "compute.code",
        "Take code off the list of a node that Pennsieve runs.",
    ),
    Group(
        "compute layer",
        "Folders that a compute node of Pennsieve keeps, read-only, for the runs that ask.",
        ("pennsieve compute layer list shared-node",),
        ADMIN,
    ),
    Command(
        "compute layer list", "compute.layer", "The layers of a compute node that Pennsieve runs."
    ),
    Command(
        "compute layer create",
        "compute.layer",
        "Create an empty layer on a node that Pennsieve runs; a run fills it.",
    ),
    Command(
        "compute layer delete",
        "compute.layer",
        "Delete a layer of a node of Pennsieve, with everything in it.",
    ),
)
OLD: tuple[Old, ...] = (
    Old("compute allow", "compute code allow"),
    Old("compute disallow", "compute code disallow"),
    Old("compute allowed", "compute code list"),
    Old("compute layer remove", "compute layer delete"),
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
