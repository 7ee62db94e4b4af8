"""Carry out a removal, and check afterwards that everything is really deleted."""

from __future__ import annotations

from dataclasses import dataclass

from pennsieve_agent.account.remove.delete_node_stack import delete_node_stack
from pennsieve_agent.account.remove.leftovers import Leftover, Remaining, find_remaining
from pennsieve_agent.account.remove.plan_removal import RemovalPlan, RemovalStep
from pennsieve_agent.account.served.role import delete as delete_role
from pennsieve_agent.account.world.clients import Clients, Progress, StepState
from pennsieve_agent.aws.iam import find_role
from pennsieve_agent.domain.compute import NodeStatus
from pennsieve_agent.domain.poll_delays import pauses
from pennsieve_agent.errors import (
    AgentError,
    AwsError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PlatformError,
    StillRunning,
)

NODE_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class RemovalReport:
    """The result of a removal. ``leftovers`` should be empty; what it names still exists."""

    removed: tuple[str, ...]
    kept: tuple[str, ...]
    leftovers: tuple[Leftover, ...]


def apply_removal(plan: RemovalPlan, clients: Clients) -> RemovalReport:
    """Do what a plan says. May be killed at any moment and run again with a fresh plan.

    Raises:
        Conflict: runs are active on the node.
        AwsError, PlatformError: a step was refused; the rest was not tried.
        StillRunning: AWS or Pennsieve takes longer than we wait.

    """
    with clients.journal.locked():
        removal = _Removal(plan, clients)
        for step in plan.steps:
            removal.take(step)
        remaining = removal.remaining()
        if not remaining.leftovers and not removal.role_kept:
            clients.journal.forget()
        kept = (*removal.kept, *remaining.ending)
        return RemovalReport(tuple(removal.removed), kept, remaining.leftovers)


class _Removal:
    def __init__(self, plan: RemovalPlan, clients: Clients) -> None:
        self.plan = plan
        self.clients = clients
        self.removed: list[str] = []
        self.kept: list[str] = list(plan.kept)
        self.account_in_use = False
        self.role_kept = False

    def take(self, step: RemovalStep) -> None:
        self._tell(step, StepState.STARTED, step.sentence)
        self._tell(step, StepState.DONE, self._do(step))

    def _do(self, step: RemovalStep) -> str:
        match step.kind:
            case "delete_node":
                return self._delete_node(step)
            case "disable_workspace":
                return self._disable_workspace(step)
            case "delete_account":
                return self._delete_account(step)
            case "delete_role":
                return self._delete_role(step)
            case "forget_node":
                self.clients.nodes.remove(step.target)
                return "this machine no longer remembers it"
            case _:
                return self._delete_stack(step)

    def _delete_node(self, step: RemovalStep) -> str:
        done = f"compute node '{self.plan.name}' is deleted from Pennsieve"
        try:
            self.clients.registry.delete_node(step.target)
            for pause in pauses(NODE_SECONDS):
                if self.clients.registry.node(step.target).status is NodeStatus.FAILED:
                    raise AgentError(
                        f"Pennsieve could not delete compute node '{self.plan.name}'",
                        where=step.target,
                        hint="run the command again; if that fails too, ask Pennsieve",
                    )
                self.clients.sleep(pause)
        except NotFound:
            self.removed.append(f"compute node {self.plan.name}")
            return done
        raise StillRunning(
            f"Pennsieve is still deleting compute node '{self.plan.name}'",
            where=step.target,
            hint="run the same command again to continue waiting",
        )

    def _disable_workspace(self, step: RemovalStep) -> str:
        try:
            self.clients.registry.disable_workspace(step.target, self.plan.organization_id)
        except PlatformError as error:
            self._stop_unless_kept(error)
            return self._keep("this workspace's permission to use the AWS account", error)
        return "this workspace no longer uses the AWS account"

    def _delete_account(self, step: RemovalStep) -> str:
        try:
            self.clients.registry.delete_account(step.target)
        except NotFound:
            pass
        except PlatformError as error:
            self._stop_unless_kept(error)
            return self._keep("the registration of the AWS account", error)
        self.removed.append("registration of the AWS account")
        return "the registration of the AWS account is deleted"

    def _stop_unless_kept(self, error: PlatformError) -> None:
        """Continue where Pennsieve refuses for good; for a node that it runs, on a conflict alone.

        Raises:
            PlatformError: it may be accepted when it is tried again.
        """
        final = isinstance(error, Conflict | Forbidden | Invalid)
        if not final or (self.plan.is_served and not isinstance(error, Conflict)):
            raise error
        self.account_in_use = True

    def _delete_role(self, step: RemovalStep) -> str:
        if self.account_in_use:
            self.role_kept = True
            self.kept.append(f"role {step.target}, as other nodes use it")
            return "the role is kept, as other nodes use it"
        delete_role(self.clients.aws, step.target)
        if find_role(self.clients.aws, step.target) is not None:
            raise AwsError(
                f"AWS still shows role {step.target}",
                hint="run the same command again to check again",
            )
        self.removed.append(f"role {step.target}")
        return "the role is deleted"

    def _delete_stack(self, step: RemovalStep) -> str:
        delete_node_stack(
            step.target,
            self.plan.names,
            self.clients,
            lambda state, sentence: self._tell(step, state, sentence),
        )
        self.removed.append(f"stack {step.target}")
        return "the stack is deleted"

    def remaining(self) -> Remaining:
        """What should be deleted and is not, or not yet."""
        if self.plan.names is None or self.role_kept:
            return Remaining()
        return find_remaining(self.clients, self.plan.names)

    def _keep(self, what: str, error: PlatformError) -> str:
        self.kept.append(f"{what}: {error.message}")
        return f"{what} is kept: {error.message}"

    def _tell(self, step: RemovalStep, state: StepState, sentence: str, hint: str = "") -> None:
        self.clients.progress(Progress(step.kind, state, sentence, hint))
