"""Whether a node is healthy, as pure decisions about what was read on both sides.

:mod:`.inspect_node` reads; nothing here does. Each check says what was found,
why it matters and what to type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pennsieve_agent.account.doctor.parts_health import Parts, part_checks
from pennsieve_agent.account.doctor.served_role_check import served_checks
from pennsieve_agent.account.spec.names import TOKEN_TAG, NodeNames
from pennsieve_agent.account.world.account_steps import AllowImagePulls, EnableWorkspace
from pennsieve_agent.account.world.check_result import Check
from pennsieve_agent.account.world.node_shares import Shares, share_check
from pennsieve_agent.account.world.registration_journal import JournalEntry
from pennsieve_agent.aws.iam import IamRole
from pennsieve_agent.aws.values import AwsIdentity, Stack
from pennsieve_agent.domain.compute import Account, ComputeNode, NodeStatus
from pennsieve_agent.domain.iam_policies import Ask, Verdict, decide, many, statements
from pennsieve_agent.domain.own_node import OwnNode

MOST_SKEW_SECONDS = 60.0
"""AWS refuses signatures that are five minutes off; a clock that is a minute off drifts there."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was read. ``drifted`` names what differs from what it should be.

    ``identity`` is None when there are no usable credentials; ``trouble`` says why, ``remedy`` what
    to do. ``node`` is a node that Pennsieve runs, None for an own one. ``access`` are the documents
    of the own node's roles, which ``boundary`` must allow. ``parts`` is None where the node has no
    functions, ``turned_off`` says that it should. ``served`` is what the role of a node that
    Pennsieve runs allows too much, else None; ``unlike`` counts the lines in which its rights are
    others than what is served today. ``transfer_image`` is the node's own image of transfer jobs,
    empty while it is off. ``unseen`` says of checks why they could not be made.
    """

    name: str
    identity: AwsIdentity | None = None
    trouble: str = ""
    remedy: str = ""
    platform_account_id: str = ""
    node: ComputeNode | None = None
    own: OwnNode | None = None
    remembered: bool = False
    account: Account | None = None
    entry: JournalEntry | None = None
    names: NodeNames | None = None
    stack: Stack | None = None
    role: IamRole | None = None
    boundary_name: str = ""
    boundary: Mapping[str, Any] | None = None
    access: tuple[Mapping[str, Any], ...] = ()
    drifted: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()
    skew_seconds: float | None = None
    parts: Parts | None = None
    turned_off: bool = False
    shares: Shares | None = None
    served: tuple[str, ...] | None = None
    unlike: int = 0
    transfer_image: str = ""
    unseen: Mapping[str, str] = field(default_factory=dict)


_BY_HAND = "restore it in IAM to what this prints: pennsieve compute policy show --json"
"""CloudFormation compares a template with the last one, so it does not undo manual changes."""


def checks(seen: Inspection) -> tuple[Check, ...]:
    """All checks, in the order in which one would fix things."""
    return tuple(check.unless(seen.unseen) for check in _checks(seen))


def _checks(seen: Inspection) -> tuple[Check, ...]:
    rows: tuple[Check, ...] = (_credentials(seen),)
    if seen.identity is None:
        return (*rows, _status(seen) if seen.served is not None else _memory(seen))
    if seen.served is not None:
        return (
            *rows,
            _clock(seen),
            *_served(seen, seen.served),
            _status(seen),
            _leftovers(seen),
        )
    rows = (*rows, _clock(seen), _stack(seen), _drift(seen))
    if seen.stack is not None:
        rows = (*rows, _bounded(seen))
    if seen.parts is not None:
        rows = (*rows, *part_checks(seen.parts, _again(seen)))
    elif seen.turned_off:
        rows = (*rows, _off(seen))
    if seen.shares is not None or "shares" in seen.unseen:
        rows = (*rows, share_check(seen.shares or Shares(), seen.name))
    return (*rows, _registration(seen), _pulls(seen), _memory(seen), _journal(seen),
            _leftovers(seen))  # fmt: skip


def _served(seen: Inspection, served: tuple[str, ...]) -> tuple[Check, ...]:
    """A node that Pennsieve runs: only its role can be checked here."""
    if seen.role is None:
        why = "Pennsieve cannot assume it, and so cannot reach the AWS account"
        finding = "the role does not exist"
        return (Check("role", passed=False, finding=finding, why=why, remedy=_again(seen)),)
    external_id = seen.account.external_id if seen.account else ""
    return served_checks(seen.role, served, seen.platform_account_id, external_id, seen.unlike)


def _again(seen: Inspection) -> str:
    if seen.own is not None and seen.stack is not None:
        return f"pennsieve compute update '{seen.name}'"
    again = f"pennsieve compute register --name '{seen.name}'"
    return again if seen.served is None else f"{again} --provisioner platform"


def _credentials(seen: Inspection) -> Check:
    why = "without credentials of the AWS account nothing in it can be read or changed"
    if seen.identity is None:
        remedy = seen.remedy or "pennsieve aws list"
        return Check("AWS credentials", passed=False, finding=seen.trouble, why=why, remedy=remedy)
    there = seen.node.aws_account_id if seen.node else seen.own.account if seen.own else ""
    there = there or (seen.entry.aws_account_id if seen.entry else "")
    same = there in {"", seen.identity.account_id}
    finding = f"AWS account {seen.identity.account_id}, as {seen.identity.arn}"
    if not same:
        finding += f"; the node is in {there}"
    remedy = f"pennsieve compute doctor '{seen.name}' --aws-profile NAME"
    return Check("AWS credentials", same, finding, why, remedy)


def _clock(seen: Inspection) -> Check:
    skew = seen.skew_seconds
    known = skew is not None
    finding = f"{abs(skew):.0f} s from AWS's" if skew is not None else "AWS did not send the time"
    well = not known or abs(skew or 0) <= MOST_SKEW_SECONDS
    why = "AWS refuses requests that are signed with a wrong time"
    return Check("clock", well, finding, why, "set this machine's clock; compare with: date -u")


def _registration(seen: Inspection) -> Check:
    why = "only registered accounts may pull the images that Pennsieve builds"
    finding = "the AWS account is not registered with Pennsieve"
    if seen.account is not None:
        enabled = seen.entry is None or EnableWorkspace.kind in seen.entry.done
        finding = f"AWS account {seen.account.aws_account_id} is registered"
        finding += "" if enabled else "; this workspace may not use it"
        return Check("registration", enabled, finding, why, _again(seen))
    return Check("registration", passed=False, finding=finding, why=why, remedy=_again(seen))


def _stack(seen: Inspection) -> Check:
    why = "this stack has all of the node's resources"
    if seen.stack is None:
        return Check("stack", False, "it does not exist", why, _again(seen))  # noqa: FBT003 - a Check
    finding = f"{seen.stack.name} is {seen.stack.status}"
    return Check("stack", seen.stack.updatable, finding, why, _again(seen))


def _drift(seen: Inspection) -> Check:
    finding = f"changed: {', '.join(seen.drifted)}" if seen.drifted else "nothing was changed"
    why = "they were changed by hand, or created by another version of this program"
    installed = "the stack's template" in seen.drifted
    return Check("drift", not seen.drifted, finding, why, _again(seen) if installed else _BY_HAND)


def _bounded(seen: Inspection) -> Check:
    name = seen.boundary_name
    if seen.boundary is None:
        why = "it limits what the node's roles can do, whatever policies they get later"
        finding = f"{name} does not exist" if name else "the roles have none"
        return Check("permissions boundary", False, finding, why, _again(seen))  # noqa: FBT003 - a Check
    tag = {f"aws:ResourceTag/{TOKEN_TAG}": seen.names.token} if seen.names else {}
    shut = _shut_out(seen.access, seen.boundary, tag)
    finding = f"{name} does not allow {', '.join(shut)}" if shut else name
    why = "an organisation's boundary must allow what the node does"
    remedy = "ask the boundary's owner to allow it; see why with: pennsieve compute policy show"
    return Check("permissions boundary", not shut, finding, why, remedy)


def _shut_out(
    access: tuple[Mapping[str, Any], ...], boundary: Mapping[str, Any], tag: Mapping[str, str]
) -> list[str]:
    """The actions of the roles that their boundary does not allow, each once.

    ``tag`` is on all that is the node's, so a boundary may demand it.
    """
    refused = (
        str(action)
        for document in access
        for statement in statements(document)
        for action in many(statement["Action"])
        for resource in many(statement["Resource"])[:1]
        if decide(_ask(str(action), str(resource), statement, tag), [document], boundary)
        is not Verdict.ALLOWED
    )
    return list(dict.fromkeys(refused))


def _ask(action: str, resource: str, statement: Mapping[str, Any], tag: Mapping[str, str]) -> Ask:
    """A request that meets a statement's conditions."""
    context = dict(tag) | {
        str(key): str(many(value)[0]).replace("*", "x")
        for operator, keys in statement.get("Condition", {}).items()
        for key, value in keys.items()
        if (operator, value) != ("Null", "true")  # which asks for a request without that key
    }
    return Ask(action, resource if resource == "*" else resource.replace("*", "x"), context)


