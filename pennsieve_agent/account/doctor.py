"""Whether a node is well, as pure decisions about what was found on both sides.

:mod:`~pennsieve_agent.account.examine` looks; nothing here does. Each check says what was found,
why it matters and what to type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pennsieve_agent.account.check import Check
from pennsieve_agent.account.journal import JournalEntry
from pennsieve_agent.account.names import NodeNames
from pennsieve_agent.account.parts import Parts, part_checks
from pennsieve_agent.account.served_role import served_checks
from pennsieve_agent.account.stack.trusts import SESSION_SECONDS
from pennsieve_agent.account.steps import AllowImagePulls
from pennsieve_agent.aws.iam import IamRole
from pennsieve_agent.aws.values import AwsIdentity, Stack
from pennsieve_agent.domain.compute import Account, ComputeNode, NodeStatus
from pennsieve_agent.domain.iam import Ask, Verdict, decide, lets_in, many, statements

MOST_SKEW_SECONDS = 60.0
"""AWS refuses signatures that are five minutes off; a clock that is a minute off drifts there."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found. ``drifted`` names what differs from what it should be.

    ``identity`` is None when there are no usable credentials; ``trouble`` says why. ``access`` is
    what the platform's role should be allowed of this node. ``parts`` is None where the node has
    no functions, ``turned_off`` says that it should. ``served`` is what the role leaves open of a
    node that Pennsieve runs itself, else None; ``unlike`` counts the lines in which its rights are
    others than what is served today. ``unseen`` says of checks why they could not be
    made.
    """

    name: str
    identity: AwsIdentity | None = None
    trouble: str = ""
    platform_account_id: str = ""
    node: ComputeNode | None = None
    account: Account | None = None
    entry: JournalEntry | None = None
    names: NodeNames | None = None
    stack: Stack | None = None
    role: IamRole | None = None
    boundary: Mapping[str, Any] | None = None
    access: Mapping[str, Any] | None = None
    drifted: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()
    skew_seconds: float | None = None
    parts: Parts | None = None
    turned_off: bool = False
    served: tuple[str, ...] | None = None
    unlike: int = 0
    unseen: Mapping[str, str] = field(default_factory=dict)


_BY_HAND = "put it back, in IAM, as it stands in: pennsieve compute policy --json"
"""CloudFormation compares a template with the last one, and so undoes nothing done beside it."""


def checks(seen: Examined) -> tuple[Check, ...]:
    """All checks, in the order in which one would mend things."""
    return tuple(check.unless(seen.unseen) for check in _checks(seen))


def _checks(seen: Examined) -> tuple[Check, ...]:
    found: tuple[Check, ...] = (_credentials(seen),)
    if seen.identity is None:
        return (*found, _status(seen))
    if seen.served is not None:
        return (*found, _clock(seen), *_served(seen, seen.served), _status(seen), _leftovers(seen))
    found = (*found, _clock(seen), _registration(seen), _stack(seen), _drift(seen))
    if seen.role is not None:
        found = (*found, *_trust(seen, seen.role), _bounded(seen, seen.role), _session(seen.role))
    else:
        found = (*found, _no_role(seen))
    if seen.parts is not None:
        found = (*found, *part_checks(seen.parts, _again(seen)))
    elif seen.turned_off:
        found = (*found, _off(seen))
    return (*found, _status(seen), _pulls(seen), _journal(seen), _leftovers(seen))


def _served(seen: Examined, served: tuple[str, ...]) -> tuple[Check, ...]:
    """A node that Pennsieve runs itself: its role is all that is ours to look at."""
    if seen.role is None:
        return (_no_role(seen),)
    external_id = seen.account.external_id if seen.account else ""
    return served_checks(seen.role, served, seen.platform_account_id, external_id, seen.unlike)


def _again(seen: Examined) -> str:
    return f"pennsieve compute register --name '{seen.name}'"


def _credentials(seen: Examined) -> Check:
    why = "without the AWS account's own credentials nothing in it can be seen or changed"
    if seen.identity is None:
        return Check("AWS credentials", False, seen.trouble, why, "pennsieve aws list")  # noqa: FBT003 - a Check
    there = seen.node.aws_account_id if seen.node else ""
    there = there or (seen.entry.aws_account_id if seen.entry else "")
    same = there in {"", seen.identity.account_id}
    finding = f"AWS account {seen.identity.account_id}, as {seen.identity.arn}"
    if not same:
        finding += f"; the node is in {there}"
    remedy = f"pennsieve compute doctor '{seen.name}' --aws-profile NAME"
    return Check("AWS credentials", same, finding, why, remedy)


def _clock(seen: Examined) -> Check:
    skew = seen.skew_seconds
    known = skew is not None
    finding = f"{abs(skew):.0f} s from AWS's" if skew is not None else "AWS told no time"
    well = not known or abs(skew or 0) <= MOST_SKEW_SECONDS
    why = "AWS refuses requests that are signed at a wrong time"
    return Check("clock", well, finding, why, "set this machine's clock; compare with: date -u")


def _registration(seen: Examined) -> Check:
    why = "Pennsieve enters by what is registered"
    if seen.account is None:
        return Check("registration", False, "the AWS account is not registered", why, _again(seen))  # noqa: FBT003 - a Check
    well = bool(seen.account.external_id)
    finding = f"role {seen.account.role_name}"
    finding += ", with an external id" if well else ", without an external id"
    why = "without one, whoever knows the account's number can have Pennsieve enter it"
    remedy = f"pennsieve compute remove '{seen.name}', then: {_again(seen)}"
    return Check("registration", well, finding, why, remedy)


def _stack(seen: Examined) -> Check:
    why = "the node is what this stack holds"
    if seen.stack is None:
        return Check("stack", False, "there is none", why, _again(seen))  # noqa: FBT003 - a Check
    finding = f"{seen.stack.name} is {seen.stack.status}"
    return Check("stack", seen.stack.updatable, finding, why, _again(seen))


def _drift(seen: Examined) -> Check:
    finding = f"changed: {', '.join(seen.drifted)}" if seen.drifted else "nothing was changed"
    why = "somebody, or an older version, made them other than this program would"
    installed = "the stack's template" in seen.drifted
    return Check("drift", not seen.drifted, finding, why, _again(seen) if installed else _BY_HAND)


def _no_role(seen: Examined) -> Check:
    why = "Pennsieve cannot enter the AWS account"
    return Check("role", False, "the role is not there", why, _again(seen))  # noqa: FBT003 - a Check


def _trust(seen: Examined, role: IamRole) -> tuple[Check, Check]:
    platform = f"arn:aws:iam::{seen.platform_account_id}:role/service-roles/any"
    external_id = seen.account.external_id if seen.account else ""
    with_id = Ask("sts:AssumeRole", context={"sts:ExternalId": external_id})
    lets_platform = lets_in(role.trust, with_id, platform)
    lets_bare = lets_in(role.trust, Ask("sts:AssumeRole"), platform)
    stranger = "arn:aws:iam::000000000000:role/anybody"
    strangers = lets_in(role.trust, with_id, stranger)
    found = f"Pennsieve's account {seen.platform_account_id} "
    found += "is let in" if lets_platform else "is not let in"
    if strangers:
        found += "; other accounts are let in, too"
    return (
        Check("trust", lets_platform and not strangers, found,
              "the trust policy decides who enters", _BY_HAND),
        Check("external id", not lets_bare, "is not demanded" if lets_bare else "is demanded",
              "without it, anybody's registration of this account's number would work",
              _BY_HAND),
    )  # fmt: skip


def _bounded(seen: Examined, role: IamRole) -> Check:
    there = bool(role.boundary) and seen.boundary is not None
    finding = role.boundary or "the role has none"
    if role.boundary and seen.boundary is None:
        finding += " does not exist"
    if (shut := _shut_out(seen)) and there:
        why = "an organisation's boundary must allow what Pennsieve needs of the node"
        remedy = "ask whoever owns the boundary; see what is needed with: pennsieve compute policy"
        finding += f" does not allow {', '.join(shut)}"
        return Check("permissions boundary", False, finding, why, remedy)  # noqa: FBT003 - a Check
    why = "it is the most that the role can ever do, whatever is put on it later"
    return Check("permissions boundary", there, finding, why, _again(seen))


def _shut_out(seen: Examined) -> list[str]:
    """What of the role's rights its boundary takes away."""
    access = seen.access
    if access is None or seen.boundary is None:
        return []
    asks = [
        Ask(action, str(many(statement["Resource"])[0]).replace("*", "x"))
        for statement in statements(access)
        for action in many(statement["Action"])
    ]
    verdicts = ((ask, decide(ask, [access], seen.boundary)) for ask in asks)
    return [ask.action for ask, verdict in verdicts if verdict is not Verdict.ALLOWED]


