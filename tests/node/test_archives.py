"""Links to the node's bucket: for one object, its length and its SHA-256, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import urllib.request
import uuid
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from pennsieve_agent.aws.node_proof import proof_of
from pennsieve_agent.aws.signing_keys import SigningKeys
from pennsieve_agent.node import admin
from pennsieve_agent.node.node import Node, node_of
from tests.node.cloud import ADMIN
from tests.node.own_world import OwnWorld

KEYS = SigningKeys("AKIAEXAMPLE0000000000", "hidden-word", "")
CODE = b"an archive of code"
DIGEST = hashlib.sha256(CODE).hexdigest()


@pytest.fixture
def node(own: OwnWorld) -> Node:
    settings = replace(own.node().settings, bucket="node-bucket")
    session = boto3.session.Session(KEYS.key_id, KEYS.secret, region_name=settings.region)
    found = node_of(session, settings.environment())
    found.client("s3").create_bucket(Bucket=settings.bucket)
    return found


def ask(node: Node, body: dict[str, Any]) -> dict[str, Any]:
    event = {"protocol": 1, "id": uuid.uuid4().hex, "method": "POST", "path": "/archives"}
    event |= {"query": {}, "body": body}
    proof = proof_of(KEYS, ADMIN, event, node.settings.endpoint, node.now())
    return admin.request_handler.handle(event | {"proof": proof}, node)


def test_an_archive_is_uploaded_by_a_link_and_then_known(node: Node) -> None:
    answer = ask(node, {"sha256": DIGEST, "size": len(CODE)})["body"]
    assert (answer["present"], answer["key"]) == (False, f"archives/{DIGEST}.tar.gz")
    query = parse_qs(urlsplit(answer["url"]).query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-SignedHeaders"] == ["content-length;host;x-amz-checksum-sha256"]
    checksum = base64.b64encode(hashlib.sha256(CODE).digest()).decode()
    headers = {"content-length": str(len(CODE)), "x-amz-checksum-sha256": checksum}
    assert answer["headers"] == headers
    headers |= {"content-type": "application/gzip"}  # moto would take it for a form
    request = urllib.request.Request(answer["url"], CODE, headers, method="PUT")  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310 - loopback
        assert reply.status == 200
    assert ask(node, {"sha256": DIGEST, "size": len(CODE)})["body"]["present"]
    assert not ask(node, {"sha256": DIGEST, "size": 1})["body"]["present"]


@pytest.mark.parametrize(
    "body",
    [
        {"sha256": "../x", "size": 1},
        {"sha256": DIGEST, "size": 0},
        {"sha256": DIGEST, "size": 6 * 1024**3},
        {"sha256": DIGEST, "size": "1"},
        {},
    ],
)
def test_what_is_no_archive_gets_no_link(node: Node, body: dict[str, Any]) -> None:
    assert ask(node, body)["status"] == 400
