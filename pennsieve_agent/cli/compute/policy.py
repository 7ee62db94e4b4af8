"""``pennsieve compute policy|template|doctor``: what a security officer asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.compute import node_choice, node_options
from pennsieve_agent.cli.compute.node_options import Flags
from pennsieve_agent.cli.context import Context
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import AwsError, ExitCode, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.account.register.account_plan import AccountPlan
    from pennsieve_agent.account.rights.policy_sentences import RoleDocuments, RoleWords
    from pennsieve_agent.account.rights.right import Right
    from pennsieve_agent.account.rights.stack_rights import Place
    from pennsieve_agent.account.world.clients import Clients
    from pennsieve_agent.aws.cloudformation import StackRequest
    from pennsieve_agent.aws.values import AwsIdentity

app = group("What it is allowed to do, and whether all is well.")
_NAME = "my-compute"
_WORKSPACE = re.compile(r"N:organization:[0-9a-zA-Z-]{1,64}")


@app.command()
def policy(
    ctx: typer.Context,
    name: node_options.Name = _NAME,
    installer: Annotated[
        bool, typer.Option("--installer", help="The least rights of whoever registers nodes.")
    ] = False,
    served: Annotated[
        bool, typer.Option("--served", help="The role that Pennsieve itself would ask for.")
    ] = False,
    part: Annotated[
        int | None,
        typer.Option(
            "--part", metavar="N", min=1, help="With --installer: one of its policies alone."
        ),
    ] = None,
    mode: node_options.Mode = None,
    permissions_boundary: node_options.Boundary = None,
    role_path: node_options.RolePath = None,
    gpu_tier: node_options.GpuTier = None,
    max_gpu: node_options.MaxGpu = None,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """What an own node can and cannot do in your AWS account, in words; --json has the documents.

    Pennsieve has no rights in it. The words are made from the very documents. With --installer it
    prints the policies to give to whoever registers nodes, for an administrator: with --json they
    are ready to be made. They are for nodes of every mode, or of the one that is named; with
    --served, of nodes that Pennsieve runs. Only --served needs a sign-in.
    """
    from pennsieve_agent.account.register.account_plan import NO_RIGHTS
    from pennsieve_agent.account.rights.policy_sentences import RoleDocuments

    context = options.use(ctx, profile, as_json=json)
    flags = Flags(mode, permissions_boundary, role_path, gpu_tier=gpu_tier, max_gpu=max_gpu)
    where = (region, aws_profile)
    if installer and served:
        _served_installer(context, where)
        return
    if installer:
        _installer(context, flags, part, where)
        return
    roles: Sequence[RoleDocuments]
    if served:
        found = context.platform.compute.role_policy()
        roles = (RoleDocuments(found.role_name, found.trust, (found.permissions,)),)
        _show_roles(context, roles, ())
        return
    plan = _plan(context, name, flags, where)[0]
    _show_roles(context, plan.roles, (NO_RIGHTS,))


@app.command()
def template(
    ctx: typer.Context,
    name: node_options.Name = _NAME,
    mode: node_options.Mode = None,
    permissions_boundary: node_options.Boundary = None,
    role_path: node_options.RolePath = None,
    tag: node_options.Tags = None,
    gpu_tier: node_options.GpuTier = None,
    max_gpu: node_options.MaxGpu = None,
    max_vcpus: node_options.MaxVcpus = None,
    monthly_budget: node_options.Budget = None,
    vpc_id: node_options.Vpc = None,
    subnet: node_options.Subnets = None,
    code: Annotated[
        str | None,
        typer.Option(
            "--code",
            metavar="FILE",
            help="Write the node's code there, and print the stack that it turns on.",
            show_default=False,
        ),
    ] = None,
    workspace: Annotated[
        str | None,
        typer.Option(
            "--workspace",
            metavar="ID",
            help="The workspace it is for: N:organization:... Default: as begun.",
            show_default=False,
        ),
    ] = None,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
    profile: options.Profile = None,
) -> None:
    """The node's stack as a CloudFormation template, for review or for an administrator.

    First without its functions, as their code lies in a bucket that is in it; with --code the whole
    of it. Its names are kept on this machine; "compute register --from-stack" goes on from any.
    Needs no sign-in.
    """
    from pathlib import Path

    from pennsieve_agent.account.register.execute import first_entry
    from pennsieve_agent.account.stack.stack_request import stack_request, turned_off
    from pennsieve_agent.cli.compute.views import write_new

    context = options.use(ctx, profile)
    flags = Flags(
        mode, permissions_boundary, role_path, tuple(tag or ()), gpu_tier, max_gpu, max_vcpus,
        monthly_budget, vpc_id, tuple(subnet or ()),
    )  # fmt: skip
    if workspace is not None and not _WORKSPACE.fullmatch(workspace):
        raise UsageProblem(
            f"'{workspace}' is not the id of a workspace", hint="see it with: pennsieve whoami"
        )
    plan, clients = _plan(context, name, flags, (region, aws_profile), workspace or "")
    with clients.journal.locked():
        if clients.journal.read() is None:
            clients.journal.write(first_entry(plan))
    spec = plan.spec if code is not None else turned_off(plan.spec)
    if code is not None and clients.bundle is not None:
        write_new(Path(code), clients.bundle.data)
    context.streams.document(stack_request(spec).template)
    if code is not None and spec.code is not None:
        key = spec.names.code_key(spec.code.digest)
        context.streams.note(f"upload it with: aws s3 cp {code} s3://{spec.names.bucket}/{key}")
    _say_how(context, stack_request(spec), plan)


def _say_how(context: Context, request: StackRequest, plan: AccountPlan) -> None:
    """The commands with which an administrator makes the stack, and what comes then."""
    import shlex

    words = " ".join(shlex.quote(f"{key}={value}") for key, value in request.tags.items())
    name = shlex.quote(plan.name)
    context.streams.note(
        f"make it with: aws cloudformation deploy --stack-name {request.name} --template-file FILE "
        f"--capabilities CAPABILITY_NAMED_IAM --region {plan.identity.region} --tags {words}"
    )
    context.streams.note(
        f"then: pennsieve compute register --name {name} --from-stack {request.name}"
    )


@app.command()
def doctor(
    ctx: typer.Context,
    node: Annotated[
        str | None, typer.Argument(metavar="[NODE]", help="Its name. Default: the only one.")
    ] = None,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Check a compute node from both sides; changes nothing. Exit code 0 only if all is well."""
    from pennsieve_agent.account.doctor.inspect_node import examine
    from pennsieve_agent.account.doctor.node_health import checks
    from pennsieve_agent.account.register.observe import RegisterOptions
    from pennsieve_agent.cli.compute import views

    context = options.use(ctx, profile, as_json=json)
    name, node_id = _only_node(context) if node is None else _full_name(context, node)
    clients = views.clients(context, name, region, aws_profile, node_id=node_id)
    wanted = RegisterOptions(name, context.workspace_id, hosts=context.profile.hosts)
    found = checks(examine(clients, wanted, context.now))
    if json:
        context.streams.document({"node": name, "checks": [check.to_json() for check in found]})
    else:
        for check in found:
            mark, style = ("✓", "green") if check.passed else ("✗", "red")
            context.streams.prose(
                f"{context.streams.paint(mark, style)} {check.name}: {check.finding}"
            )
            if not check.passed:
                context.streams.explain(f"    {check.why}")
                context.streams.note(f"    hint: {check.remedy}")
    if not all(check.passed for check in found):
        raise typer.Exit(ExitCode.FAILED)


