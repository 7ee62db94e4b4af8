"""What SNS refuses of a subscription by e-mail, and of a message.

* "Publish" (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html): a subject is ASCII,
  begins with a letter, digit or punctuation mark, has no line break or control character, and less
  than 100 characters; a message has up to 262,144 bytes, and is not empty.
* "Amazon SNS message attributes"
  (https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html): names, types, values.
* "Filter policy constraints"
  (https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html): 200
  filter policies a topic; what one may be is checked by moto.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.sandbox.aws.limits.refused import Refused

MOST_POLICIES = 200
MOST_BYTES = 262_144
_SUBJECT = re.compile(r"[!-~][ -~]{0,98}")
_EMAIL = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_NAME = re.compile(r"(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)")
_TYPES = {"String", "String.Array", "Number", "Binary"}


def invalid(what: str, why: str) -> Refused:
    """SNS's refusal of a parameter."""
    return Refused("InvalidParameter", f"Invalid parameter: {what} Reason: {why}")


def check_message(members: Mapping[str, Any]) -> None:
    """Refuse a message that SNS does not take.

    Raises:
        Refused: it does not.

    """
    subject, text = members.get("Subject"), str(members.get("Message", ""))
    if subject is not None and not _SUBJECT.fullmatch(subject):
        raise Refused("InvalidParameter", "Invalid parameter: Subject")
    if not text:
        raise Refused("InvalidParameter", "Invalid parameter: Empty message")
    if len(text.encode()) > MOST_BYTES:
        raise Refused("InvalidParameter", "Invalid parameter: Message too long")
    for name, value in (members.get("MessageAttributes") or {}).items():
        kind = str(value.get("DataType", ""))
        content = value.get("StringValue") or value.get("BinaryValue")
        if not _NAME.fullmatch(name) or kind not in _TYPES or not content:
            text = f"The message attribute '{name}' has an invalid name, type or value"
            raise Refused("ParameterValueInvalid", text)


def policy_of(attributes: Mapping[str, str]) -> dict[str, Any]:
    """The filter policy among the attributes of a subscription; empty for none.

    Raises:
        Refused: it is not one, or another attribute is given, which mails have none of.

    """
    if unknown := attributes.keys() - {"FilterPolicy"}:
        raise invalid("AttributeName", f"{min(unknown)} is not one of mails")
    try:
        policy = json.loads(attributes.get("FilterPolicy") or "{}")
    except ValueError:
        policy = None
    if not isinstance(policy, dict):
        raise invalid("FilterPolicy", "failed to parse JSON")
    return policy


def check_address(endpoint: str) -> None:
    """Refuse an address that is none.

    Raises:
        Refused: it is none.

    """
    if not _EMAIL.fullmatch(endpoint):
        raise Refused("InvalidParameter", "Invalid parameter: Email address")
