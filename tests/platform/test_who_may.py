"""A refusal names who may, and no host's path or method is a sentence."""

from __future__ import annotations

import pytest

from pennsieve_agent.console import failures
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.errors import Forbidden
from pennsieve_agent.platform.http.exchange import Answer
from pennsieve_agent.platform.http.failures import failure

HOST = "https://api.pennsieve.io"
NODE = "/compute/resources/compute-nodes/7"


@pytest.mark.parametrize(
    ("call", "who"),
    [
        ("DELETE /datasets/N:dataset:1", "only the owner of the dataset"),
        ("PUT /datasets/N:dataset:1", "only managers and the owner of the dataset"),
        ("PUT /datasets/N:dataset:1/collaborators/owner", "only the owner of the dataset"),
        ("DELETE /datasets/N:dataset:1/collaborators/users", "only managers and the owner"),
        ("PUT /datasets/N:dataset:1/webhook/3", "only managers and the owner of the dataset"),
        ("POST /data/delete", "only editors, managers and the owner"),
        ("POST /packages", "only editors, managers and the owner"),
        ("POST /compute/workflows/runs", "only editors, managers and the owner"),
        ("POST /compute/workflows/runs/7/cancel", "only the person who started the run and"),
        ("POST /compute/workflows/definitions/7/publish", "only the person who added"),
        ("PUT /applications/store/7/permissions", "only the person who registered the code"),
        ("PATCH /compute/resources/accounts/7", "only the person who registered the AWS account"),
        (f"PATCH {NODE}", "only the owner of the compute node and administrators"),
        (f"POST {NODE}/permissions/users", "only the owner of the compute node"),
        ("DELETE /webhooks/7", "only who made the integration"),
        ("GET /anything", "ask an owner or manager"),
    ],
)
@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_names_who_may(call: str, who: str, status: int) -> None:
    method, path = call.split()
    error = failure(Answer(f"{method} {HOST}{path}", status, b'{"message": "no"}'))
    assert isinstance(error, Forbidden)
    assert str(error.hint).startswith(who)
    text = failures.text(error, Streams.for_test())
    assert f"where: {HOST}\n" in text
    assert path not in text
    assert failures.document(error)["error"]["where"] == f"{method} {HOST}{path}"