def _only_node(context: Context) -> tuple[str, str]:
    """The name and the id of the only node."""
    nodes = [
        *((n.name, n.token) for n in node_choice.memory(context).list() if n.is_owned),
        *((n.name, n.uuid) for n in context.platform.compute.nodes(context.workspace_id)),
    ]
    if len(nodes) > 1:
        names = ", ".join(name for name, _ in nodes)
        raise UsageProblem(f"which compute node? there are: {names}", hint="name one of them")
    return nodes[0] if nodes else (_NAME, "")


def _full_name(context: Context, node: str) -> tuple[str, str]:
    """The name in full, and the id; what was typed, where nobody knows one: AWS may still.

    Raises:
        UsageProblem: there are several, or it is somebody else's.
    """
    try:
        found = node_choice.find(context, node)
    except UsageProblem as error:
        if not error.message.startswith("no compute node"):
            raise
        return node, ""
    if isinstance(found, OwnNode) and not found.is_owned:
        raise UsageProblem(
            f"compute node '{found.name}' was shared with you; its owner alone looks into it",
            where=found.gateway,
            hint="ask the owner, or make a node of your own with: pennsieve compute register",
        )
    return found.name, node_choice.node_id(found)


def _plan(
    context: Context,
    name: str,
    flags: Flags,
    where: tuple[str | None, str | None],
    workspace: str = "",
) -> tuple[AccountPlan, Clients]:
    """The node as it would be made. Pennsieve is not asked, and nobody need be signed in."""
    from pennsieve_agent.account.register.observe import RegisterOptions, observe
    from pennsieve_agent.account.register.plan import plan_registration
    from pennsieve_agent.cli.compute import views

    clients = views.clients(context, name, *where, asks_pennsieve=False)
    entry = clients.journal.read()
    wanted = RegisterOptions(
        name,
        workspace or (entry.organization_id if entry is not None else ""),
        typed=flags.typed(context),
        hosts=context.profile.hosts,
        asks_pennsieve=False,
    )
    return plan_registration(observe(clients, wanted), wanted), clients


