"""Find everything that would stop a registration half-way, before anything is created."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from pennsieve_agent.account.register.account_plan import AccountPlan
from pennsieve_agent.account.register.preflight_problems import Finding, Weight, findings
from pennsieve_agent.account.register.read_limits import read_limits_before
from pennsieve_agent.account.register.steps import DeployStack, StackAction
from pennsieve_agent.account.rights.installer import installer_rights
from pennsieve_agent.account.rights.right import CLOUDFORMATION, INSTALLER_HINT, VIA, Right
from pennsieve_agent.account.rights.stack_rights import BOUNDARY_ACTIONS, Place
from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.spec.node_spec import Settings
from pennsieve_agent.aws.probes import refused_probes
from pennsieve_agent.aws.rights import Question, Refusal, lacking, principal_of
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.aws.values import AwsIdentity
from pennsieve_agent.errors import AwsError, NotPermitted

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Questions to AWS at the same time: there is one for each right."""
BOUNDARY_HINT = (
    "a rule of your organisation forbids it; if that rule demands a permissions boundary on every "
    "role, give its ARN with: --permissions-boundary ARN"
)
NO_BOUNDARY_HINT = (
    "this account has no permissions boundary for the roles of nodes yet; ask its administrator to "
    "make it once, as this prints: pennsieve compute policy boundary"
)


@dataclass(frozen=True, slots=True)
class Intent:
    """What the checks need of a plan.

    ``creates`` says that the stack is all new; ``removed`` are types of resources that it will not
    have any more, ``added`` the names in the template of those that it does not have yet.
    """

    names: NodeNames
    identity: AwsIdentity
    settings: Settings
    template: Mapping[str, Any]
    creates: bool
    removed: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()

    @property
    def place(self) -> Place:
        """Where its resources will be, and of which types they are."""
        types = {resource["Type"] for resource in self.template["Resources"].values()}
        extras = self.settings.extras
        return Place(self.names, extras.boundary, self.settings.role_path, self.removed | types)

    @property
    def created(self) -> dict[str, Any]:
        """The part of the template that is created."""
        rows = self.template["Resources"].items()
        return {"Resources": {k: row for k, row in rows if self.creates or k in self.added}}


def check_before(aws: Aws, plan: AccountPlan, note: Callable[[str], None]) -> None:
    """Refuse a plan whose AWS part could not be carried out, or not be taken back.

    ``note`` receives warnings, and what could not be checked.

    Raises:
        NotPermitted: names every action that is missing.
        AwsError: something else stands in the way; the message says what.

    """
    intent = intent_of(plan)
    if intent is None:
        return
    missing = missing_rights(aws, intent, note)
    problems = problems_before(aws, intent)
    errors = [problem for problem in problems if problem.weight is Weight.ERROR]
    alone = not missing and len(errors) == 1
    for problem in problems:
        if problem.weight is not Weight.ERROR or not alone:
            note(problem.sentence + (f"; {problem.remedy}" if problem.remedy else ""))
    if missing:
        raise _lacks(missing, intent.identity)
    if errors:
        raise AwsError(
            errors[0].sentence
            if alone
            else f"{len(errors)} problems, listed above, prevent the registration",
            where=f"AWS account {intent.identity.account_id}",
            hint=errors[0].remedy if alone else "fix them, then run the same command again",
            aws_code="StandsInTheWay",
        )


def intent_of(plan: AccountPlan) -> Intent | None:
    """What a plan intends in AWS; None when nothing."""
    deploys = [step for step in plan.steps if isinstance(step, DeployStack)]
    if not deploys:
        return None
    return Intent(
        plan.names,
        plan.identity,
        plan.spec.settings,
        plan.stack_request.template,
        creates=deploys[0].action is StackAction.CREATE,
        removed=frozenset(c.type for s in deploys for c in s.changes if c.action == "Remove"),
        added=frozenset(c.logical_id for s in deploys for c in s.changes if c.action == "Add"),
    )


def problems_before(aws: Aws, intent: Intent) -> tuple[Finding, ...]:
    """The problems with quotas, names and the network; permissions are checked elsewhere."""
    limits = read_limits_before(
        aws, intent.names, intent.settings, intent.created, creates=intent.creates
    )
    return findings(limits, intent.settings, creates=intent.creates)


def missing_rights(aws: Aws, intent: Intent, note: Callable[[str], None]) -> tuple[Refusal, ...]:
    """Every permission that is missing, once; ``note`` receives what cannot be checked."""
    rights = [right for right in installer_rights(intent.place) if right.needed]
    principal = principal_of(aws, intent.identity)
    if principal is None:
        return _probed(aws, intent, rights, note)
    first, *others = (_question(right, intent) for right in rights)
    try:
        missing = [*lacking(aws, principal, first)]  # alone: it tells whether it may be asked
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for refusals in pool.map(partial(lacking, aws, principal), others):
                missing += refusals
    except NotPermitted:
        return _probed(aws, intent, rights, note)
    except AwsError as error:  # an emulated AWS does not know the question
        log.debug("rights cannot be simulated: %s", error.message)
        return ()
    return tuple({refusal.action: refusal for refusal in missing}.values())


def _probed(
    aws: Aws, intent: Intent, rights: Iterable[Right], note: Callable[[str], None]
) -> tuple[Refusal, ...]:
    """Where nothing can be simulated: try the reads, and say that the rest is not known."""
    note(
        "your permissions to create resources cannot be checked in advance "
        "(iam:SimulatePrincipalPolicy is not allowed), only those to read; if one is missing, AWS "
        "will say so, and the registration can be continued afterwards"
    )
    needed = {
        action for right in rights if not right.via_cloudformation for action in right.actions
    }
    names = intent.names
    return tuple(
        Refusal(action)
        for action in refused_probes(
            aws,
            stack=names.stack,
            role=names.gateway,
            policy=names.boundary_arn,
            bucket=names.bucket,
            table=names.table,
        )
        if action in needed
    )


def _lacks(missing: tuple[Refusal, ...], identity: AwsIdentity) -> NotPermitted:
    word = "this permission" if len(missing) == 1 else f"{len(missing)} permissions"
    role = next((r for r in missing if r.action == "iam:CreateRole"), None)
    ruled = role is not None and (role.forbidden or role.by_organization)
    hint = BOUNDARY_HINT if ruled else INSTALLER_HINT
    actions = {refusal.action for refusal in missing}
    if "iam:CreatePolicy" in actions <= BOUNDARY_ACTIONS and not ruled:
        hint = NO_BOUNDARY_HINT
    return NotPermitted(
        f"these AWS credentials lack {word}: {', '.join(sorted(r.action for r in missing))}",
        where=identity.arn,
        hint=hint,
        aws_code="AccessDenied",
    )


def _question(right: Right, intent: Intent) -> Question:
    context: dict[str, str | list[str]] = {"aws:RequestedRegion": intent.identity.region}
    for operator, keys in right.conditions.items():
        for key, value in keys.items():
            if operator != "Null":
                context[key] = _first(value)
            elif value == "false":  # it must be there, and has no value in this condition
                context.setdefault(key, "CreateVpc")
    if right.via_cloudformation:
        context[VIA] = [CLOUDFORMATION]
    # One name stands for all that fit: AWS compares texts, and ours have no wildcard here
    # but for what AWS itself adds.
    return Question(right.actions, _one(right.resources[0]), context)


def _first(value: Any) -> str:
    return str(value[0] if isinstance(value, list) else value)


def _one(resource: str) -> str:
    return resource if resource == "*" else resource.replace("*", "x")
