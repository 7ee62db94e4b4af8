"""Carry out the registration of an own node, step by step; it can be killed anywhere and run again.

Each step first looks whether it is done already. ``POST /accounts`` is not idempotent
(``contracts/resources.md`` section 6, traps 18 and 24): what a run that was killed may have asked
for is looked for before it is asked for again.
"""

from __future__ import annotations

from typing import assert_never

from pennsieve_agent.account.register.account_plan import AccountPlan
from pennsieve_agent.account.register.deploy_stack import deploy
from pennsieve_agent.account.register.steps import (
    CheckNode,
    CopyTransferImage,
    DeployStack,
    PutShares,
    RegisterAccount,
    RememberNode,
    Step,
    TurnOn,
    UploadCode,
)
from pennsieve_agent.account.stack.stack_request import stack_request, turned_off
from pennsieve_agent.account.world.account_steps import (
    AllowImagePulls,
    EnableWorkspace,
    do_account_step,
)
from pennsieve_agent.account.world.clients import Clients, StepState
from pennsieve_agent.account.world.node_shares import put_again
from pennsieve_agent.account.world.own_node_state import check_node, own_node
from pennsieve_agent.account.world.pennsieve_account import register_account
from pennsieve_agent.account.world.registration_journal import JournalEntry
from pennsieve_agent.account.world.step_runner import StepRunner
from pennsieve_agent.account.world.steps import AlreadyDone
from pennsieve_agent.aws.s3 import object_exists, put_object
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import AgentError, PlatformError

PennsieveStep = RegisterAccount | EnableWorkspace | AllowImagePulls
_CONSEQUENCES = {
    RegisterAccount.kind: "images that Pennsieve builds cannot be pulled, and the web application "
    "does not show the AWS account",
    EnableWorkspace.kind: "the web application does not show the AWS account in this workspace",
    AllowImagePulls.kind: "images that Pennsieve builds cannot be pulled; those that you build can",
}
"""What does not work on an own node where Pennsieve refused a step."""


def apply(plan: AccountPlan, clients: Clients) -> OwnNode:
    """Create an own node, as a plan says; answers the node.

    May be killed at any moment, and run again with a fresh plan: it finishes with the same names
    and creates nothing twice. Where Pennsieve refuses something, that is told, and the rest goes
    on.

    Raises:
        AwsError: a step was refused; what was done before it stays and is used.
        StillRunning: AWS takes longer than we wait.
        UsageProblem: another command is working on the same node.

    """
    with clients.journal.locked():
        registration = _Registration(plan, clients)
        for step in plan.steps:
            if isinstance(step, AlreadyDone):
                registration.runner.skip(step)
            else:
                registration.runner.take(step, registration.do)
    return own_node(plan.spec, clients.aws.profile or "")


def first_entry(plan: AccountPlan) -> JournalEntry:
    """What is written down before anything is created: the names, above all."""
    return JournalEntry(
        token=plan.names.token,
        external_id="",
        aws_account_id=plan.identity.account_id,
        region=plan.identity.region,
        organization_id=plan.organization_id,
        account_uuid=plan.account_uuid,
        settings=plan.spec.settings,
    )


class _Registration:
    """What each step of one plan does."""

    def __init__(self, plan: AccountPlan, clients: Clients) -> None:
        self.plan = plan
        self.clients = clients
        self.runner = StepRunner(clients, plan.name, first_entry(plan))

    def do(self, step: Step) -> str:
        """Do one step; answers what came of it, empty when it is still to be done."""
        match step:
            case TurnOn():
                outcome = deploy(step, self.plan.stack_request, self.clients)
                self.runner.note(code=self.plan.spec.code)
            case DeployStack():
                outcome = deploy(step, stack_request(turned_off(self.plan.spec)), self.clients)
            case UploadCode():
                outcome = self._upload(step)
            case CopyTransferImage():
                outcome = self._copy(step)
            case CheckNode():
                outcome = check_node(self._node, self.clients)
            case PutShares():
                outcome = self._put_shares()
            case RegisterAccount() | EnableWorkspace() | AllowImagePulls():
                outcome = self._ask_pennsieve(step)
            case RememberNode():
                self.clients.nodes.put(self._node)
                outcome = f"compute node '{step.name}' is remembered on this machine"
            case _:
                assert_never(step)
        return outcome

    @property
    def _node(self) -> OwnNode:
        return own_node(self.plan.spec, self.clients.aws.profile or "")

    def _upload(self, step: UploadCode) -> str:
        bundle = self.clients.bundle
        if bundle is None:
            raise AgentError("this program does not contain the node's code", where=step.key)
        if not object_exists(self.clients.aws, step.bucket, step.key):
            put_object(self.clients.aws, step.bucket, step.key, bundle.data)
        return f"the node's code, version {step.version}, is in its bucket"

    def _copy(self, step: CopyTransferImage) -> str:
        if self.clients.transfer is None:
            raise AgentError("there is nothing to copy the image with", where=step.repository)
        self.clients.transfer.copy(
            step.repository,
            step.digest,
            lambda text: self.runner.tell(step, StepState.EVENT, text),
        )
        return f"the image of transfer jobs is in repository {step.repository}"

    def _put_shares(self) -> str:
        node = self._node
        put = put_again(self.clients.aws, self.clients.client(node), node)
        if not put:
            return "everybody with whom the node is shared can call it"
        return f"these can call the node again: {', '.join(row.principal.arn for row in put)}"

    def _ask_pennsieve(self, step: PennsieveStep) -> str:
        """An own node works without what Pennsieve refuses, except for what the output says."""
        try:
            if isinstance(step, RegisterAccount):
                return self._register_account(step)
            uuid = self.runner.entry.account_uuid
            return do_account_step(step, self.clients.registry, uuid)
        except PlatformError as error:
            command = f"pennsieve compute register --name '{self.plan.name}'"
            self.runner.refused(step, error, _CONSEQUENCES[step.kind], command)
            return ""

    def _register_account(self, step: RegisterAccount) -> str:
        # The external id is for roles; an own node has none that Pennsieve could assume.
        uuid, before = register_account(
            self.clients.registry, step.account_id, step.role_name, "", self.clients.sleep
        )
        self.runner.note(account_uuid=uuid)
        if before is None:
            return f"AWS account {step.account_id} is registered"
        return f"AWS account {step.account_id} was registered already; its registration is used"
