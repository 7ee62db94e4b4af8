"""Whether the person who registers has the rights to, asked before anything is made."""

from __future__ import annotations

import logging
from collections.abc import Callable

from pennsieve_agent.account.installer import installer_rights
from pennsieve_agent.account.rights import CLOUDFORMATION, VIA, Right
from pennsieve_agent.account.stack_rights import Place
from pennsieve_agent.account.steps import AccountPlan, DeployStack
from pennsieve_agent.aws.rights import Question, lacking, principal_of
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.errors import AwsError, NotPermitted

log = logging.getLogger(__name__)

INSTALLER_HINT = (
    "give whoever administers the AWS account the output of: "
    "pennsieve compute policy --installer --json"
)


def check_rights(aws: Aws, plan: AccountPlan, note: Callable[[str], None]) -> None:
    """Refuse a plan whose AWS part could not be carried out, or not be taken back.

    Where the rights cannot be looked at, ``note`` is told so and the plan goes on.

    Raises:
        NotPermitted: names every action that is missing.

    """
    if not any(isinstance(step, DeployStack) for step in plan.steps):
        return
    missing = _missing(aws, plan, note)
    if missing:
        word = "this right" if len(missing) == 1 else f"{len(missing)} rights"
        raise NotPermitted(
            f"these AWS credentials lack {word}: {', '.join(missing)}",
            where=plan.identity.arn,
            hint=INSTALLER_HINT,
            aws_code="AccessDenied",
        )


def _missing(aws: Aws, plan: AccountPlan, note: Callable[[str], None]) -> tuple[str, ...]:
    principal = principal_of(aws, plan.identity)
    if principal is None:
        note(f"the rights of {plan.identity.arn} cannot be checked beforehand")
        return ()
    found: list[str] = []
    try:
        for right in installer_rights(Place(plan.names, plan.extras.boundary)):
            if right.needed and (plan.makes_role or not right.sid.startswith("MakeBound")):
                found += lacking(aws, principal, _question(right, plan))
    except NotPermitted:
        note(
            "your AWS rights could not be checked beforehand (iam:SimulatePrincipalPolicy is not "
            "allowed); should one be missing, AWS says so and what was begun can be gone on with"
        )
        return ()
    except AwsError as error:  # an emulated AWS does not know the question
        log.debug("rights cannot be simulated: %s", error.message)
        return ()
    return tuple(sorted(set(found)))


def _question(right: Right, plan: AccountPlan) -> Question:
    context: dict[str, str | list[str]] = {"aws:RequestedRegion": plan.identity.region}
    if right.via_cloudformation:
        context[VIA] = [CLOUDFORMATION]
    if right.conditions:
        context["iam:PermissionsBoundary"] = plan.extras.boundary or plan.names.boundary_arn
    # One name stands for all that fit: AWS compares texts, and ours have no wildcard here
    # but for what AWS itself adds.
    return Question(right.actions, _one(right.resources[0]), context)


def _one(resource: str) -> str:
    return resource if resource == "*" else resource.replace("*", "x")
