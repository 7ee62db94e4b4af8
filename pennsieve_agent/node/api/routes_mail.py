"""Routes about the addresses that get mails of the node."""

from __future__ import annotations

from pennsieve_agent.domain.mail import address_problem
from pennsieve_agent.node.api.request_handler import Problem, Reply, Request, Route, route
from pennsieve_agent.node.mail.subscriptions import (
    MOST_ADDRESSES,
    TooManyAddresses,
    has_mail,
    status_of,
    subscribe,
)


def show_mail(request: Request) -> Reply:
    """Whether one address gets mails; those of others are not listed."""
    address = _address(request, request.query.get("address"))
    return 200, {"address": address, "status": status_of(request.node, address).value}


def ask_mail(request: Request) -> Reply:
    """Have AWS ask an address whether it wants mails."""
    address = _address(request, request.document().get("address"))
    try:
        status = subscribe(request.node, address)
    except TooManyAddresses:
        text = (
            f"this node mails {MOST_ADDRESSES} addresses already, which is as many as AWS lets it"
        )
        raise Problem(409, "too-many-addresses", text) from None
    return 200, {"address": address, "status": status.value}


def _address(request: Request, address: object) -> str:
    if not isinstance(address, str) or (why := address_problem(address)):
        what = f"'{address}' cannot be mailed: {why}" if isinstance(address, str) else "no address"
        raise Problem(400, "bad-address", what)
    if not has_mail(request.node):
        raise Problem(409, "no-mail", "this node has no topic for mails")
    return address


ROUTES: tuple[Route, ...] = (
    route("GET", "/mail", show_mail),
    route("POST", "/mail", ask_mail),
)
