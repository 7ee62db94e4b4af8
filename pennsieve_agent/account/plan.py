"""What a registration will do: desired minus observed. Pure."""

from __future__ import annotations

from pennsieve_agent.account.observe import Observed, RegisterOptions
from pennsieve_agent.account.steps import (
    AccountPlan,
    AllowImagePulls,
    AlreadyDone,
    AwaitNode,
    DeployStack,
    EnableWorkspace,
    RegisterAccount,
    RegisterNode,
    StackAction,
    Step,
    stack_request,
)
from pennsieve_agent.aws.cloudformation import StackRequest
from pennsieve_agent.aws.values import ResourceChange, Stack
from pennsieve_agent.domain.compute import ComputeNode, NodeStatus
from pennsieve_agent.errors import AwsError, UsageProblem

MODES = ("basic", "secure", "compliant")
_NAME_CHARACTERS = 128


def plan_registration(observed: Observed, options: RegisterOptions) -> AccountPlan:
    """The steps from how things are to a usable node.

    Raises:
        UsageProblem: the name is taken or unusable, or the mode is unknown.
        AwsError: the stack is in a state that only a person can resolve.

    """
    _check(options)
    if options.extras.boundary and not observed.makes_role:
        raise UsageProblem(
            f"the AWS account has its role, {observed.names.role}, already; this node makes none "
            "on which a permissions boundary could stand",
            hint="leave --permissions-boundary out",
        )
    node = own_node(observed, options)
    new_role = (observed.platform_account_id, observed.external_id) if observed.makes_role else None
    request = stack_request(observed.names, options.name, new_role, observed.extras)
    return AccountPlan(
        name=options.name,
        organization_id=options.organization_id,
        deployment_mode=options.deployment_mode,
        identity=observed.identity,
        names=observed.names,
        platform_account_id=observed.platform_account_id,
        external_id=observed.external_id,
        makes_role=observed.makes_role,
        account_uuid=observed.account.uuid if observed.account is not None else "",
        node_uuid=node.uuid if node is not None else "",
        extras=observed.extras,
        steps=(_stack_step(observed, request), *_platform_steps(observed, options, node)),
    )


def own_node(observed: Observed, options: RegisterOptions) -> ComputeNode | None:
    """The node that an earlier run of this registration made, if it is there.

    Raises:
        UsageProblem: a node of this name is there that the journal does not know.

    """
    same = [n for n in observed.nodes if n.name.casefold() == options.name.casefold()]
    ours = [n for n in same if _made_by_us(observed, n)]
    if ours:
        return ours[0]
    if same:
        raise UsageProblem(
            f"there is a compute node called '{same[0].name}' already ({same[0].status.value})",
            where=same[0].uuid,
            hint="choose another name with: --name, or see it with: pennsieve compute show "
            f"{same[0].uuid}",
        )
    return None


def _made_by_us(observed: Observed, node: ComputeNode) -> bool:
    entry = observed.journal
    if entry is None or node.status is NodeStatus.DESTROYING:
        return False
    if entry.node_uuid:
        return node.uuid == entry.node_uuid
    if observed.account is None:
        return False
    asked = entry.nodes_before is not None and node.uuid not in entry.nodes_before
    return asked and node.account_uuid == observed.account.uuid


def _check(options: RegisterOptions) -> None:
    if not options.name.strip() or len(options.name) > _NAME_CHARACTERS:
        raise UsageProblem(
            f"a compute node's name has 1 to {_NAME_CHARACTERS} characters",
            hint="give one with: --name NAME",
        )
    if options.deployment_mode not in MODES:
        raise UsageProblem(
            f"there is no deployment mode '{options.deployment_mode}'",
            hint=f"choose one of: {', '.join(MODES)}",
        )


def _stack_step(observed: Observed, request: StackRequest) -> Step | AlreadyDone:
    action = stack_action(observed.stack)
    changes: tuple[ResourceChange, ...] = ()
    if action is StackAction.UPDATE:
        changes = observed.changes or ()
    elif action is not StackAction.REJOIN:
        changes = additions(request)
    step = DeployStack(
        stack=observed.names.stack,
        account_id=observed.identity.account_id,
        region=observed.identity.region,
        action=action,
        changes=changes,
    )
    if action is StackAction.UPDATE and not changes:
        return AlreadyDone(step, f"stack {step.stack} is as it should be")
    return step


def additions(request: StackRequest) -> tuple[ResourceChange, ...]:
    """What creating a stack adds: everything in its template."""
    resources = request.template["Resources"]
    return tuple(ResourceChange("Add", name, body["Type"]) for name, body in resources.items())


def stack_action(stack: Stack | None) -> StackAction:
    """What has to be done about a stack in this state.

    Raises:
        AwsError: nothing that a program should do by itself.

    """
    if stack is None or stack.only_reviewed:
        return StackAction.CREATE
    if stack.updatable:
        return StackAction.UPDATE
    if stack.broken:
        return StackAction.RECREATE
    if stack.status == "DELETE_IN_PROGRESS":
        hint = "wait a few minutes, then run this again"
        raise AwsError(f"AWS is still deleting stack {stack.name}", where=stack.id, hint=hint)
    if stack.busy:
        return StackAction.REJOIN
    raise AwsError(
        f"stack {stack.name} is stuck in state {stack.status}: {stack.reason or 'no reason given'}",
        where=stack.id,
        hint="resolve it in the AWS console under CloudFormation, then run this again",
        aws_code=stack.status,
    )


def _platform_steps(
    observed: Observed, options: RegisterOptions, node: ComputeNode | None
) -> tuple[Step | AlreadyDone, ...]:
    account, entry = observed.account, observed.journal
    trusted = entry is not None and account is not None and entry.account_uuid == account.uuid
    done = entry.done if entry is not None and trusted else ()
    number = observed.identity.account_id
    rows: tuple[tuple[Step, bool, str], ...] = (
        (
            RegisterAccount(number, observed.names.role),
            account is not None,
            f"AWS account {number} is registered with role {observed.names.role}",
        ),
        (
            AllowImagePulls(number),
            AllowImagePulls.kind in done,
            f"AWS account {number} may pull images",
        ),
        (
            EnableWorkspace(options.organization_id),
            EnableWorkspace.kind in done or node is not None,
            "this workspace may use the account",
        ),
        (
            RegisterNode(options.name, options.deployment_mode),
            node is not None,
            f"compute node '{options.name}' is registered",
        ),
        (
            AwaitNode(options.name),
            node is not None and node.status is NodeStatus.ENABLED,
            f"compute node '{options.name}' is Enabled",
        ),
    )
    return tuple(AlreadyDone(step, why) if ready else step for step, ready, why in rows)