def _off(seen: Inspection) -> Check:
    why = "no run starts without them"
    return Check("functions", False, "the node is turned off", why, _again(seen))  # noqa: FBT003 - a Check


def _status(seen: Inspection) -> Check:
    why = "runs start only on a node that is Enabled"
    if seen.node is None:
        return Check("node", False, "Pennsieve does not know it", why, _again(seen))  # noqa: FBT003 - a Check
    status = seen.node.status
    remedy = _again(seen)
    if status is NodeStatus.PAUSED:
        remedy = f"pennsieve compute resume '{seen.name}'"
    elif status is NodeStatus.FAILED:
        remedy = f"pennsieve compute delete '{seen.name}', then: {remedy}"
    return Check("node", status is NodeStatus.ENABLED, status.value, why, remedy)


def _memory(seen: Inspection) -> Check:
    why = "commands find an own node only if this machine remembers it"
    finding = "this machine remembers it" if seen.remembered else "this machine does not know it"
    return Check("node", seen.remembered, finding, why, "pennsieve compute list --aws")


def _pulls(seen: Inspection) -> Check:
    done = seen.entry is not None and AllowImagePulls.kind in seen.entry.done
    finding = "allowed" if done else "not recorded on this machine"
    why = "without it the node cannot pull images that Pennsieve built; asking again is safe"
    return Check("image pulls", done, finding, why, _again(seen))


def _journal(seen: Inspection) -> Check:
    why = "with it an interrupted change can be continued"
    there = seen.entry is not None
    finding = "it is on this machine" if there else "there is none on this machine"
    return Check("journal", there, finding, why, _again(seen))


def _leftovers(seen: Inspection) -> Check:
    names = ", ".join(seen.leftovers) or "none"
    why = "failed registrations, also of the older agent, leave roles that Pennsieve can assume"
    roles = [word.removeprefix("role ") for word in seen.leftovers if word.startswith("role ")]
    remedy = "check them in the AWS console and delete those that nobody uses"
    if roles:
        remedy += f", beginning with: aws iam list-role-policies --role-name {roles[0]}"
    return Check("leftovers", not seen.leftovers, names, why, remedy)
