"""How large one thing, and how much one request, may be: items, keys to delete, events of a log."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pennsieve_agent.sandbox.aws.limits.item_size import MOST_ITEM, item_size
from tests.sandbox.aws.account import Cloud, open_cloud
from tests.sandbox.aws.strict_client import client


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with open_cloud(tmp_path_factory.mktemp("limits")) as made:
        yield made


@pytest.fixture
def table(cloud: Cloud) -> Iterator[Any]:
    dynamodb = client(cloud, "dynamodb")
    dynamodb.create_table(
        TableName="items",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield dynamodb
    dynamodb.delete_table(TableName="items")


KINDS: list[tuple[str, Callable[[int], dict[str, Any]]]] = [
    ("S", lambda size: {"S": "é" * (size // 2) + "x" * (size % 2)}),
    ("B", lambda size: {"B": b"x" * size}),
    ("M", lambda size: {"M": {"a": {"S": "x" * (size - 5)}}}),
    ("L", lambda size: {"L": [{"S": "x" * (size - 4)}]}),
]


@pytest.mark.parametrize(("kind", "value"), KINDS, ids=[kind for kind, _ in KINDS])
def test_an_item_of_400_kb(table: Any, kind: str, value: Callable[[int], dict[str, Any]]) -> None:
    room = MOST_ITEM - item_size({"pk": {"S": "k"}}) - len("body")

    def put(size: int) -> None:
        table.put_item(TableName="items", Item={"pk": {"S": "k"}, "body": value(size)})

    def update(size: int) -> None:
        table.update_item(
            TableName="items",
            Key={"pk": {"S": "k"}},
            UpdateExpression="SET body = :b",
            ExpressionAttributeValues={":b": value(size)},
        )

    put(room)
    update(room)  # what is replaced does not count
    assert item_size({"body": value(room)}) == room + len("body"), kind
    for write in (put, update):
        with pytest.raises(ClientError, match=r"size.* has exceeded the maximum allowed size"):
            write(room + 1)


def test_a_thousand_keys_are_deleted_at_once(cloud: Cloud) -> None:
    s3 = client(cloud, "s3")
    s3.create_bucket(Bucket="with-keys")
    keys = [{"Key": str(number)} for number in range(1001)]
    with pytest.raises(ClientError, match="MalformedXML"):
        s3.delete_objects(Bucket="with-keys", Delete={"Objects": keys})
    s3.delete_objects(Bucket="with-keys", Delete={"Objects": keys[:1000]})


HALF = 1_048_576 // 2 - 26


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([(0, "x" * 1_048_577)], "Log event too large"),
        ([(0, "x" * HALF), (0, "x" * (HALF + 1))], "Upload too large"),
        ([(1, "x"), (0, "x")], "chronological order"),
        ([(0, "x"), (24 * 3600 * 1000 + 1, "x")], "more than 24 hours"),
        ([(0, "x" * HALF), (0, "é" * (HALF // 2))], ""),
        ([(0, "x"), (24 * 3600 * 1000, "x")], ""),
    ],
    ids=["line", "batch", "order", "day", "full", "whole day"],
)
def test_events_of_a_log_in_one_request(
    cloud: Cloud, events: list[tuple[int, str]], why: str
) -> None:
    logs = client(cloud, "logs")
    name = str(uuid.uuid4())
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    first = int(time.time() * 1000) - 24 * 3600 * 1000
    rows = [{"timestamp": first + at, "message": text} for at, text in events]

    def put() -> None:
        logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=rows)

    if not why:
        put()
        return
    with pytest.raises(ClientError, match=why):
        put()
