"""A node with AWS's services over HTTP, and a Pennsieve that knows keys, tokens and datasets."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.message import Message
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3

from pennsieve_agent.node.identity import workflow_credentials
from pennsieve_agent.node.node import Node
from tests.node.world import SETTINGS, Reply

WORKFLOW = "11111111-0000-4000-8000-000000000001"
DATASET = "N:dataset:d"
READ_KEY, WRITE_KEY = "00000000-aaaa-4000-8000-000000000001", "00000000-aaaa-4000-8000-000000000002"
SECRET = "00000000-bbbb-4000-8000-00000000000"
BY = {"name": "Ada", "email": "ada@example.org"}
CONFIG = {
    "region": "us-east-1",
    "tokenPool": {"region": "us-east-1", "id": "us-east-1_B", "appClientId": "tokens"},
}


def identity_body(number: int = 1) -> dict[str, Any]:
    """What an owner's machine hands over."""
    one = {"integration": 7, "user": "N:user:r", "key": READ_KEY, "secret": f"{SECRET}{number}"}
    other = {"integration": 8, "user": "N:user:w", "key": WRITE_KEY, "secret": f"{SECRET}{number}"}
    return {"read": one, "write": other, "by": BY}


@dataclass
class Pennsieve:
    """Hosted Pennsieve's sign-in and data routes, with a clock."""

    clock: float = 1_790_000_000.0
    keys: dict[str, str] = field(default_factory=dict)
    on_dataset: set[str] = field(default_factory=lambda: {READ_KEY, WRITE_KEY})
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    sign_ins: int = 0
    down: bool = False
    throttles: int = 0
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """The key, method and path of each call of a data route that was let in."""

    def now(self) -> float:
        return self.clock

    def sleep(self, seconds: float) -> None:
        self.clock += seconds

    def open_url(self, request: urllib.request.Request, seconds: float) -> Any:
        del seconds
        if self.down:
            raise urllib.error.URLError("refused")
        parts = urlsplit(request.full_url)
        if parts.path == "/authentication/cognito-config":
            return Reply(CONFIG)
        if parts.netloc == "cognito-idp.us-east-1.amazonaws.com":
            return self._sign_in(request)
        assert parts.netloc == "api2"
        return self._data(request, parse_qs(parts.query)["dataset_id"][0], parts.path)

    def _sign_in(self, request: urllib.request.Request) -> Reply:
        assert isinstance(request.data, bytes)
        given = json.loads(request.data)["AuthParameters"]
        if self.throttles:
            self.throttles -= 1
            raise _refusal(request, 400, {"__type": "TooManyRequestsException"})
        if self.keys.get(given["USERNAME"]) != given["PASSWORD"]:
            raise _refusal(request, 400, {"__type": "NotAuthorizedException"})
        self.sign_ins += 1
        token = f"eyJ{self.sign_ins:020}.{'p' * 20}.{'s' * 20}"
        self.tokens[token] = given["USERNAME"], self.clock + 3600
        return Reply({"AuthenticationResult": {"AccessToken": token, "ExpiresIn": 3600}})

    def _data(self, request: urllib.request.Request, dataset: str, path: str) -> Reply:
        kind, _, token = str(request.get_header("Authorization")).partition(" ")
        key, until = self.tokens.get(token, ("", 0.0))
        if kind != "Bearer" or until <= self.clock or key not in self.keys:
            raise _refusal(request, 401, {"message": "Unauthorized"})
        if dataset != DATASET or key not in self.on_dataset:
            raise _refusal(request, 403, {"message": "Forbidden"})
        self.asked.append((key, request.get_method(), path))
        return Reply({"ok": True})


def _refusal(
    request: urllib.request.Request, code: int, body: Mapping[str, Any]
) -> urllib.error.HTTPError:
    data = BytesIO(json.dumps(body).encode())
    return urllib.error.HTTPError(request.full_url, code, "no", Message(), data)


@dataclass
class OwnWorld:
    """A node of the user's own. Each :meth:`node` is a function's new execution environment."""

    url: str
    pennsieve: Pennsieve = field(default_factory=Pennsieve)
    bucket: str = SETTINGS.bucket
    _clients: dict[str, Any] = field(default_factory=dict)

    def node(self) -> Node:
        settings = replace(SETTINGS, endpoint=self.url, bucket=self.bucket)
        return Node(
            settings, self.client, self.pennsieve.now, self.pennsieve.sleep, self.pennsieve.open_url
        )

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                region_name="us-east-1",
                endpoint_url=self.url,
                aws_access_key_id="AKIAEXAMPLE",
                aws_secret_access_key="hidden-word",
            )
        return self._clients[service]

    def hand_over(self, number: int = 1) -> None:
        """The owner puts keys that Pennsieve knows."""
        workflow_credentials.put(self.node(), WORKFLOW, identity_body(number))
        self.pennsieve.keys = {READ_KEY: f"{SECRET}{number}", WRITE_KEY: f"{SECRET}{number}"}


def make_table(dynamodb: Any, name: str) -> None:
    """A node's table."""
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )


@contextmanager
def own_world(url: str) -> Iterator[OwnWorld]:
    """The world, with the node's table."""
    world = OwnWorld(url)
    make_table(world.client("dynamodb"), SETTINGS.table)
    yield world
