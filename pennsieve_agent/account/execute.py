"""Carry out a registration, step by step, so that it can be killed anywhere and run again.

Each step first asks the world whether it is done already. ``POST /accounts`` and ``POST
/compute-nodes`` are not idempotent (``contracts/resources.md`` section 6, traps 18, 22, 24): what
may have been asked for by a run that was killed is looked for before it is asked for again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from pennsieve_agent.account.deploy import deploy
from pennsieve_agent.account.gateway import check_gateway
from pennsieve_agent.account.journal import JournalEntry
from pennsieve_agent.account.registration import AccountPlan
from pennsieve_agent.account.request import stack_request, turned_off
from pennsieve_agent.account.served.role import make
from pennsieve_agent.account.steps import (
    AllowImagePulls,
    AlreadyDone,
    AwaitNode,
    CheckGateway,
    DeployStack,
    EnableWorkspace,
    MakeRole,
    RegisterAccount,
    RegisterNode,
    Step,
    TurnOn,
    UploadCode,
)
from pennsieve_agent.account.worlds import Progress, StepState, Worlds
from pennsieve_agent.aws.s3 import object_exists, put_object
from pennsieve_agent.domain.compute import Account, ComputeNode, NodeStatus
from pennsieve_agent.domain.waiting import pauses
from pennsieve_agent.errors import (
    AgentError,
    Conflict,
    Forbidden,
    NotFound,
    PlatformError,
    StillRunning,
    UsageProblem,
)

LOOK_AGAIN_SECONDS = 6.0
NODE_SECONDS = 900.0
PATIENT_LOOKS = 5


def apply(plan: AccountPlan, worlds: Worlds) -> ComputeNode:
    """Do what a plan says; answers the node, Enabled.

    May be killed at any moment, and run again with a fresh plan: it finishes with the same names
    and makes nothing twice.

    Raises:
        AwsError, PlatformError: a step was refused; what was done before it stays and is used.
        StillRunning: AWS or Pennsieve takes longer than we wait.
        UsageProblem: another command is working on the same node.

    """
    with worlds.journal.locked():
        run = _Registration(plan, worlds)
        for step in plan.steps:
            run.take(step)
        return worlds.registry.node(run.entry.node_uuid)


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
            self.entry = replace(self.entry, done=())
        if self.entry.node_uuid and not plan.node_uuid:  # it was deleted meanwhile
            self.entry = replace(self.entry, nodes_before=None)
        self._note(
            account_uuid=plan.account_uuid,
            node_uuid=plan.node_uuid,
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
            case DeployStack() | UploadCode() | CheckGateway() | MakeRole():
                return self._in_aws(step)
            case RegisterAccount():
                return self._register_account(step)
            case AllowImagePulls():
                return self._allow_image_pulls(step)
            case EnableWorkspace():
                return self._enable_workspace(step)
            case RegisterNode():
                return self._register_node(step)
            case AwaitNode():
                return self._await_node(step)
            case _:
                assert_never(step)

    def _in_aws(self, step: DeployStack | UploadCode | CheckGateway | MakeRole) -> str:
        match step:
            case TurnOn():
                outcome = deploy(step, self.plan.stack_request, self.worlds)
                self._note(code=self.plan.spec.code)
                return outcome
            case DeployStack():
                return deploy(step, stack_request(turned_off(self.plan.spec)), self.worlds)
            case UploadCode():
                return self._upload(step)
            case CheckGateway():
                return check_gateway(step.function, self.worlds)
            case MakeRole():
                return self._make_role(step)

    def _upload(self, step: UploadCode) -> str:
        bundle = self.worlds.bundle
        if bundle is None:
            raise AgentError("the node's code is not in this program", where=step.key)
        if not object_exists(self.worlds.aws, step.bucket, step.key):
            put_object(self.worlds.aws, step.bucket, step.key, bundle.data)
        return f"the node's code, version {step.version}, is in its bucket"

    def _make_role(self, step: MakeRole) -> str:
        if self.plan.served is None:
            raise AgentError("there is nothing to make the role of", where=step.role_name)
        make(self.worlds.aws, self.plan.served, self.plan.name, self.worlds.sleep)
        return f"role {step.role_name} is there"

    def _register_account(self, step: RegisterAccount) -> str:
        found = self._find_account(step.account_id)
        if found is None:
            registry = self.worlds.registry
            try:
                uuid = registry.register_account(
                    step.account_id, step.role_name, self.plan.external_id
                )
            except Conflict:  # of an earlier run, and the list did not show it yet
                found = self._look_for_account(step.account_id)
                if found is None:
                    raise
            else:
                self._note(account_uuid=uuid)
                return f"AWS account {step.account_id} is registered"
        if found.role_name != step.role_name:
            raise Conflict(
                f"AWS account {step.account_id} was registered meanwhile with role "
                f"{found.role_name}, not {step.role_name}",
                where=found.uuid,
                hint="run the command again: it goes on with the registered role",
            )
        self._note(account_uuid=found.uuid)
        return f"AWS account {step.account_id} was registered already"

    def _find_account(self, aws_account_id: str) -> Account | None:
        found = self.worlds.registry.accounts()
        return next((a for a in found if a.aws_account_id == aws_account_id), None)

    def _look_for_account(self, aws_account_id: str) -> Account | None:
        for pause in pauses(LOOK_AGAIN_SECONDS):
            found = self._find_account(aws_account_id)
            if found is not None:
                return found
            self.worlds.sleep(pause)
        return None

    def _allow_image_pulls(self, step: AllowImagePulls) -> str:
        try:
            self.worlds.registry.allow_image_pulls(step.account_id)
        except PlatformError as error:
            self._tell(
                step.kind,
                StepState.PROBLEM,
                f"The account cannot pull images of workflows yet: {error.message}",
                f"repeat it later with: pennsieve compute register --name '{self.plan.name}'",
            )
            return ""
        return f"AWS account {step.account_id} may pull images"

    def _enable_workspace(self, step: EnableWorkspace) -> str:
        self.worlds.registry.enable_workspace(self.entry.account_uuid, step.organization_id)
        return "this workspace may use the account"

    def _register_node(self, step: RegisterNode) -> str:
        node = None
        if self.entry.nodes_before is not None:
            node = self._look_for_node(step.name)
        if node is None:
            node = self._create_node(step)
        self._note(node_uuid=node.uuid)
        return f"compute node '{step.name}' is registered"

    def _create_node(self, step: RegisterNode) -> ComputeNode:
        registry, organization = self.worlds.registry, self.plan.organization_id
        self._note(nodes_before=tuple(sorted(n.uuid for n in registry.nodes(organization))))
        names = self.plan.names
        return registry.create_node(
            self.entry.account_uuid,
            step.name,
            organization,
            deployment_mode=step.deployment_mode,
            self_managed=None
            if self.plan.served is not None
            else {
                "stackName": names.stack,
                "region": names.region,
                "gateway": names.gateway,
            },
        )

    def _look_for_node(self, name: str) -> ComputeNode | None:
        before = self.entry.nodes_before or ()
        for pause in pauses(LOOK_AGAIN_SECONDS):
            for node in self.worlds.registry.nodes(self.plan.organization_id):
                ours = node.name == name and node.account_uuid == self.entry.account_uuid
                new = node.uuid not in before and node.status is not NodeStatus.DESTROYING
                if ours and new:
                    return node
            self.worlds.sleep(pause)
        return None

    def _await_node(self, step: AwaitNode) -> str:
        for look, pause in enumerate(pauses(NODE_SECONDS)):
            try:
                node = self.worlds.registry.node(self.entry.node_uuid)
            except (Forbidden, NotFound):
                # The owner's right to see it is written after the node itself (trap 18).
                if look >= PATIENT_LOOKS:
                    raise
            else:
                if node.status is NodeStatus.ENABLED:
                    return f"compute node '{step.name}' is Enabled"
                self._refuse_dead_end(node)
            self.worlds.sleep(pause)
        raise StillRunning(
            f"Pennsieve has not enabled compute node '{step.name}' yet",
            where=self.entry.node_uuid,
            hint="run the same command again to go on waiting",
        )

    def _refuse_dead_end(self, node: ComputeNode) -> None:
        match node.status:
            case NodeStatus.FAILED:
                again = "then register it again"
                if self.plan.served is not None and self.plan.served.hardened:
                    again += ", with --as-served if it lacked a right that was denied"
                raise AgentError(
                    f"Pennsieve could not enter compute node '{node.name}': it is Failed, and "
                    "Pennsieve does not tell why",
                    where=node.uuid,
                    hint=f"remove it with: pennsieve compute remove '{node.name}', {again}",
                )
            case NodeStatus.PAUSED | NodeStatus.DESTROYING:
                raise AgentError(
                    f"compute node '{node.name}' is {node.status.value}",
                    where=node.uuid,
                    hint=f"see it with: pennsieve compute show '{node.name}'",
                )
            case _:
                return

    def _note(self, **changes: object) -> None:
        changed = replace(self.entry, **changes)  # type: ignore[arg-type]
        self.worlds.journal.write(changed)
        self.entry = changed

    def _tell(self, step: str, state: StepState, sentence: str, hint: str = "") -> None:
        self.worlds.progress(Progress(step, state, sentence, hint))
