"""What an organisation may require of all resources: its permissions boundary and its tags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pennsieve_agent.account.spec.names import MANAGER_TAG, NODE_TAG, TOKEN_TAG, WORKSPACE_TAG
from pennsieve_agent.aws.values import AwsIdentity
from pennsieve_agent.errors import UsageProblem

MOST_TAGS = 45
"""AWS allows 50 on a resource; the four of the stack and the name of a network are ours (AWS
General Reference, "Tagging your AWS resources",
https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html)."""
_KEY_CHARACTERS, _VALUE_CHARACTERS = 128, 256
_TEXT = re.compile(r"[\w +\-=.:/@]*")
_OURS = {MANAGER_TAG, NODE_TAG, TOKEN_TAG, WORKSPACE_TAG}
_BOUNDARY = re.compile(
    r"arn:(?P<partition>[a-z-]+):iam::(?P<account>\d{12}|aws):policy/[\w+=,.@/-]+", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Extras:
    """``boundary`` is an ARN that stands on every role instead of ours; empty means ours."""

    boundary: str = ""
    tags: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is demanded."""
        return bool(self.boundary or self.tags)

    @property
    def lines(self) -> tuple[str, ...]:
        """What is demanded, a sentence for each."""
        lines = []
        if self.boundary:
            lines.append(
                f"every role gets the permissions boundary {self.boundary}, which is not changed"
            )
        if self.tags:
            pairs = ", ".join(f"{key}={value}" for key, value in self.tags)
            lines.append(f"all resources that can have tags get {pairs}")
        return tuple(lines)


def parse_tags(words: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Tags typed as ``KEY=VALUE``.

    Raises:
        UsageProblem: AWS does not allow one of them, or it is reserved.

    """
    tags: dict[str, tuple[str, str]] = {}
    for word in words:
        key, equals, value = word.partition("=")
        key, value = key.strip(), value.strip()
        _check_tag(word, key, value, has_value=bool(equals))
        if key.casefold() in tags:
            raise UsageProblem(
                f"tag '{key}' is given twice", hint="IAM ignores upper and lower case in tags"
            )
        tags[key.casefold()] = (key, value)
    if len(tags) > MOST_TAGS:
        raise UsageProblem(
            f"{len(tags)} tags are more than AWS allows; at most {MOST_TAGS} can be given",
            hint="leave some out",
        )
    return tuple(tags.values())


def _check_tag(word: str, key: str, value: str, *, has_value: bool) -> None:
    why = ""
    if not has_value or not key:
        why = "it is not KEY=VALUE"
    elif not value:  # AWS CloudFormation API reference, "Tag": at least one character
        why = "AWS CloudFormation does not accept an empty value"
    elif len(key) > _KEY_CHARACTERS or len(value) > _VALUE_CHARACTERS:
        why = f"AWS allows {_KEY_CHARACTERS} characters in a key, {_VALUE_CHARACTERS} in a value"
    elif key.casefold().startswith(("aws:", "pennsieve:")):
        why = "keys beginning with aws: and pennsieve: are reserved"
    elif not (_TEXT.fullmatch(key) and _TEXT.fullmatch(value)):
        why = "AWS allows letters, digits, spaces and + - = . : / @ _"
    if why:
        raise UsageProblem(
            f"tag '{word}' cannot be used: {why}", hint="for example: --tag cost-centre=42"
        )


def check_boundary(arn: str, identity: AwsIdentity) -> None:
    """Refuse what cannot be a permissions boundary in this account.

    Raises:
        UsageProblem: it is not a policy's ARN, or is of another account.

    """
    match = _BOUNDARY.fullmatch(arn)
    hint = f"its form is arn:{identity.partition}:iam::{identity.account_id}:policy/NAME"
    if match is None:
        raise UsageProblem(f"'{arn}' is not the ARN of an IAM policy", hint=hint)
    if match["account"] not in {"aws", identity.account_id}:
        raise UsageProblem(
            f"{arn} belongs to another AWS account than these credentials",
            hint=f"a boundary must be in the role's own account: {hint}",
        )
    if match["partition"] != identity.partition:
        raise UsageProblem(f"{arn} is in another AWS partition", hint=hint)
