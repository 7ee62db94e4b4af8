"""Mails of SNS: asked first, filtered, refused as on AWS, written as files, kept over a restart."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pennsieve_agent.sandbox.aws.sns.addresses import PENDING_SECONDS, SCHEMA, Addresses
from pennsieve_agent.sandbox.aws.sns.mail_folder import FOLDER
from pennsieve_agent.sandbox.aws.sns.rules import MOST_POLICIES
from pennsieve_agent.sandbox.host.store import Store
from tests.sandbox.aws.account import NUMBER, REGION, Cloud, open_cloud
from tests.sandbox.aws.test_policy_check import code_of

TOPIC = f"arn:aws:sns:{REGION}:{NUMBER}:t"
ADA, GRACE = "ada@example.org", "grace@example.org"
LINK = re.compile(r"http://127\.0\.0\.1:\d+/sns-confirmation/\w+")


def folder(cloud: Cloud) -> Path:
    path: Path = cloud.services.topics._mails.path
    assert path.name == FOLDER
    return path


def mails(cloud: Cloud) -> list[str]:
    return [path.read_text() for path in sorted(folder(cloud).glob("*.txt"))]


def subscribe(cloud: Cloud, address: str = ADA, policy: Any = None, **more: Any) -> str:
    attributes = {"FilterPolicy": json.dumps(policy)} if policy is not None else {}
    attributes |= more
    answer = cloud.owner.client("sns").subscribe(
        TopicArn=TOPIC, Protocol="email", Endpoint=address, Attributes=attributes
    )
    return str(answer["SubscriptionArn"])


def click(text: str) -> str:
    link = LINK.search(text)
    assert link is not None
    with urllib.request.urlopen(link[0], timeout=10) as page:  # noqa: S310 - on loopback
        return str(page.read().decode())


def listed(cloud: Cloud) -> dict[str, str]:
    pages = cloud.owner.client("sns").get_paginator("list_subscriptions_by_topic")
    return {
        row["Endpoint"]: row["SubscriptionArn"]
        for page in pages.paginate(TopicArn=TOPIC)
        for row in page["Subscriptions"]
    }


def publish(cloud: Cloud, to: str = "", **more: Any) -> str:
    attributes = {"to": {"DataType": "String", "StringValue": to}} if to else {}
    answer = cloud.owner.client("sns").publish(
        **{"TopicArn": TOPIC, "Message": "x", "MessageAttributes": attributes, **more}
    )
    return str(answer["MessageId"])


def refused(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as problem:
        call()
    return code_of(problem.value), str(problem.value)


def test_nobody_gets_a_mail_before_he_has_confirmed(cloud: Cloud) -> None:
    cloud.owner.client("sns").create_topic(Name="t")
    assert subscribe(cloud) == "pending confirmation"
    assert listed(cloud) == {ADA: "PendingConfirmation"}
    publish(cloud)
    (question,) = mails(cloud)
    assert f"To: {ADA}" in question
    assert TOPIC in question
    assert f"{ADA} is subscribed to {TOPIC}" in click(question)
    assert listed(cloud)[ADA].startswith(f"{TOPIC}:")
    assert publish(cloud, Subject="The end", Message="of the run")
    assert len(mails(cloud)) == 2
    assert "Subject: The end\n\nof the run" in mails(cloud)[1]
    assert oct(folder(cloud).stat().st_mode)[-3:] == "700"


def test_a_link_is_good_once_asked_again_only_the_new_one(cloud: Cloud) -> None:
    cloud.owner.client("sns").create_topic(Name="t")
    subscribe(cloud)
    subscribe(cloud)
    first, second = mails(cloud)
    with pytest.raises(urllib.error.HTTPError, match="400"):
        click(first)
    click(second)
    assert subscribe(cloud) == listed(cloud)[ADA], "asked again, nothing is sent"
    assert len(mails(cloud)) == 2
    code, text = refused(lambda: subscribe(cloud, policy={"to": [ADA]}))
    assert (code, "different attributes" in text) == ("InvalidParameter", True)


def test_a_filter_lets_through_what_is_for_an_address(cloud: Cloud) -> None:
    cloud.owner.client("sns").create_topic(Name="t")
    for address in (ADA, GRACE):
        subscribe(cloud, address, {"to": [address]})
    for question in mails(cloud):
        click(question)
    for to in (ADA, GRACE, "nobody@example.org", ADA.upper(), ""):
        publish(cloud, to, Message=f"for {to}")
    assert [text.rpartition("\n\n")[2].strip() for text in mails(cloud)[2:]] == [
        f"for {ADA}",
        f"for {GRACE}",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"Subject": "x" * 100},
        {"Subject": "two\nlines"},
        {"Subject": "Müller"},
        {"Subject": " x"},
        {"Message": "x" * 262_145},
    ],
)
def test_a_message_that_aws_does_not_take_is_refused(cloud: Cloud, wrong: dict[str, str]) -> None:
    cloud.owner.client("sns").create_topic(Name="t")
    subscribe(cloud)
    click(mails(cloud)[0])
    assert refused(lambda: publish(cloud, **wrong))[0] == "InvalidParameter"
    assert len(mails(cloud)) == 1
    publish(cloud, Subject="x" * 99, Message="x" * 262_144)
    assert len(mails(cloud)) == 2


def test_what_is_no_address_no_filter_or_no_topic_is_refused(cloud: Cloud) -> None:
    sns = cloud.owner.client("sns")
    sns.create_topic(Name="t")
    assert refused(lambda: subscribe(cloud, "ada"))[0] == "InvalidParameter"
    assert refused(lambda: subscribe(cloud, policy={"to": ADA}))[0] == "InvalidParameter"
    assert refused(lambda: subscribe(cloud, policy=[1]))[0] == "InvalidParameter"
    assert refused(lambda: subscribe(cloud, Wrong="x"))[0] == "InvalidParameter"
    assert refused(lambda: publish(cloud, TopicArn=f"{TOPIC}x"))[0] == "NotFound"
    token = {"TopicArn": TOPIC, "Token": "x"}
    assert refused(lambda: sns.confirm_subscription(**token))[0] == "InvalidParameter"
    assert not listed(cloud)


def test_a_topic_has_200_filters_which_are_listed_by_the_hundred(cloud: Cloud) -> None:
    cloud.owner.client("sns").create_topic(Name="t")
    addresses = cloud.services.topics._addresses
    for number in range(MOST_POLICIES):
        addresses.ask(TOPIC, f"a{number}@example.org", {"to": ["x"]})
    code, _ = refused(lambda: subscribe(cloud, policy={"to": [ADA]}))
    assert code == "FilterPolicyLimitExceeded"
    assert len(listed(cloud)) == MOST_POLICIES
    first = cloud.owner.client("sns").list_subscriptions_by_topic(TopicArn=TOPIC)
    assert len(first["Subscriptions"]) == 100


def test_subscriptions_end_with_the_topic_and_by_themselves(cloud: Cloud) -> None:
    sns = cloud.owner.client("sns")
    for _ in range(2):
        sns.create_topic(Name="t")
        assert not listed(cloud)
        subscribe(cloud)
        click(mails(cloud)[-1])
        sns.delete_topic(TopicArn=TOPIC)
    sns.create_topic(Name="t")
    subscribe(cloud)
    click(mails(cloud)[-1])
    sns.unsubscribe(SubscriptionArn=listed(cloud)[ADA])
    assert not listed(cloud)


def test_an_address_of_a_stack_is_asked_too(cloud: Cloud) -> None:
    def template(*addresses: str) -> str:
        rows = [{"Protocol": "email", "Endpoint": address} for address in addresses]
        topic = {"TopicName": "t", "Subscription": rows}
        return json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": topic}}})

    stacks = cloud.owner.client("cloudformation")
    stacks.create_stack(StackName="s", TemplateBody=template(ADA))
    assert listed(cloud) == {ADA: "PendingConfirmation"}
    click(mails(cloud)[0])
    publish(cloud, Message="used up")
    assert "used up" in mails(cloud)[1]
    stacks.delete_stack(StackName="s")
    assert not cloud.services.topics._addresses.topics()


def test_who_has_confirmed_is_known_after_a_restart_and_nothing_is_sent_twice(
    tmp_path: Path,
) -> None:
    with open_cloud(tmp_path / "data") as cloud:
        cloud.owner.client("sns").create_topic(Name="t")
        subscribe(cloud)
        click(mails(cloud)[0])
        publish(cloud, Message="first")
    with open_cloud(tmp_path / "data") as cloud:
        assert listed(cloud)[ADA].startswith(TOPIC)
        assert len(mails(cloud)) == 2
        publish(cloud, Message="second")
        assert ["first" in text for text in mails(cloud)[1:]] == [True, False]


def test_who_does_not_confirm_for_two_days_is_forgotten(tmp_path: Path) -> None:
    clock = [0.0]
    store = Store(tmp_path / "x.db", [SCHEMA])
    addresses = Addresses(store, lambda: clock[0])
    late, quick = addresses.ask(TOPIC, ADA, {}), addresses.ask(TOPIC, GRACE, {})
    assert addresses.confirm(quick.token) is not None
    clock[0] = PENDING_SECONDS
    assert [one.endpoint for one in addresses.of(TOPIC)] == [GRACE]
    assert addresses.confirm(late.token) is None
    store.close()