def _session(role: IamRole) -> Check:
    well = role.session_seconds <= SESSION_SECONDS
    why = f"a stolen session lives as long; {SESSION_SECONDS} s are enough for Pennsieve"
    remedy = f"aws iam update-role --role-name {role.name} --max-session-duration {SESSION_SECONDS}"
    return Check("session", well, f"at most {role.session_seconds} s", why, remedy)


def _off(seen: Examined) -> Check:
    why = "without its functions no run starts"
    return Check("functions", False, "the node is turned off: it has none", why, _again(seen))  # noqa: FBT003 - a Check


def _status(seen: Examined) -> Check:
    why = "runs start only on a node that is Enabled"
    if seen.node is None:
        return Check("node", False, "Pennsieve does not know it", why, _again(seen))  # noqa: FBT003 - a Check
    status = seen.node.status
    remedy = _again(seen)
    if status is NodeStatus.PAUSED:
        remedy = f"pennsieve compute resume '{seen.name}'"
    elif status is NodeStatus.FAILED:
        remedy = f"pennsieve compute remove '{seen.name}', then: {remedy}"
    return Check("node", status is NodeStatus.ENABLED, status.value, why, remedy)


def _pulls(seen: Examined) -> Check:
    done = seen.entry is not None and AllowImagePulls.kind in seen.entry.done
    finding = "asked for and given" if done else "not recorded on this machine"
    why = "without it, no image of a workflow can be fetched; asking again does no harm"
    return Check("image pulls", done, finding, why, _again(seen))


def _journal(seen: Examined) -> Check:
    why = "it is by the journal that a change goes on where it was interrupted"
    if seen.entry is None:
        return Check("journal", False, "there is none on this machine", why, _again(seen))  # noqa: FBT003 - a Check
    differs = [
        word
        for word, noted, real in (
            ("account", seen.entry.account_uuid, seen.account.uuid if seen.account else ""),
            ("node", seen.entry.node_uuid, seen.node.uuid if seen.node else ""),
        )
        if noted != real
    ]
    finding = f"another {' and '.join(differs)} than is there" if differs else "agrees"
    return Check("journal", not differs, finding, why, _again(seen))


def _leftovers(seen: Examined) -> Check:
    found = ", ".join(seen.leftovers) or "none"
    why = "failed registrations, also of the older agent, leave roles that Pennsieve may enter by"
    roles = [word.removeprefix("role ") for word in seen.leftovers if word.startswith("role ")]
    remedy = "look at them in the AWS console and delete what nobody uses"
    if roles:
        remedy += f", beginning with: aws iam list-role-policies --role-name {roles[0]}"
    return Check("leftovers", not seen.leftovers, found, why, remedy)
