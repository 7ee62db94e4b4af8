"""Asking an own node to mail the end of a run or a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.mail import MailStatus, MailTo, status_of
from pennsieve_agent.errors import Conflict, NodeError, NodeOlder

if TYPE_CHECKING:
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.own_node import OwnNode

_NO_MAIL = "no-mail"


def mail_of(node: OwnNode, calls: NodeCalls, address: str) -> MailTo | None:
    """Whether an address gets mails of the node; nobody is asked. None for no address.

    Raises:
        NodeOlder: the node is older than this program, and sends no mails.
    """
    return _ask(node, calls, address, "GET", query={"address": address}) if address else None


def ask_address(node: OwnNode, calls: NodeCalls, mail: MailTo) -> MailTo:
    """The same, after AWS has asked the address, where it had not.

    Raises:
        NodeError: the node has as many addresses as it can have.
        NodeOlder: as above.
    """
    if mail.status in {MailStatus.PENDING, MailStatus.CONFIRMED}:
        return mail
    return _ask(node, calls, mail.to, "POST", body={"address": mail.to})


def _ask(node: OwnNode, calls: NodeCalls, address: str, method: str, **about: Any) -> MailTo:
    try:
        answer = calls.ask(method, "/mail", **about, admin=node.is_owned)
    except NodeOlder:
        raise _older(node) from None
    except Conflict as error:
        if error.answer.get("code") == _NO_MAIL:
            raise _older(node) from None
        raise NodeError(
            error.message,
            where=node.gateway,
            hint="its owner deletes some at AWS: Amazon SNS, Subscriptions; without --mail the "
            "run starts",
        ) from None
    return MailTo(address, status_of(answer.get("status")))


def _older(node: OwnNode) -> NodeOlder:
    update = f"update it with: pennsieve compute update {node.name}"
    return NodeOlder(
        f"compute node '{node.name}' is older than this program and sends no mails",
        where=node.gateway,
        hint=update if node.is_owned else f"ask its owner to {update}; or leave out --mail",
    )
