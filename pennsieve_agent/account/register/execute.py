"""Carry out a registration, step by step, so that it can be killed anywhere and run again.

Each step first asks the world whether it is done already. ``POST /accounts`` and ``POST
/compute-nodes`` are not idempotent (``contracts/resources.md`` section 6, traps 18, 22, 24): what
may have been asked for by a run that was killed is looked for before it is asked for again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from pennsieve_agent.account.register.account_plan import AccountPlan
from pennsieve_agent.account.register.deploy_stack import deploy
from pennsieve_agent.account.register.steps import (
    AllowImagePulls,
    AlreadyDone,
    AwaitNode,
    CheckNode,
    CopyTransferImage,
    DeployStack,
    EnableWorkspace,
    MakeRole,
    PutShares,
    RegisterAccount,
    RegisterNode,
    RememberNode,
    ReplaceRecord,
    Step,
    TurnOn,
    UploadCode,
)
from pennsieve_agent.account.served.node_record import await_node, create_node
from pennsieve_agent.account.served.role import make
from pennsieve_agent.account.stack.stack_request import stack_request, turned_off
from pennsieve_agent.account.world.clients import Progress, StepState, Worlds
from pennsieve_agent.account.world.node_shares import put_again
from pennsieve_agent.account.world.own_node_state import check_node, own_node
from pennsieve_agent.account.world.pennsieve_account import delete_record, register_account
from pennsieve_agent.account.world.registration_journal import JournalEntry
from pennsieve_agent.aws.s3 import object_exists, put_object
from pennsieve_agent.domain.compute import ComputeNode
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import AgentError, Conflict, PlatformError, UsageProblem

ToldPennsieve = RegisterAccount | EnableWorkspace | AllowImagePulls
_WITHOUT = {
    RegisterAccount.kind: "images that Pennsieve builds cannot be pulled, and the web application "
    "does not show the AWS account",
    EnableWorkspace.kind: "the web application does not show the AWS account in this workspace",
    AllowImagePulls.kind: "images that Pennsieve builds cannot be pulled; those that you build can",
}
"""What of an own node does not work where Pennsieve refused a step."""


def apply(plan: AccountPlan, worlds: Worlds) -> OwnNode:
    """Make an own node, as a plan says; answers the node.

    May be killed at any moment, and run again with a fresh plan: it finishes with the same names
    and makes nothing twice. What Pennsieve refuses is told, and does not stop the rest.

    Raises:
        AwsError: a step was refused; what was done before it stays and is used.
        StillRunning: AWS takes longer than we wait.
        UsageProblem: another command is working on the same node.

    """
    _carry_out(plan, worlds)
    return own_node(plan.spec, worlds.aws.profile or "")


def apply_served(plan: AccountPlan, worlds: Worlds) -> ComputeNode:
    """Register a node that Pennsieve runs, as a plan says; answers the node, Enabled.

    Raises:
        AwsError, PlatformError: a step was refused; what was done before it stays and is used.
        StillRunning: Pennsieve takes longer than we wait.
        UsageProblem: another command is working on the same node.

    """
    entry = _carry_out(plan, worlds)
    return worlds.registry.node(entry.node_uuid)


def _carry_out(plan: AccountPlan, worlds: Worlds) -> JournalEntry:
    with worlds.journal.locked():
        run = _Registration(plan, worlds)
        for step in plan.steps:
            run.take(step)
        return run.entry


def first_entry(plan: AccountPlan) -> JournalEntry:
    """What is written down before anything is made: the names, above all."""
    return JournalEntry(
        token=plan.names.token,
        external_id=plan.external_id,
        aws_account_id=plan.identity.account_id,
        region=plan.identity.region,
        organization_id=plan.organization_id,
        settings=plan.spec.settings,
        role=plan.served.name if plan.served is not None else "",
    )


class _Registration:
    """One run through the steps. ``entry`` is always what the journal on disk says."""

    def __init__(self, plan: AccountPlan, worlds: Worlds) -> None:
        self.plan = plan
        self.worlds = worlds
        known = worlds.journal.read()
        if known is not None and known.token != plan.names.token:
            raise UsageProblem(
                f"compute node '{plan.name}' was begun by another command meanwhile",
                hint="run the command again to go on with it",
            )
        self.entry = known or first_entry(plan)
        if self.entry.account_uuid != plan.account_uuid:
            kept = tuple(kind for kind in self.entry.done if kind not in _WITHOUT)
            self.entry = replace(self.entry, done=kept)
        if self.entry.node_uuid and not plan.node_uuid:  # it was deleted meanwhile
            self.entry = replace(self.entry, nodes_before=None)
        self._note(
            account_uuid=plan.account_uuid,
            node_uuid=plan.node_uuid,
            organization_id=plan.organization_id or self.entry.organization_id,
            settings=plan.spec.settings,
        )

    def take(self, step: Step | AlreadyDone) -> None:
        """Do one step and tell about it."""
        if isinstance(step, AlreadyDone):
            self._tell(step.kind, StepState.ALREADY_DONE, step.sentence)
            return
        self._tell(step.kind, StepState.STARTED, step.sentence)
        try:
            outcome = self._do(step)
        except KeyboardInterrupt:
            self._tell(
                step.kind,
                StepState.INTERRUPTED,
                "Interrupted; what AWS or Pennsieve has begun goes on",
                "run the same command again to rejoin, or undo it with: pennsieve compute remove "
                f"'{self.plan.name}'",
            )
            raise
        if outcome:
            self._note(done=tuple(dict.fromkeys((*self.entry.done, step.kind))))
            self._tell(step.kind, StepState.DONE, outcome)

    def _do(self, step: Step) -> str:
        """Do one step; answers what came of it, empty when it is still to be done."""
        match step:
            case DeployStack() | UploadCode() | CopyTransferImage() | MakeRole():
                return self._in_aws(step)
            case CheckNode() | PutShares():
                return self._ask_node(step)
            case RegisterAccount() | EnableWorkspace() | AllowImagePulls():
                return self._tell_pennsieve(step)
            case RememberNode():
                self.worlds.nodes.put(own_node(self.plan.spec, self.worlds.aws.profile or ""))
                return f"compute node '{step.name}' is remembered on this machine"
            case ReplaceRecord() | RegisterNode() | AwaitNode():
                return self._keep_record(step)
            case _:
                assert_never(step)

    def _keep_record(self, step: ReplaceRecord | RegisterNode | AwaitNode) -> str:
        """The records of a node that Pennsieve runs, and of its account."""
        match step:
            case ReplaceRecord():
                delete_record(self.worlds.registry, step.uuid, self.worlds.sleep)
                return f"the registration of AWS account {step.account_id} is taken away"
            case RegisterNode():
                return self._register_node(step)
            case AwaitNode():
                hardened = self.plan.served is not None and self.plan.served.hardened
                uuid = self.entry.node_uuid
                return await_node(self.worlds, uuid, step.name, hardened=hardened)

    def _ask_node(self, step: CheckNode | PutShares) -> str:
        node = own_node(self.plan.spec, self.worlds.aws.profile or "")
        if isinstance(step, CheckNode):
            return check_node(node, self.worlds)
        put = put_again(self.worlds.aws, self.worlds.client(node), node)
        if not put:
            return "everybody whom the node is shared with can call it"
        return f"these can call the node again: {', '.join(row.principal.arn for row in put)}"

    def _in_aws(self, step: DeployStack | UploadCode | CopyTransferImage | MakeRole) -> str:
        match step:
            case TurnOn():
                outcome = deploy(step, self.plan.stack_request, self.worlds)
                self._note(code=self.plan.spec.code)
                return outcome
            case DeployStack():
                return deploy(step, stack_request(turned_off(self.plan.spec)), self.worlds)
            case UploadCode():
                return self._upload(step)
            case CopyTransferImage():
                return self._copy(step)
            case MakeRole():
                return self._make_role(step)

    def _upload(self, step: UploadCode) -> str:
        bundle = self.worlds.bundle
        if bundle is None:
            raise AgentError("the node's code is not in this program", where=step.key)
        if not object_exists(self.worlds.aws, step.bucket, step.key):
            put_object(self.worlds.aws, step.bucket, step.key, bundle.data)
        return f"the node's code, version {step.version}, is in its bucket"

    def _copy(self, step: CopyTransferImage) -> str:
        if self.worlds.transfer is None:
            raise AgentError("there is nothing to copy the image with", where=step.repository)
        self.worlds.transfer.copy(
            step.repository,
            step.digest,
            lambda text: self._tell(step.kind, StepState.EVENT, text),
        )
        return f"the image in which files are moved is in repository {step.repository}"

    def _make_role(self, step: MakeRole) -> str:
        if self.plan.served is None:
            raise AgentError("there is nothing to make the role of", where=step.role_name)
        make(self.worlds.aws, self.plan.served, self.plan.name, self.worlds.sleep)
        return f"role {step.role_name} is there"

    def _tell_pennsieve(self, step: ToldPennsieve) -> str:
        """Pennsieve's no does not stop an own node; of a node that it runs, most of it does."""
        try:
            return self._told(step)
        except PlatformError as error:
            if self.plan.served is not None and not isinstance(step, AllowImagePulls):
                raise
            again = f"pennsieve compute register --name '{self.plan.name}'"
            again += "" if self.plan.served is None else " --provisioner platform"
            self._tell(
                step.kind,
                StepState.PROBLEM,
                f"Pennsieve refused: {error.message}. So {_WITHOUT[step.kind]}",
                f"repeat it later with: {again}",
            )
            return ""

    def _told(self, step: ToldPennsieve) -> str:
        match step:
            case RegisterAccount():
                return self._register_account(step)
            case AllowImagePulls():
                self.worlds.registry.allow_image_pulls(step.account_id)
                return f"AWS account {step.account_id} may pull images"
            case EnableWorkspace():
                if not self.entry.account_uuid:
                    raise PlatformError("the AWS account is not registered")
                self.worlds.registry.enable_workspace(self.entry.account_uuid, step.organization_id)
                return "this workspace may use the account"

    def _register_account(self, step: RegisterAccount) -> str:
        uuid, before = register_account(
            self.worlds.registry,
            step.account_id,
            step.role_name,
            self.plan.external_id,
            self.worlds.sleep,
        )
        if before is not None and before.role_name != step.role_name and self.plan.served:
            raise Conflict(
                f"AWS account {step.account_id} was registered meanwhile with role "
                f"{before.role_name}, not {step.role_name}",
                where=before.uuid,
                hint="run the command again: it goes on with the registered role",
            )
        self._note(account_uuid=uuid)
        if before is None:
            return f"AWS account {step.account_id} is registered"
        return f"AWS account {step.account_id} was registered already, and is used as it is"

    def _register_node(self, step: RegisterNode) -> str:
        node = create_node(
            self.worlds,
            self.plan,
            self.entry,
            lambda before: self._note(nodes_before=before),
        )
        self._note(node_uuid=node.uuid)
        return f"compute node '{step.name}' is registered"

    def _note(self, **changes: object) -> None:
        changed = replace(self.entry, **changes)  # type: ignore[arg-type]
        self.worlds.journal.write(changed)
        self.entry = changed

    def _tell(self, step: str, state: StepState, sentence: str, hint: str = "") -> None:
        self.worlds.progress(Progress(step, state, sentence, hint))
