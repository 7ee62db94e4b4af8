"""Sending a mail about an end: at least once, tried again with each beat of the clock for an hour.

That it was taken is written down after it was; whoever is killed in between sends it once more. AWS
takes a mail for an address that has not confirmed, and sends it to nobody: so it is kept back until
the address has. An hour after the end it is given up, and why is what ``run show`` says.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pennsieve_agent.domain.mail import MailStatus, known_as
from pennsieve_agent.node.identity.workflow_registry import Registry
from pennsieve_agent.node.mail.mail_text import Mail, Place
from pennsieve_agent.node.mail.subscriptions import ATTRIBUTE, has_mail, status_of
from pennsieve_agent.node.node import Node, aws_code

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Mailing:
    """Whom an end is told, and what became of it. Times are unix seconds, 0 where it is not sent.

    ``why`` is what was in the way the last time.
    """

    to: str = ""
    sent: float = 0.0
    why: str = ""
    abandoned: bool = False

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Self:
        """As it is kept with a run or a batch; empty where nobody is told."""
        return cls(**{name: kept[name] for name in cls.__slots__ if name in kept})

    def kept(self) -> dict[str, Any]:
        """As it is kept."""
        return {name: getattr(self, name) for name in self.__slots__ if getattr(self, name)}

    @property
    def is_due(self) -> bool:
        """Whether somebody is still to be told."""
        return bool(self.to) and not self.sent and not self.abandoned


def place_of(node: Node) -> Place:
    """The node as a mail names it."""
    return Place(node.settings.token, compliant=node.settings.mode == "compliant")


def with_dataset(node: Node, row: Mapping[str, Any]) -> dict[str, Any]:
    """The summary of a run or a batch, with its dataset's name, which the grant has."""
    grants = Registry(node).grants(row["workflow"].get("id", ""), row["dataset"])
    return {**row, "datasetName": next((str(g.get("datasetName") or "") for g in grants), "")}


def attempt(node: Node, kept: dict[str, Any], mail: Mail, ended: float) -> dict[str, Any]:
    """Send a mail, and what is to be kept of it; ``ended`` is when the run or batch did."""
    mailing = Mailing.of(kept)
    if why := _publish(node, mail):
        late = node.now() - ended >= PATIENCE_SECONDS
        return Mailing(mailing.to, why=why, abandoned=late).kept()
    return Mailing(mailing.to, sent=node.now()).kept()


def _publish(node: Node, mail: Mail) -> str:
    """Hand a mail to AWS; why it was not taken, empty where it was.

    That it is not must end nothing else: whatever is in the way, it is tried again.
    """
    if not has_mail(node):
        return "the node has no topic for mails"
    try:
        if status_of(node, mail.to) is not MailStatus.CONFIRMED:
            return "the address had not confirmed to AWS that it wants mails"
        node.client("sns").publish(
            TopicArn=node.settings.mail_topic,
            Subject=mail.subject,
            Message=mail.text,
            MessageAttributes={ATTRIBUTE: {"DataType": "String", "StringValue": known_as(mail.to)}},
        )
    except Exception as error:
        log.exception("a mail could not be sent")
        return f"AWS refuses: {code}" if (code := aws_code(error)) else type(error).__name__
    return ""
