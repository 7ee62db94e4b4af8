"""AWS principals: an account, a user or a role, as typed and as AWS takes it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

from pennsieve_agent.errors import UsageProblem

_ACCOUNT = re.compile(r"\d{12}")
_ROOT = re.compile(r"arn:(?P<partition>[a-z-]+):iam::(?P<account>\d{12}):root")
_IAM = re.compile(
    r"arn:(?P<partition>[a-z-]+):iam::(?P<account>\d{12}):(?P<kind>user|role)/[\w+=,.@/-]{1,576}",
    re.ASCII,
)
_SESSION = re.compile(
    r"arn:(?P<partition>[a-z-]+):sts::(?P<account>\d{12}):assumed-role/(?P<role>[\w+=,.@-]{1,64})"
    r"/[\w+=,.@-]{2,64}",
    re.ASCII,
)
_SSO = "AWSReservedSSO_"
_SSO_PATH = "/aws-reserved/sso.amazonaws.com/"


class Kind(StrEnum):
    """What somebody is in AWS."""

    ACCOUNT = "account"
    USER = "user"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody in AWS. ``arn`` is a user's or a role's, or the 12 digits of an account."""

    kind: Kind
    arn: str
    account: str

    @property
    def statement_id(self) -> str:
        """What the statement about it is called: always the same for the same one."""
        return f"share-{hashlib.sha256(self.arn.encode()).hexdigest()[:16]}"

    @property
    def reaches(self) -> str:
        """Who can act as it, in words."""
        match self.kind:
            case Kind.ACCOUNT:
                return f"everybody to whom AWS account {self.account} gives permission"
            case Kind.ROLE:
                return f"everybody who can use role {self.arn.rpartition('/')[2]}"
            case Kind.USER:
                return f"user {self.arn.rpartition('/')[2]} of AWS account {self.account}"


def parse_principal(text: str) -> Principal:
    """Somebody as typed: 12 digits, or an ARN of IAM's or of a session.

    Of a session its role is meant. AWS does not say a role's path in it
    (IAM User Guide, "IAM identifiers"), and the roles of single sign-on have one.

    Raises:
        UsageProblem: it is none of these, or the root user, or a session whose role is not clear.

    """
    word = text.strip()
    if _ACCOUNT.fullmatch(word):
        return Principal(Kind.ACCOUNT, word, word)
    if root := _ROOT.fullmatch(word):
        return Principal(Kind.ACCOUNT, root["account"], root["account"])
    if match := _IAM.fullmatch(word):
        return Principal(Kind(match["kind"]), word, match["account"])
    if session := _SESSION.fullmatch(word):
        role = session["role"]
        if role.startswith(_SSO):
            raise UsageProblem(
                f"'{word}' is a session of single sign-on, which does not say the whole name of "
                "its role",
                hint="ask for the role's own ARN, which its user finds with: aws iam get-role "
                f"--role-name {role} --query Role.Arn (it has {_SSO_PATH} in it)",
            )
        arn = f"arn:{session['partition']}:iam::{session['account']}:role/{role}"
        return Principal(Kind.ROLE, arn, session["account"])
    raise UsageProblem(
        f"'{word}' is not an AWS account, user or role that a node can be shared with",
        hint="give an account's 12 digits, or the ARN of a user or a role, which its owner finds "
        "with: aws sts get-caller-identity",
    )
