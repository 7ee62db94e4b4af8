"""Answers what SNS does with mails: subscribing, confirming, listing, publishing.

What has to do with other protocols is moto's to answer. A stack's topic may bring an address with
it, which is asked as any other.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

from pennsieve_agent.sandbox.aws.limits.form_members import form_members
from pennsieve_agent.sandbox.aws.limits.refused import Refused
from pennsieve_agent.sandbox.aws.limits.service_models import input_shape
from pennsieve_agent.sandbox.aws.rights.policy_check import Answer, failure
from pennsieve_agent.sandbox.aws.rights.role_sessions import Lock
from pennsieve_agent.sandbox.aws.sns import rules
from pennsieve_agent.sandbox.aws.sns.addresses import Address, Addresses
from pennsieve_agent.sandbox.aws.sns.mail_folder import MailFolder
from pennsieve_agent.sandbox.aws.wire import AwsRequest

CONFIRM_PATH = "/sns-confirmation/"
"""On AWS a page that is not signed either; no bucket is called so."""
PAGE = 100
"""Subscriptions that are listed at once ("ListSubscriptionsByTopic",
https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html)."""
_PENDING = "pending confirmation"
_XML = "http://sns.amazonaws.com/doc/2010-03-31/"


class Topics:
    """The mails of topics. ``lock`` lets one request at a time into moto."""

    def __init__(
        self, addresses: Addresses, mails: MailFolder, lock: Lock, endpoint: str, account: str
    ) -> None:
        self._addresses, self._mails, self._lock = addresses, mails, lock
        self._endpoint, self._account = endpoint, account

    def answer(self, request: AwsRequest, account: str) -> Answer | None:
        """The answer to a request; None leaves it to moto."""
        operations: dict[str, Callable[[AwsRequest, Any], Answer | None]] = {
            "ConfirmSubscription": self._confirm,
            "ListSubscriptionsByTopic": self._list,
            "Publish": self._publish,
            "Subscribe": self._subscribe,
            "Unsubscribe": self._unsubscribe,
        }
        operation = operations.get(request.operation)
        if operation is None or account != self._account:
            return None
        with self._lock:
            self.look()
            try:
                return operation(request, _backend(account, request.region))
            except Refused as refused:
                return failure("sns", refused.status, refused.code, refused.text)

    def page(self, path: str) -> Answer:
        """The page behind the link in a mail that asks."""
        address = self._addresses.confirm(path.removeprefix(CONFIRM_PATH))
        if address is None:
            return _page("400 Bad Request", "This link is not valid, or older than two days.")
        where = f"{address.endpoint} is subscribed to {address.topic}"
        return _page("200 OK", f"Subscription confirmed! {where}")

    def look(self) -> None:
        """Forget the addresses of topics that are gone, and ask those that stacks bring."""
        there = {arn for backend in _backends(self._account) for arn in backend.topics}
        for topic in self._addresses.topics() - there:
            self._addresses.forget(topic)
        for topic in there:
            of_stack = set(_of_stack(self._account, topic))
            known = self._addresses.of(topic)
            for address in known:
                if address.of_stack and address.endpoint not in of_stack:
                    self._addresses.end(address)
            for endpoint in sorted(of_stack - {address.endpoint for address in known}):
                self._ask(self._addresses.ask(topic, endpoint, {}, of_stack=True))

    def _subscribe(self, request: AwsRequest, backend: Any) -> Answer | None:
        if request.text("Protocol") != "email":
            return None
        topic, endpoint = _topic(request, backend), request.text("Endpoint")
        rules.check_address(endpoint)
        policy = rules.policy_of(_members(request).get("Attributes") or {})
        _check_policy(backend, policy)
        known = self._addresses.of(topic)
        for address in known:
            if address.endpoint == endpoint and address.confirmed:
                if address.policy != policy:
                    raise rules.invalid(
                        "Attributes", "Subscription already exists with different attributes"
                    )
                return _xml("Subscribe", f"<SubscriptionArn>{address.arn}</SubscriptionArn>")
        others = [one for one in known if one.endpoint != endpoint and one.policy]
        if policy and len(others) >= rules.MOST_POLICIES:
            raise Refused("FilterPolicyLimitExceeded", "FilterPolicyLimitExceeded", 403)
        self._ask(self._addresses.ask(topic, endpoint, policy))
        return _xml("Subscribe", f"<SubscriptionArn>{_PENDING}</SubscriptionArn>")

    def _ask(self, address: Address) -> None:
        link = f"{self._endpoint}{CONFIRM_PATH}{address.token}"
        text = (
            f"You have chosen to subscribe to the topic:\n{address.topic}\n\n"
            "To confirm this subscription, open the address below. If this was in error no action "
            f"is necessary.\n{link}\n\n"
            "(This is a mail of the sandbox, which sends none. On AWS the address is one of AWS.)"
        )
        self._mails.write(address.endpoint, "AWS Notification - Subscription Confirmation", text)

    def _confirm(self, request: AwsRequest, backend: Any) -> Answer:
        _topic(request, backend)
        address = self._addresses.confirm(request.text("Token"))
        if address is None:
            raise rules.invalid("Token", "Invalid token")
        return _xml("ConfirmSubscription", f"<SubscriptionArn>{address.arn}</SubscriptionArn>")

    def _unsubscribe(self, request: AwsRequest, _: Any) -> Answer | None:
        arn = request.text("SubscriptionArn")
        for address in self._addresses.of(arn.rpartition(":")[0]):
            if address.arn == arn and address.confirmed:
                self._addresses.end(address)
                return _xml("Unsubscribe", None)
        return None

    def _list(self, request: AwsRequest, backend: Any) -> Answer:
        topic = _topic(request, backend)
        rows = [
            ("email", one.endpoint, one.arn if one.confirmed else "PendingConfirmation")
            for one in self._addresses.of(topic)
        ]
        rows += [(sub.protocol, sub.endpoint, sub.arn) for sub in _others(backend, topic)]
        begin = int(request.text("NextToken") or 0)
        members = "".join(
            f"<member><TopicArn>{topic}</TopicArn><Protocol>{protocol}</Protocol>"
            f"<SubscriptionArn>{arn}</SubscriptionArn><Owner>{self._account}</Owner>"
            f"<Endpoint>{escape(endpoint)}</Endpoint></member>"
            for protocol, endpoint, arn in rows[begin : begin + PAGE]
        )
        more = f"<NextToken>{begin + PAGE}</NextToken>" if len(rows) > begin + PAGE else ""
        return _xml("ListSubscriptionsByTopic", f"<Subscriptions>{members}</Subscriptions>{more}")

    def _publish(self, request: AwsRequest, backend: Any) -> Answer | None:
        if not request.text("TopicArn"):
            return None
        topic, members = _topic(request, backend), _members(request)
        rules.check_message(members)
        for address in self._addresses.of(topic):
            if address.confirmed and _fits(address.policy, members):
                subject = members.get("Subject") or "AWS Notification Message"
                self._mails.write(address.endpoint, subject, str(members["Message"]))
        if any(_others(backend, topic)):
            return None  # and moto tells them
        return _xml("Publish", f"<MessageId>{_id()}</MessageId>")


def _backends(account: str) -> Iterator[Any]:
    from moto.sns.models import sns_backends  # noqa: PLC0415 - slow

    yield from list(sns_backends[account].values())


def _backend(account: str, region: str) -> Any:
    from moto.sns.models import sns_backends  # noqa: PLC0415 - slow

    return sns_backends[account][region]


def _topic(request: AwsRequest, backend: Any) -> str:
    topic = request.text("TopicArn")
    if topic not in backend.topics:
        raise Refused("NotFound", "Topic does not exist", 404)
    return topic


def _of_stack(account: str, topic: str) -> Iterator[str]:
    """The addresses that moto was told of, which is by stacks alone."""
    for backend in _backends(account):
        for sub in backend.subscriptions.values():
            if sub.protocol == "email" and sub.topic.arn == topic:
                yield str(sub.endpoint)


def _others(backend: Any, topic: str) -> list[Any]:
    """The subscriptions of other protocols."""
    every = backend.subscriptions.values()
    return [sub for sub in every if sub.topic.arn == topic and sub.protocol != "email"]


def _members(request: AwsRequest) -> Mapping[str, Any]:
    shape = input_shape("sns", request.operation)
    return form_members(shape, request.parameters)


def _check_policy(backend: Any, policy: Mapping[str, Any]) -> None:
    """Refuse a filter that is none, by moto's own rules."""
    from moto.core.exceptions import ServiceException  # noqa: PLC0415 - slow

    try:
        backend._validate_filter_policy(policy, scope=None)  # noqa: SLF001 - moto's own
    except ServiceException as error:
        raise Refused("InvalidParameter", str(error)) from None


def _fits(policy: Mapping[str, Any], members: Mapping[str, Any]) -> bool:
    from moto.sns.utils import FilterPolicyMatcher  # noqa: PLC0415 - slow

    attributes = {
        name: {"Type": value["DataType"], "Value": value.get("StringValue")}
        for name, value in (members.get("MessageAttributes") or {}).items()
        if value["DataType"] != "Binary"
    }
    return FilterPolicyMatcher(dict(policy), None).matches(attributes, str(members["Message"]))


def _id() -> str:
    return "-".join(secrets.token_hex(size) for size in (4, 2, 2, 2, 6))


def _xml(operation: str, result: str | None) -> Answer:
    """An answer in the form of the protocol ``query``."""
    inner = "" if result is None else f"<{operation}Result>{result}</{operation}Result>"
    text = (
        f'<{operation}Response xmlns="{_XML}">{inner}<ResponseMetadata>'
        f"<RequestId>{_id()}</RequestId></ResponseMetadata></{operation}Response>"
    )
    return Answer("200 OK", text.encode(), (("Content-Type", "text/xml"),))


def _page(status: str, text: str) -> Answer:
    return Answer(status, f"{text}\n".encode(), (("Content-Type", "text/plain; charset=utf-8"),))
