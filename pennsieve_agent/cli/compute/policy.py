"""``pennsieve compute policy``: what a security officer asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.compute import node_options
from pennsieve_agent.cli.compute.node_options import Flags
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Part, Prose, Shown
from pennsieve_agent.errors import AwsError, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.account.register.account_plan import AccountPlan
    from pennsieve_agent.account.rights.policy_sentences import RoleDocuments, RoleWords
    from pennsieve_agent.account.rights.right import Right
    from pennsieve_agent.account.rights.stack_rights import Place
    from pennsieve_agent.account.world.clients import Clients
    from pennsieve_agent.aws.cloudformation import StackRequest
    from pennsieve_agent.aws.values import AwsIdentity
    from pennsieve_agent.console.streams import Streams

_WORKSPACE = re.compile(r"N:organization:[0-9a-zA-Z-]{1,64}")
OfServed = Annotated[
    bool, typer.Option("--served", help="For the role that Pennsieve itself would ask for.")
]
PolicyNumber = Annotated[
    int | None, typer.Option("--part", metavar="N", min=1, help="One of the policies alone.")
]
CodeFile = Annotated[
    Path | None,
    typer.Option(
        "--code",
        metavar="FILE",
        help="Write the node's code there, and print the stack that it turns on.",
    ),
]
ForWorkspace = Annotated[
    str | None,
    typer.Option(
        "--workspace",
        metavar="ID",
        help="The workspace it is for: N:organization:... Default: that of an earlier command.",
    ),
]


@command(
    "compute policy show",
    answers=("role_policies", "map of any"),
    examples=["pennsieve compute policy show", "pennsieve compute policy show --mode secure"],
)
def show(
    context: Context,
    name: node_options.Name = node_options.DEFAULT_NAME,
    served: OfServed = False,
    mode: node_options.Mode = None,
    permissions_boundary: node_options.Boundary = None,
    role_path: node_options.RolePath = None,
    gpu_tier: node_options.GpuTier = None,
    max_gpu: node_options.MaxGpu = None,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
    installer: Annotated[bool, typer.Option("--installer", hidden=True)] = False,
    part: Annotated[int | None, typer.Option("--part", hidden=True, min=1)] = None,
) -> Shown:
    """What an own node can and cannot do in your AWS account, in words.

    With --json its documents, from which the words are made. Pennsieve has no rights in it. Only
    --served needs a sign-in.
    """
    from pennsieve_agent.account.register.account_plan import NO_RIGHTS
    from pennsieve_agent.account.rights.policy_sentences import RoleDocuments

    flags = Flags(mode, permissions_boundary, role_path, gpu_tier=gpu_tier, max_gpu=max_gpu)
    where = (region, aws_profile)
    if installer:
        context.streams.note(
            "note: 'pennsieve compute policy --installer' is now 'pennsieve compute policy "
            "installer'"
        )
        return (
            _installer_of_served(context, where)
            if served
            else _installer(context, flags, part, where)
        )
    if served:
        policy = context.platform.compute.role_policy()
        role = RoleDocuments(policy.role_name, policy.trust, (policy.permissions,))
        return _roles((role,), ())
    plan = _plan(context, name, flags, where)[0]
    return _roles(plan.roles, (NO_RIGHTS,))


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
) -> Shown:
    """The least rights of whoever registers nodes, as policies for an administrator.

    They are for nodes of every mode, or of the one that is named; with --served, for nodes that
    Pennsieve runs. With --json they are ready for AWS. Needs no sign-in.
    """
    where = (region, aws_profile)
    if served:
        return _installer_of_served(context, where)
    flags = Flags(mode, permissions_boundary, role_path)
    return _installer(context, flags, part, where)


@command(
    "compute policy role",
    answers="pennsieve_role",
    examples=["pennsieve compute policy role"],
)
def role(
    context: Context,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
) -> Shown:
    """What the role in your AWS account lets Pennsieve do, in words. With --json its documents."""
    from dataclasses import asdict

    from pennsieve_agent.account.rights.policy_sentences import RoleDocuments, summary
    from pennsieve_agent.account.served.hardening import wildcards
    from pennsieve_agent.cli.compute import plan_lines, update_served

    change, _ = update_served.role_change(context, region, aws_profile, harden=False)
    exists = change.role is not None
    document = {"role": change.name, "exists": exists, **asdict(change.now)}
    document["up_to_date"] = not change.lines
    if not exists and not context.as_json:
        raise UsageProblem(
            f"role {change.name} is not in AWS any more",
            hint="make it again with: pennsieve compute update --role",
        )
    documents = RoleDocuments(change.name, change.now.trust, (change.now.permissions,))
    notes = plan_lines.wildcard_lines(wildcards(change.now.permissions))
    if change.lines:
        notes.append(
            "Pennsieve asks for something else today; see it with: "
            "pennsieve compute update --role --dry-run"
        )
    return Shown(document, [change.name, *map(Prose, summary(documents))], notes)


@command(
    "compute policy template",
    answers="map of any",
    examples=["pennsieve compute policy template --name lab"],
)
def template(
    context: Context,
    name: node_options.Name = node_options.DEFAULT_NAME,
    mode: node_options.Mode = None,
    permissions_boundary: node_options.Boundary = None,
    role_path: node_options.RolePath = None,
    tag: node_options.Tags = None,
    gpu_tier: node_options.GpuTier = None,
    max_gpu: node_options.MaxGpu = None,
    max_vcpus: node_options.MaxVcpus = None,
    monthly_budget: node_options.Budget = None,
    budget_email: node_options.BudgetEmail = None,
    vpc_id: node_options.Vpc = None,
    subnet: node_options.Subnets = None,
    code: CodeFile = None,
    workspace: ForWorkspace = None,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
) -> Shown:
    """The node's stack as a CloudFormation template, for review or for an administrator.

    First without its functions, as their code lies in a bucket that is in it; with --code the whole
    of it. Its names are kept on this machine; "compute register --from-stack" goes on from any.
    Needs no sign-in.
    """
    flags = Flags(
        mode, permissions_boundary, role_path, tuple(tag or ()), gpu_tier, max_gpu, max_vcpus,
        monthly_budget, budget_email, vpc_id, tuple(subnet or ()),
    )  # fmt: skip
    if workspace is not None and not _WORKSPACE.fullmatch(workspace):
        raise UsageProblem(
            f"'{workspace}' is not the id of a workspace", hint="see it with: pennsieve whoami"
        )
    plan, clients = _plan(context, name, flags, (region, aws_profile), workspace or "")
    return _template(plan, clients, code)


def _template(plan: AccountPlan, clients: Clients, code: Path | None) -> Shown:
    from pennsieve_agent.account.register.execute import first_entry
    from pennsieve_agent.account.stack.stack_request import stack_request, turned_off
    from pennsieve_agent.cli.compute.views import write_new

    with clients.journal.locked():
        if clients.journal.read() is None:
            clients.journal.write(first_entry(plan))
    spec = plan.spec if code is not None else turned_off(plan.spec)
    notes = []
    if code is not None and clients.bundle is not None:
        write_new(code, clients.bundle.data)
    request = stack_request(spec)
    if code is not None and spec.code is not None:
        key = spec.names.code_key(spec.code.digest)
        notes.append(f"upload it with: aws s3 cp {code} s3://{spec.names.bucket}/{key}")
    notes += _how(request, plan)
    return Shown(request.template, lambda streams: _json(request.template, streams), notes)


def _json(document: object, streams: Streams) -> str:
    """A document as it is written, for people and for files alike."""
    import json

    indent = 2 if streams.out_is_terminal else None
    return json.dumps(document, indent=indent, ensure_ascii=False)


def _how(request: StackRequest, plan: AccountPlan) -> list[str]:
    """The commands with which an administrator makes the stack, and what comes then."""
    import shlex

    words = " ".join(shlex.quote(f"{key}={value}") for key, value in request.tags.items())
    name = shlex.quote(plan.name)
    return [
        (
            f"make it with: aws cloudformation deploy --stack-name {request.name} --template-file "
            f"FILE --capabilities CAPABILITY_NAMED_IAM --region {plan.identity.region} "
            f"--tags {words}"
        ),
        f"then: pennsieve compute register --name {name} --from-stack {request.name}",
    ]


def _plan(
    context: Context,
    name: str,
    flags: Flags,
    where: tuple[str | None, str | None],
    workspace: str = "",
) -> tuple[AccountPlan, Clients]:
    """The node as it would be made. Pennsieve is not asked, and nobody need be signed in."""
    from pennsieve_agent.account.register.node_identity import RegisterOptions
    from pennsieve_agent.account.register.observe import observe
    from pennsieve_agent.account.register.plan import plan_registration
    from pennsieve_agent.cli.compute import views

    clients = views.clients(context, name, *where, asks_pennsieve=False)
    entry = clients.journal.read()
    registration = RegisterOptions(
        name,
        workspace or (entry.organization_id if entry is not None else ""),
        typed=flags.typed(context),
        hosts=context.profile.hosts,
        asks_pennsieve=False,
    )
    return plan_registration(observe(clients, registration), registration), clients


def _installer(
    context: Context, flags: Flags, part: int | None, where: tuple[str | None, str | None]
) -> Shown:
    from pennsieve_agent.account.rights.installer import installer_policies, installer_rights

    place = _place(context, flags, where)
    policies = installer_policies(place)
    if part is not None and part > len(policies):
        raise UsageProblem(
            f"there are {len(policies)} policies, and no number {part}", hint="leave out --part"
        )
    sids = [s["Sid"] for s in policies[part - 1]["Statement"]] if part else None
    rights = [right for right in installer_rights(place) if sids is None or right.sid in sids]
    note = (
        f"for nodes of {f'mode {flags.mode}' if flags.mode else 'every mode'}, in {len(policies)} "
        "policies, as IAM limits their length; create each from: pennsieve compute policy "
        f"installer --json --part 1 (to {len(policies)})"
    )
    document = {"policies": list(policies)} if part is None else policies[part - 1]
    return Shown(document, [line for right in rights for line in _right(right)], [note])


def _installer_of_served(context: Context, where: tuple[str | None, str | None]) -> Shown:
    """The rights for the one role that Pennsieve would ask for, whatever it is called."""
    from pennsieve_agent.account.rights.installer import all_nodes
    from pennsieve_agent.account.rights.right import document
    from pennsieve_agent.account.served.role import rights

    names = all_nodes(_identity(context, *where))
    needed = rights(names.arn("iam", f"role/{names.platform_role}", regional=False))
    return Shown(
        {"policies": [document(needed)]},
        [line for right in needed for line in _right(right)],
        ["whoever has them can make a role that may do anything"],
    )


def _place(context: Context, flags: Flags, where: tuple[str | None, str | None]) -> Place:
    """Where nodes may be made: of every kind, or of the kind that is named."""
    from pennsieve_agent.account.rights.installer import all_nodes, types_of
    from pennsieve_agent.account.rights.resource_handlers import EVERY_TYPE
    from pennsieve_agent.account.rights.stack_rights import Place
    from pennsieve_agent.account.spec.options import settle
    from pennsieve_agent.account.spec.organisation_rules import check_boundary

    settings = settle(flags.typed(context), None)
    identity = _identity(context, *where)
    boundary = settings.extras.boundary
    if boundary and identity.account_id != "*":
        check_boundary(boundary, identity)
    types = types_of(settings) if flags.mode else EVERY_TYPE
    return Place(all_nodes(identity), boundary, settings.role_path, types)


def _right(right: Right) -> Iterator[Prose]:
    via = ", only by way of CloudFormation" if right.via_cloudformation else ""
    limits = "".join(
        ", while something is made"
        if operator == "Null"
        else f", only with {key.rpartition(':')[2]} {_words(value)}"
        for operator, keys in right.conditions.items()
        for key, value in keys.items()
    )
    yield Prose(f"{right.why}{via}")
    yield Prose(f"    {', '.join(sorted(right.actions))}")
    yield Prose(f"    on {', '.join(right.resources)}{limits}")


def _words(value: str | list[str]) -> str:
    return value if isinstance(value, str) else " or ".join(value)


def _identity(context: Context, region: str | None, aws_profile: str | None) -> AwsIdentity:
    """Whose account it is; any account, where there are no credentials to tell."""
    from pennsieve_agent.aws.values import AwsIdentity

    try:
        return context.aws(region, aws_profile).identity()
    except AwsError as error:
        if aws_profile is not None:
            raise
        context.streams.note(f"for any AWS account, as {error.message}")
        return AwsIdentity("*", "arn:aws:iam::*:user/*", "", region or "*", "")


def _documents(role: RoleDocuments) -> dict[str, Any]:
    from pennsieve_agent.account.rights.policy_sentences import describe

    return {
        "role": role.name,
        "trust_policy": dict(role.trust),
        "permission_policies": [dict(document) for document in role.permissions],
        "permissions_boundary": None if role.boundary is None else dict(role.boundary),
        "words": describe(role).to_json(),
    }


def _roles(roles: Sequence[RoleDocuments], notes: Sequence[str]) -> Shown:
    """The one role that Pennsieve asks for, or those that an own node's parts have."""
    from pennsieve_agent.account.rights.policy_sentences import describe

    text: list[Part] = [Prose(note) for note in notes]
    for role in roles:
        text += [*([""] if text else []), *_role_words(f"Role {role.name}", describe(role))]
    return Shown({"roles": [_documents(role) for role in roles]}, text)


def _role_words(title: str, words: RoleWords) -> Iterator[Part]:
    parts = (
        ("Who may enter", words.who),
        ("What they can do", words.can),
        ("What they cannot do", words.cannot),
        ("What the wildcards mean", words.wildcards),
    )
    yield title
    for heading, lines in parts:
        yield f"\n{heading}:"
        for line in lines or ("nothing",):
            yield Prose(f"  - {line}")
