"""Which addresses get mails of the node: subscriptions of its topic.

Whether one has confirmed is in the list of the topic's subscriptions: one that has not is
``PendingConfirmation`` there, and AWS forgets it after some days ("Subscribe",
https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any

from pennsieve_agent.domain.mail import MailStatus, known_as
from pennsieve_agent.node.node import Node, aws_code

log = logging.getLogger(__name__)

MOST_ADDRESSES = 200
"""Filter policies of a topic
(https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html)."""
ATTRIBUTE = "to"
"""The attribute of a message that says whom it is for."""
_PENDING = "PendingConfirmation"
_FULL = "FilterPolicyLimitExceeded"


class TooManyAddresses(Exception):  # noqa: N818 - a state
    """The topic has as many addresses as AWS lets it have."""


def has_mail(node: Node) -> bool:
    """Whether the node has a topic for mails."""
    return bool(node.settings.mail_topic)


def status_of(node: Node, address: str) -> MailStatus:
    """Whether an address gets mails."""
    return _status(list(_subscriptions(node)), address)


def mail_status(node: Node, mail: Mapping[str, Any]) -> dict[str, str]:
    """Whether whoever is told of an end has confirmed that he wants mails; nothing after it.

    ``mail`` is as documents of runs have it. They must not fail where AWS does not tell it.
    """
    if mail["sent"] or mail["reason"] or not has_mail(node):
        return {}
    try:
        return {"status": status_of(node, mail["to"]).value}
    except Exception as error:
        if not (code := aws_code(error)):
            raise
        log.warning("whether an address has confirmed is not known: %s", code)
        return {}


def subscribe(node: Node, address: str) -> MailStatus:
    """Have AWS ask an address whether it wants mails, where it was not asked; its status then.

    Raises:
        TooManyAddresses: the topic can have no more.

    """
    rows = list(_subscriptions(node))
    status = _status(rows, address)
    if status is not MailStatus.NONE:
        return status
    if len(rows) >= MOST_ADDRESSES:
        raise TooManyAddresses
    policy = json.dumps({ATTRIBUTE: [known_as(address)]})
    try:
        node.client("sns").subscribe(
            TopicArn=node.settings.mail_topic,
            Protocol="email",
            Endpoint=address,
            Attributes={"FilterPolicy": policy},
        )
    except Exception as error:
        if aws_code(error) != _FULL:
            raise
        raise TooManyAddresses from None
    return MailStatus.PENDING


def _status(rows: list[dict[str, Any]], address: str) -> MailStatus:
    matches = [row for row in rows if known_as(str(row["Endpoint"])) == known_as(address)]
    if any(row["SubscriptionArn"] != _PENDING for row in matches):
        return MailStatus.CONFIRMED
    return MailStatus.PENDING if matches else MailStatus.NONE


def _subscriptions(node: Node) -> Iterator[dict[str, Any]]:
    """The subscriptions of the topic that have not ended; at most 100 come at once."""
    after: dict[str, str] = {}
    while True:
        page = node.client("sns").list_subscriptions_by_topic(
            TopicArn=node.settings.mail_topic, **after
        )
        yield from (row for row in page["Subscriptions"] if row["SubscriptionArn"] != "Deleted")
        if not page.get("NextToken"):
            return
        after = {"NextToken": page["NextToken"]}
