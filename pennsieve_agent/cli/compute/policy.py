"""``pennsieve compute policy``: what a security officer asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.compute import node_options
from pennsieve_agent.cli.compute.json_text import json_text
from pennsieve_agent.cli.compute.node_options import Flags
from pennsieve_agent.cli.compute.policy_installer import (
    OfServed,
    installer_of_served,
    installer_shown,
)
from pennsieve_agent.cli.compute.printed_node import node_plan, registered_on
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Part, Prose, Shown
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.account.register.account_plan import AccountPlan
    from pennsieve_agent.account.rights.officer_sections import Section
    from pennsieve_agent.account.rights.policy_sentences import RoleDocuments, RoleWords
    from pennsieve_agent.account.world.clients import Clients
    from pennsieve_agent.aws.cloudformation import StackRequest

_WORKSPACE = re.compile(r"N:organization:[0-9a-zA-Z-]{1,64}")
CodeFile = Annotated[
    Path | None,
    typer.Option(
        "--code",
        metavar="FILE",
        help="Write the node's code to this file, and print the whole template.",
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

    --json prints the policies themselves, from which the words are made. Pennsieve has no rights in
    your AWS account. Only --served needs a sign-in.
    """
    from pennsieve_agent.account.register.account_plan import NO_RIGHTS
    from pennsieve_agent.account.rights.officer_sections import sections
    from pennsieve_agent.account.rights.policy_sentences import RoleDocuments, administrator

    flags = Flags(mode, permissions_boundary, role_path, gpu_tier=gpu_tier, max_gpu=max_gpu)
    where = (region, aws_profile)
    if installer:
        context.streams.note(
            "note: 'pennsieve compute policy --installer' is now 'pennsieve compute policy "
            "installer'"
        )
        return (
            installer_of_served(context, where)
            if served
            else installer_shown(context, flags, part, where)
        )
    if served:
        policy = context.platform.compute.role_policy()
        role = RoleDocuments(policy.role_name, policy.trust, (policy.permissions,))
        first = administrator(role)
        return _roles((role,), (first,) if first else ())
    plan = node_plan(context, name, flags, where)[0]
    more = sections(plan.roles, registered_on(context, name))
    return _roles(plan.roles, (NO_RIGHTS,), more)


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

    from pennsieve_agent.account.rights.policy_sentences import (
        RoleDocuments,
        administrator,
        summary,
    )
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
    lines = [*filter(None, (administrator(documents),)), *summary(documents)]
    return Shown(document, [change.name, *map(Prose, lines)], notes)


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

    The first template has no functions, because it creates the bucket that their code goes to.
    Type the command again with --code and the same options for the whole template. When the stack
    exists, go on with "compute register --from-stack". This command changes nothing, here or in
    AWS, and needs no sign-in.
    """
    flags = Flags(
        mode, permissions_boundary, role_path, tuple(tag or ()), gpu_tier, max_gpu, max_vcpus,
        monthly_budget, budget_email, vpc_id, tuple(subnet or ()),
    )  # fmt: skip
    if workspace is not None and not _WORKSPACE.fullmatch(workspace):
        raise UsageProblem(
            f"'{workspace}' is not the id of a workspace", hint="see it with: pennsieve whoami"
        )
    plan, clients = node_plan(context, name, flags, (region, aws_profile), workspace or "")
    return _template(plan, clients, code)


def _template(plan: AccountPlan, clients: Clients, code: Path | None) -> Shown:
    from pennsieve_agent.account.stack.stack_request import stack_request, turned_off
    from pennsieve_agent.cli.compute.views import write_new

    spec = plan.spec if code is not None else turned_off(plan.spec)
    notes = []
    if code is not None and clients.bundle is not None:
        write_new(code, clients.bundle.data)
    request = stack_request(spec)
    if code is not None and spec.code is not None:
        key = spec.names.code_key(spec.code.digest)
        notes.append(f"upload it with: aws s3 cp {code} s3://{spec.names.bucket}/{key}")
    notes += _how(request, plan)
    return Shown(request.template, lambda streams: json_text(request.template, streams), notes)


def _how(request: StackRequest, plan: AccountPlan) -> list[str]:
    """The commands with which an administrator makes the stack, and what comes then."""
    import shlex

    words = " ".join(shlex.quote(f"{key}={value}") for key, value in request.tags.items())
    name = shlex.quote(plan.name)
    # AWS CLI reference, "cloudformation deploy": a template of more than 51,200 bytes needs one.
    bucket = " --s3-bucket BUCKET (any of yours)" if request.too_long else ""
    return [
        (
            f"make it with: aws cloudformation deploy --stack-name {request.name} --template-file "
            f"FILE --capabilities CAPABILITY_NAMED_IAM --region {plan.identity.region} "
            f"--tags {words}{bucket}"
        ),
        f"then: pennsieve compute register --name {name} --from-stack {request.name}",
    ]


def _documents(role: RoleDocuments) -> dict[str, Any]:
    from pennsieve_agent.account.rights.policy_sentences import describe

    return {
        "role": role.name,
        "trust_policy": dict(role.trust),
        "permission_policies": [dict(document) for document in role.permissions],
        "permissions_boundary": None if role.boundary is None else dict(role.boundary),
        "words": describe(role).to_json(),
    }


def _roles(
    roles: Sequence[RoleDocuments], notes: Sequence[str], more: Sequence[Section] = ()
) -> Shown:
    """The one role that Pennsieve asks for, or those that an own node's parts have."""
    from pennsieve_agent.account.rights.policy_sentences import describe

    text: list[Part] = [Prose(note) for note in notes]
    for role in roles:
        text += [*([""] if text else []), *_role_words(f"Role {role.name}", describe(role))]
    for section in more:
        text += [f"\n{section.title}:", *(Prose(f"  - {line}") for line in section.lines)]
    lines = {section.key: list(section.lines) for section in more}
    return Shown({"roles": [_documents(role) for role in roles], **lines}, text)


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
