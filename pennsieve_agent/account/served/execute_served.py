"""Register a node that Pennsieve runs, step by step; it can be killed anywhere and run again.

``POST /accounts`` and ``POST /compute-nodes`` are not idempotent (``contracts/resources.md``
section 6, traps 18, 22, 24): what a run that was killed may have asked for is looked for before it
is asked for again.
"""

from __future__ import annotations

from typing import assert_never

from pennsieve_agent.account.served.node_record import await_node, create_node
from pennsieve_agent.account.served.role import make
from pennsieve_agent.account.served.served_plan import ServedPlan
from pennsieve_agent.account.served.steps import (
    AwaitNode,
    MakeRole,
    RegisterNode,
    RegisterRole,
    ReplaceRecord,
    ServedStep,
)
from pennsieve_agent.account.spec.node_spec import Settings
from pennsieve_agent.account.world.account_steps import (
    AllowImagePulls,
    EnableWorkspace,
    do_account_step,
)
from pennsieve_agent.account.world.clients import Clients
from pennsieve_agent.account.world.pennsieve_account import delete_record, register_account
from pennsieve_agent.account.world.registration_journal import JournalEntry
from pennsieve_agent.account.world.step_runner import StepRunner
from pennsieve_agent.account.world.steps import AlreadyDone
from pennsieve_agent.domain.compute import ComputeNode
from pennsieve_agent.errors import Conflict, PlatformError


def apply_served(plan: ServedPlan, clients: Clients) -> ComputeNode:
    """Register a node that Pennsieve runs, as a plan says; answers the node, Enabled.

    Raises:
        AwsError, PlatformError: a step was refused; what was done before it stays and is used.
        StillRunning: Pennsieve takes longer than we wait.
        UsageProblem: another command is working on the same node.

    """
    with clients.journal.locked():
        registration = _ServedRegistration(plan, clients)
        for step in plan.steps:
            if isinstance(step, AlreadyDone):
                registration.runner.skip(step)
            else:
                registration.runner.take(step, registration.do)
        return clients.registry.node(registration.runner.entry.node_uuid)


def _first_entry(plan: ServedPlan) -> JournalEntry:
    """What is written down before anything is created: the role's name, above all."""
    return JournalEntry(
        token=plan.token,
        external_id=plan.external_id,
        aws_account_id=plan.identity.account_id,
        region=plan.identity.region,
        organization_id=plan.organization_id,
        account_uuid=plan.account_uuid,
        node_uuid=plan.node_uuid,
        settings=Settings(mode=plan.mode),
        role=plan.role.name,
    )


class _ServedRegistration:
    """What each step of one plan does."""

    def __init__(self, plan: ServedPlan, clients: Clients) -> None:
        self.plan = plan
        self.clients = clients
        self.runner = StepRunner(clients, plan.name, _first_entry(plan))

    def do(self, step: ServedStep) -> str:
        """Do one step; answers what came of it, empty when it is still to be done."""
        registry, sleep = self.clients.registry, self.clients.sleep
        match step:
            case MakeRole():
                make(self.clients.aws, self.plan.role, self.plan.name, sleep)
                outcome = f"role {step.role_name} exists"
            case ReplaceRecord():
                delete_record(registry, step.uuid, sleep)
                outcome = f"the registration of AWS account {step.account_id} is deleted"
            case RegisterRole():
                outcome = self._register_role(step)
            case EnableWorkspace():
                outcome = do_account_step(step, registry, self.runner.entry.account_uuid)
            case AllowImagePulls():
                outcome = self._allow_image_pulls(step)
            case RegisterNode():
                outcome = self._register_node(step)
            case AwaitNode():
                uuid, hardened = self.runner.entry.node_uuid, self.plan.role.hardened
                outcome = await_node(self.clients, uuid, step.name, hardened=hardened)
            case _:
                assert_never(step)
        return outcome

    def _register_role(self, step: RegisterRole) -> str:
        uuid, before = register_account(
            self.clients.registry,
            step.account_id,
            step.role_name,
            self.plan.external_id,
            self.clients.sleep,
        )
        if before is not None and before.role_name != step.role_name:
            raise Conflict(
                f"AWS account {step.account_id} was registered in the meantime with role "
                f"{before.role_name}, not {step.role_name}",
                where=before.uuid,
                hint="run the command again: it continues with the registered role",
            )
        self.runner.note(account_uuid=uuid)
        return f"AWS account {step.account_id} is registered"

    def _allow_image_pulls(self, step: AllowImagePulls) -> str:
        """A node works without it, except for images that Pennsieve builds."""
        try:
            return do_account_step(step, self.clients.registry, self.runner.entry.account_uuid)
        except PlatformError as error:
            consequence = "images that Pennsieve builds cannot be pulled"
            command = f"pennsieve compute register --name '{self.plan.name}'"
            command += " --provisioner platform"
            self.runner.refused(step, error, consequence, command)
            return ""

    def _register_node(self, step: RegisterNode) -> str:
        node = create_node(
            self.clients,
            self.plan,
            self.runner.entry,
            lambda before: self.runner.note(nodes_before=before),
        )
        self.runner.note(node_uuid=node.uuid)
        return f"compute node '{step.name}' is registered"
