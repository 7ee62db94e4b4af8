"""What the registration of an own node will do: desired minus observed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.account.register.account_plan import AccountPlan
from pennsieve_agent.account.register.node_identity import RegisterOptions
from pennsieve_agent.account.register.observe import Observed
from pennsieve_agent.account.register.steps import (
    CheckNode,
    CopyTransferImage,
    DeployStack,
    PutShares,
    RegisterAccount,
    RememberNode,
    StackAction,
    Step,
    TurnOn,
    UploadCode,
)
from pennsieve_agent.account.spec.names import OWN_ROLE_PREFIX, check_node_name
from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.stack_request import stack_request, turned_off
from pennsieve_agent.account.world.account_steps import account_steps
from pennsieve_agent.account.world.own_node_state import own_node
from pennsieve_agent.account.world.steps import AlreadyDone
from pennsieve_agent.aws.cloudformation import MAX_STORED_TEMPLATE_BYTES
from pennsieve_agent.aws.values import ResourceChange, Stack
from pennsieve_agent.errors import AwsError, UsageProblem


def plan_registration(observed: Observed, options: RegisterOptions) -> AccountPlan:
    """The steps from how things are to a usable node.

    Raises:
        UsageProblem: the name is taken or unusable.
        AwsError: the stack is in a state that only a person can resolve.

    """
    check_node_name(options.name)
    check_free(observed, options)
    _check_length(observed.spec)
    return AccountPlan(
        spec=observed.spec,
        organization_id=options.organization_id,
        identity=observed.identity,
        steps=(
            *_aws_steps(observed),
            _register_account(observed),
            *account_steps(
                observed.identity.account_id,
                options.organization_id,
                observed.account,
                observed.journal,
            ),
            _remember(observed),
        ),
        account_uuid=observed.account.uuid if observed.account is not None else "",
        before=observed.chosen,
    )


def check_free(observed: Observed, options: RegisterOptions) -> None:
    """Refuse the name of a node that Pennsieve runs: two nodes of one name cannot be told apart.

    Raises:
        UsageProblem: there is one.

    """
    folded = options.name.casefold()
    if taken := next((n for n in observed.nodes if n.name.casefold() == folded), None):
        raise UsageProblem(
            f"there is already a compute node called '{taken.name}' ({taken.status.value}), which "
            "Pennsieve runs",
            where=taken.uuid,
            hint="choose another name with: --name, or see it with: pennsieve compute show "
            f"'{taken.name}'",
        )


def _check_length(spec: NodeSpec) -> None:
    """CloudFormation limits a template, and tags are in it many times."""
    if len(stack_request(spec).body.encode()) > MAX_STORED_TEMPLATE_BYTES:
        raise UsageProblem(
            f"with {len(spec.settings.extras.tags)} tags the stack's template is longer than the "
            f"{MAX_STORED_TEMPLATE_BYTES} bytes that CloudFormation accepts",
            hint="use fewer or shorter tags",
        )


def _aws_steps(observed: Observed) -> tuple[Step | AlreadyDone, ...]:
    """First the stack without functions, then its code, then the functions, and a health check."""
    steps: list[Step | AlreadyDone] = [_first(observed)]
    code = observed.spec.code
    if code is None:
        return tuple(steps)
    names = observed.names
    upload = UploadCode(names.bucket, names.code_key(code.digest), code.version)
    turn_on = _turn_on(observed)
    check = CheckNode(names.admin)
    well = isinstance(turn_on, AlreadyDone)
    checked = _in_journal(observed, CheckNode.kind)
    steps += [
        AlreadyDone(upload, f"the node's code, version {code.version}, is in its bucket")
        if observed.uploaded or (observed.taken and well)
        else upload,
        *_transfer_steps(observed),
        turn_on,
        AlreadyDone(check, "the node answered that it is healthy") if well and checked else check,
    ]
    if observed.installed is not None and not well:
        steps.append(PutShares(names.gateway))
    return tuple(steps)


def _in_journal(observed: Observed, kind: str) -> bool:
    return observed.journal is not None and kind in observed.journal.done


def _transfer_steps(observed: Observed) -> tuple[Step | AlreadyDone, ...]:
    digest = observed.spec.transfer_digest
    step = CopyTransferImage(observed.names.transfer_images, digest)
    # Whoever makes a stack by hand copies nothing, whatever its template says.
    copied = not observed.taken or _in_journal(observed, CopyTransferImage.kind)
    if observed.transferred == digest and copied:
        return (AlreadyDone(step, f"the image of transfer jobs ({digest}) is copied"),)
    return (step,)


def _first(observed: Observed) -> Step | AlreadyDone:
    """The stack without its functions; one that has them is not changed before the next step."""
    action = stack_action(observed.stack)
    changes: tuple[ResourceChange, ...] = ()
    if action is StackAction.UPDATE:
        changes = observed.changes or ()
    elif action is not StackAction.REJOIN:
        changes = additions(stack_request(turned_off(observed.spec)).template)
    step = DeployStack(*_place(observed), action, changes)
    if observed.taken or (action is StackAction.UPDATE and observed.installed is not None):
        return AlreadyDone(step, f"stack {step.stack} exists")
    if action is StackAction.UPDATE and not changes:
        return AlreadyDone(step, f"stack {step.stack} is up to date")
    return step


def _turn_on(observed: Observed) -> Step | AlreadyDone:
    on = observed.installed is not None
    changes = (observed.changes or ()) if on else turning_on(observed.spec)
    step = TurnOn(*_place(observed), StackAction.UPDATE, changes, predicted=not on)
    if on and observed.stack is not None and observed.stack.updatable:
        if not changes:
            return AlreadyDone(step, "the node is turned on")
        if observed.taken:
            return AlreadyDone(step, "the node is turned on; its stack is used unchanged")
    return step


def _place(observed: Observed) -> tuple[str, str]:
    return observed.names.stack, observed.identity.region


def additions(template: Mapping[str, Any]) -> tuple[ResourceChange, ...]:
    """What creating a stack adds: everything in its template."""
    resources = template["Resources"]
    return tuple(ResourceChange("Add", name, body["Type"]) for name, body in resources.items())


def turning_on(spec: NodeSpec) -> tuple[ResourceChange, ...]:
    """What the functions add to a stack that has none yet, and change in it."""
    off = stack_request(turned_off(spec)).template["Resources"]
    on = stack_request(spec).template["Resources"]
    return tuple(
        ResourceChange("Modify" if name in off else "Add", name, body["Type"])
        for name, body in on.items()
        if off.get(name) != body
    )


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
        hint="delete what is left with: pennsieve compute delete, then run this again"
        if stack.status == "DELETE_FAILED"
        else "resolve it in the AWS console under CloudFormation, then run this again",
        aws_code=stack.status,
    )


def _register_account(observed: Observed) -> Step | AlreadyDone:
    number, account = observed.identity.account_id, observed.account
    step = RegisterAccount(number, observed.names.account_role)
    if account is None:
        return step
    # A node that Pennsieve runs in the same account had it registered with a role.
    is_own = account.role_name.startswith(OWN_ROLE_PREFIX)
    role = "without a role" if is_own else f"with role {account.role_name}"
    return AlreadyDone(step, f"AWS account {number} is registered {role}")


def _remember(observed: Observed) -> Step | AlreadyDone:
    step = RememberNode(observed.spec.node_name)
    node = own_node(observed.spec, observed.aws_profile)
    if observed.remembered == node:
        return AlreadyDone(step, f"compute node '{node.name}' is remembered on this machine")
    return step
