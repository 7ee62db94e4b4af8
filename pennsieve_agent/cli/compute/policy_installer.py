"""``pennsieve compute policy installer``, ``boundary``: the rights of whoever registers nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.compute import node_options
from pennsieve_agent.cli.compute.json_text import json_text
from pennsieve_agent.cli.compute.node_options import Flags
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Part, Prose, Shown
from pennsieve_agent.errors import AwsError, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.account.rights.right import Right
    from pennsieve_agent.account.rights.stack_rights import Place
    from pennsieve_agent.aws.values import AwsIdentity

_MANY = 8
"""More values of a condition than these are not read by anybody in a line."""
OfServed = Annotated[
    bool,
    typer.Option("--served", help="For nodes that Pennsieve runs, and the role that it asks for."),
]
PolicyNumber = Annotated[
    int | None, typer.Option("--part", metavar="N", min=1, help="One of the policies alone.")
]
WritesBoundary = Annotated[
    bool,
    typer.Option(
        "--writes-boundary",
        help="Let them write the boundary with each node: they can then become administrators.",
    ),
]


@command(
    "compute policy installer",
    answers=("installer_policies", "map of any"),
    examples=[
        "pennsieve compute policy installer",
        "pennsieve compute policy installer --json --part 1",
    ],
)
def installer(
    context: Context,
    served: OfServed = False,
    part: PolicyNumber = None,
    mode: node_options.Mode = None,
    permissions_boundary: node_options.Boundary = None,
    role_path: node_options.RolePath = None,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
    writes_boundary: WritesBoundary = False,
) -> Shown:
    """The least rights of whoever registers nodes, as policies for an administrator.

    They are for nodes of every mode, or of that of --mode; with --served, for nodes that Pennsieve
    runs. The boundary of "compute policy boundary", or that of --permissions-boundary, limits what
    they can do. --json prints them in the form that AWS takes. Needs no sign-in.
    """
    where = (region, aws_profile)
    if served:
        return installer_of_served(context, where)
    flags = Flags(mode, permissions_boundary, role_path)
    return installer_shown(context, flags, part, where, writes_boundary=writes_boundary)


@command(
    "compute policy boundary",
    answers="map of any",
    examples=["pennsieve compute policy boundary > boundary.json"],
)
def boundary(
    context: Context,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
) -> Shown:
    """The most that any role of any node can do: for an administrator to create, once per account.

    Whoever registers nodes cannot change it. "compute register" uses it if it exists. Needs no
    sign-in.
    """
    from pennsieve_agent.account.rights.installer import all_nodes
    from pennsieve_agent.account.spec.names import BOUNDARY_NAME
    from pennsieve_agent.account.stack.boundary import node_boundary

    names = all_nodes(known_identity(context, region, aws_profile))
    document = node_boundary(names)
    arn = names.account_boundary_arn.replace(":*:", ":ACCOUNT:")
    notes = [
        (
            f"create it with: aws iam create-policy --policy-name {BOUNDARY_NAME} "
            "--policy-document file://boundary.json"
        ),
        (
            "a later version of this program may need a later one; change it with: aws iam "
            f"create-policy-version --policy-arn {arn} --set-as-default "
            "--policy-document file://boundary.json"
        ),
        "then give whoever registers nodes: pennsieve compute policy installer --json",
    ]
    return Shown(document, lambda streams: json_text(document, streams), notes)


def installer_shown(
    context: Context,
    flags: Flags,
    part: int | None,
    where: tuple[str | None, str | None],
    *,
    writes_boundary: bool = False,
) -> Shown:
    """The rights, and what they amount to."""
    from pennsieve_agent.account.rights.installer import installer_policies, installer_rights
    from pennsieve_agent.account.rights.installer_sentences import what_remains

    if writes_boundary and flags.boundary:
        raise UsageProblem(
            "--permissions-boundary and --writes-boundary cannot be given together",
            hint="leave one of them out",
        )
    place = _place(context, flags, where, writes_boundary=writes_boundary)
    policies = installer_policies(place)
    if part is not None and part > len(policies):
        raise UsageProblem(
            f"there are {len(policies)} policies; --part {part} is not one of them",
            hint="leave out --part",
        )
    sids = [s["Sid"] for s in policies[part - 1]["Statement"]] if part else None
    rights = [right for right in installer_rights(place) if sids is None or right.sid in sids]
    note = (
        f"for nodes of {f'mode {flags.mode}' if flags.mode else 'every mode'}, in {len(policies)} "
        "policies, as IAM limits their length; create each from: pennsieve compute policy "
        f"installer --json --part 1 (to {len(policies)})"
    )
    first, *more = what_remains(place)
    document: dict[str, Any] = policies[part - 1] if part else {
        "policies": list(policies), "can_do": [first, *more]
    }  # fmt: skip
    text: list[Part] = [Prose(first), "", "What they permit:"]
    text += [line for right in rights for line in _right(right)]
    text += ["", "What is left to whoever has them:", *(Prose(f"  - {line}") for line in more)]
    notes = [note]
    if not writes_boundary and not flags.boundary:
        notes.append("first make the boundary, once: pennsieve compute policy boundary")
    return Shown(document, text, notes)


def installer_of_served(context: Context, where: tuple[str | None, str | None]) -> Shown:
    """The rights for the one role that Pennsieve would ask for, whatever it is called."""
    from pennsieve_agent.account.rights.installer import all_nodes
    from pennsieve_agent.account.rights.right import document
    from pennsieve_agent.account.served.role import rights

    names = all_nodes(known_identity(context, *where))
    needed = rights(names.arn("iam", f"role/{names.platform_role}", regional=False))
    return Shown(
        {"policies": [document(needed)]},
        [line for right in needed for line in _right(right)],
        ["whoever has them can make a role that may do anything"],
    )


def _place(
    context: Context,
    flags: Flags,
    where: tuple[str | None, str | None],
    *,
    writes_boundary: bool,
) -> Place:
    """Where nodes may be made: of every kind, or of the kind that is named."""
    from pennsieve_agent.account.rights.installer import all_nodes, types_of
    from pennsieve_agent.account.rights.resource_handlers import STACK_TYPES
    from pennsieve_agent.account.rights.stack_rights import Place
    from pennsieve_agent.account.spec.options import settle
    from pennsieve_agent.account.spec.organisation_rules import check_boundary

    settings = settle(flags.typed(context), None)
    identity = known_identity(context, *where)
    names = all_nodes(identity)
    boundary = settings.extras.boundary
    if boundary and identity.account_id != "*":
        check_boundary(boundary, identity)
    types = types_of(settings) if flags.mode else STACK_TYPES
    if writes_boundary:
        return Place(names, "", settings.role_path, types)
    return Place(names, boundary or names.account_boundary_arn, settings.role_path, types)


def _right(right: Right) -> Iterator[Prose]:
    via = ", only by way of CloudFormation" if right.via_cloudformation else ""
    limits = "".join(
        _limit(operator, key.rpartition(":")[2], value)
        for operator, keys in right.conditions.items()
        for key, value in keys.items()
    )
    yield Prose(f"{right.why}{via}")
    yield Prose(f"    {', '.join(sorted(right.actions))}")
    yield Prose(f"    on {', '.join(right.resources)}{limits}")


def _limit(operator: str, key: str, value: str | list[str]) -> str:
    """One condition of a right, in words."""
    if operator == "Null" and value == "true":
        return f", without {key}"
    if operator == "Null":
        return ", while something is made" if key == "CreateAction" else ""
    if isinstance(value, list) and len(value) > _MANY:
        return f", only with {key} among the {len(value)} that --json lists"
    return f", only with {key} {value if isinstance(value, str) else ' or '.join(value)}"


def known_identity(context: Context, region: str | None, aws_profile: str | None) -> AwsIdentity:
    """Whose account it is; any account, where there are no credentials to tell."""
    from pennsieve_agent.aws.values import AwsIdentity

    try:
        return context.aws(region, aws_profile).identity()
    except AwsError as error:
        if aws_profile is not None:
            raise
        context.streams.note(f"for any AWS account, as {error.message}")
        return AwsIdentity("*", "arn:aws:iam::*:user/*", "", region or "*", "")