def _installer(
    context: Context, flags: Flags, part: int | None, where: tuple[str | None, str | None]
) -> None:
    from pennsieve_agent.account.rights.installer import installer_policies, installer_rights

    place = _place(context, flags, where)
    policies = installer_policies(place)
    if part is not None and part > len(policies):
        raise UsageProblem(
            f"there are {len(policies)} policies, and no number {part}", hint="leave out --part"
        )
    if context.as_json:
        found = {"policies": list(policies)} if part is None else policies[part - 1]
        context.streams.document(found)
        return
    sids = [s["Sid"] for s in policies[part - 1]["Statement"]] if part else None
    for right in installer_rights(place):
        if sids is None or right.sid in sids:
            _show_right(context, right)
    context.streams.note(
        f"for nodes of {f'mode {flags.mode}' if flags.mode else 'every mode'}, in {len(policies)} "
        "policies, as IAM takes none that is longer; each to be made with: pennsieve compute "
        f"policy --installer --json --part 1 (to {len(policies)})"
    )


def _served_installer(context: Context, where: tuple[str | None, str | None]) -> None:
    """The rights for the one role that Pennsieve would ask for, whatever it is called."""
    from pennsieve_agent.account.rights.installer import all_nodes
    from pennsieve_agent.account.rights.right import document
    from pennsieve_agent.account.served.role import rights

    names = all_nodes(_identity(context, *where))
    found = rights(names.arn("iam", f"role/{names.role}", regional=False))
    if context.as_json:
        context.streams.document({"policies": [document(found)]})
        return
    for right in found:
        _show_right(context, right)
    context.streams.note("whoever has them can make a role that may do anything")


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


def _show_right(context: Context, right: Right) -> None:
    via = ", only by way of CloudFormation" if right.via_cloudformation else ""
    limits = "".join(
        ", while something is made"
        if operator == "Null"
        else f", only with {key.rpartition(':')[2]} {_words(value)}"
        for operator, keys in right.conditions.items()
        for key, value in keys.items()
    )
    context.streams.prose(f"{right.why}{via}")
    context.streams.prose(f"    {', '.join(sorted(right.actions))}")
    context.streams.prose(f"    on {', '.join(right.resources)}{limits}")


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


def _documents(role: RoleDocuments) -> dict[str, object]:
    from pennsieve_agent.account.rights.policy_sentences import describe

    return {
        "role": role.name,
        "trust_policy": dict(role.trust),
        "permission_policies": [dict(document) for document in role.permissions],
        "permissions_boundary": None if role.boundary is None else dict(role.boundary),
        "words": describe(role).to_json(),
    }


def _show_roles(context: Context, roles: Sequence[RoleDocuments], notes: Sequence[str]) -> None:
    """The one role that Pennsieve asks for, or those that an own node's parts have."""
    from pennsieve_agent.account.rights.policy_sentences import describe

    if context.as_json:
        found = [_documents(role) for role in roles]
        context.streams.document({"rights_of_pennsieve": [], "roles": found} if notes else found[0])
        return
    for note in notes:
        context.streams.prose(note)
    for number, role in enumerate(roles):
        before = "\n" if number or notes else ""
        _show_words(context, f"{before}Role {role.name}", describe(role))


def _show_words(context: Context, title: str, words: RoleWords) -> None:
    parts = (
        ("Who may assume it", words.who),
        ("What they can do", words.can),
        ("What they cannot do", words.cannot),
        ("What the wildcards mean", words.wildcards),
    )
    context.streams.result(title)
    for heading, lines in parts:
        context.streams.result(f"\n{heading}:")
        for line in lines or ("nothing",):
            context.streams.prose(f"  - {line}")
