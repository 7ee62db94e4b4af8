"""What the role of a node that Pennsieve runs allows too much. Pure.

The served policy is equivalent to an administrator's rights by several ways
(``contracts/resources.md`` 1.10); each is asked of the role's own documents, so that it shows
whichever way they were narrowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.account.served.hardening import SESSION_SECONDS
from pennsieve_agent.account.world.check_result import Check
from pennsieve_agent.aws.iam import IamRole
from pennsieve_agent.domain.iam_policies import Ask, Verdict, decide, lets_in

_ACCOUNT = "123456789012"
_ADMIN = f"arn:aws:iam::{_ACCOUNT}:role/Admin"
BUCKETS = "read and change every bucket"
"""What cannot be restricted, as the names of the buckets that Pennsieve builds are not public."""
AS_SERVED = "permissions as served"
_ASKS = (
    ("start instances in any region", Ask("ec2:RunInstances", "*", {"aws:RequestedRegion": "x"})),
    ("pass any role to any service",
     Ask("iam:PassRole", _ADMIN, {"iam:PassedToService": "glue.amazonaws.com"})),
    ("attach policies to any role", Ask("iam:AttachRolePolicy", _ADMIN)),
    ("change any of your policies",
     Ask("iam:CreatePolicyVersion", f"arn:aws:iam::{_ACCOUNT}:policy/yours")),
    ("create service-linked roles of any AWS service",
     Ask("iam:CreateServiceLinkedRole", f"arn:aws:iam::{_ACCOUNT}:role/aws-service-role/x",
         {"iam:AWSServiceName": "x.amazonaws.com"})),
    (BUCKETS,
     Ask("s3:PutBucketPolicy", "arn:aws:s3:::yours", {"aws:RequestedRegion": "us-east-1"})),
)  # fmt: skip
_SEE = "pennsieve compute update --role --harden"


def openings(
    policies: Mapping[str, Mapping[str, Any]], boundary: Mapping[str, Any] | None = None
) -> tuple[str, ...]:
    """What a role allows that no node needs."""
    documents = list(policies.values())
    return tuple(
        words for words, ask in _ASKS if decide(ask, documents, boundary) is Verdict.ALLOWED
    )


def served_checks(
    role: IamRole,
    open_: tuple[str, ...],
    platform_account_id: str,
    external_id: str,
    unlike: int = 0,
) -> tuple[Check, ...]:
    """The checks of a role that Pennsieve asked for.

    ``unlike`` counts the lines in which its rights are others than what is served today.
    """
    trust = _trust(role, platform_account_id, external_id)
    return (*trust, _as_served(unlike), _openings(open_), _session(role))


def _as_served(unlike: int) -> Check:
    finding = "they are what Pennsieve asks for today"
    if unlike:
        finding = f"they differ in {unlike} lines from what Pennsieve asks for today"
    why = "a node may need a permission that was not asked for when its role was created"
    return Check(AS_SERVED, not unlike, finding, why, "pennsieve compute update --role")


def _trust(role: IamRole, platform: str, external_id: str) -> tuple[Check, Check]:
    who = f"arn:aws:iam::{platform}:role/service-roles/any"
    bare = {"aws:PrincipalArn": who}
    with_id = {**bare, "sts:ExternalId": external_id or "x"}
    enters = lets_in(role.trust, Ask("sts:AssumeRole", context=bare), who)
    stranger = "arn:aws:iam::000000000000:role/anybody"
    strange = Ask("sts:AssumeRole", context={**with_id, "aws:PrincipalArn": stranger})
    strangers = lets_in(role.trust, strange, stranger)
    demanded = not enters and lets_in(role.trust, Ask("sts:AssumeRole", context=with_id), who)
    can = "can" if enters or demanded else "cannot"
    finding = f"Pennsieve's account {platform} {can} assume the role"
    finding += "; other accounts can, too" if strangers else ""
    remedy = f"see it with: aws iam get-role --role-name {role.name}"
    return (
        Check("trust", (enters or demanded) and not strangers, finding,
              "the trust policy decides who can assume the role", remedy),
        Check("external id", not demanded,
              "it is required, but Pennsieve sends none" if demanded
              else "it is not required, as Pennsieve sends none for the nodes that it runs itself",
              "Pennsieve cannot assume a role that requires what it does not send", remedy),
    )  # fmt: skip


def _openings(open_: tuple[str, ...]) -> Check:
    closable = [words for words in open_ if words != BUCKETS]
    finding = f"it can {', '.join(open_)}" if closable else "they are restricted"
    if open_ and not closable:
        finding += f"; it can still {BUCKETS}, as Pennsieve does not publish the names of its own"
    why = "the permissions that Pennsieve asks for are those of an administrator, unless restricted"
    return Check("role's permissions", not closable, finding, why, _SEE)


def _session(role: IamRole) -> Check:
    well = role.session_seconds <= SESSION_SECONDS
    why = f"a stolen session is valid as long; {SESSION_SECONDS} s are enough for Pennsieve"
    remedy = f"aws iam update-role --role-name {role.name} --max-session-duration {SESSION_SECONDS}"
    return Check("session", well, f"at most {role.session_seconds} s", why, remedy)
