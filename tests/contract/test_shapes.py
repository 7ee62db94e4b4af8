"""Each word of the shape language accepts what it means, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pennsieve_agent.contract import secrecy
from pennsieve_agent.contract.shapes import (
    ABSENT,
    GO_TIME,
    ISO_TIME,
    UUID,
    Either,
    Filled,
    MapOf,
    Matching,
    Only,
    mismatches,
    node_id,
)

ID = "0b6f9e4e-0000-4000-8000-00000000000a"

GOOD: list[tuple[Any, Any]] = [
    (str, "a"),
    (int, 1),
    (bool, True),
    (float, 1),
    (float, 1.5),
    (None, None),
    ("a", "a"),
    (..., None),
    ([int], []),
    ([int], [1, 2]),
    (list, [1]),
    ({"a": int}, {"a": 1, "b": 2}),
    ({"a?": int}, {}),
    ({"a": ABSENT}, {"b": 1}),
    (Only({"a": int, "b?": int}), {"a": 1}),
    (Filled([int]), [1]),
    (Either(None, [int]), None),
    (MapOf(int), {"a": 1, "b?": 2}),
    (MapOf(...), {}),
    (Matching("a+"), "aa"),
    (UUID, ID),
    (node_id("dataset"), f"N:dataset:{ID}"),
    (ISO_TIME, "2026-01-02T03:04:05.123Z"),
    (GO_TIME, "2026-07-02 13:37:35.123456789 +0000 UTC"),
]
BAD: list[tuple[Any, Any, str]] = [
    (str, 1, "body is 1, not a text"),
    (int, True, "body is True, not a whole number"),
    (int, 1.0, "body is 1.0, not a whole number"),
    (float, "1", "body is '1', not a number"),
    (float, True, "body is True, not a number"),
    (False, 0, "body is 0, not False"),
    (None, [], "body is an empty list, not null"),
    ([int], None, "body is null, not a list"),
    ([], [1], "body is a list, not an empty list"),
    ([int], [1, "a"], "body[1] is 'a', not a whole number"),
    ({"a": int}, {}, "body.a is missing"),
    ({"datasetId": int}, {"DatasetId": 1}, "body.datasetId is written DatasetId"),
    ({"a?": int}, {"a": None}, "body.a is null, not a whole number"),
    ({"a": ABSENT}, {"a": None}, "body.a is null, but must be left out"),
    (Only({"a": int}), {"a": 1, "b": 2}, "body has the key b, which does not belong there"),
    (Only({"a": int}), [], "body is an empty list, not an object"),
    (Filled([int]), [], "body is an empty list"),
    (Either(None, int), "a", "body is 'a', not null or a whole number"),
    (Either(Only({"a": 1, "b": int}), Only({"a": 2})), {"a": 1}, "body.b is missing"),
    (MapOf(int), {"a": "x"}, "body.a is 'x', not a whole number"),
    (MapOf(int), [], "body is an empty list, not an object"),
    (GO_TIME, "2026-07-02T13:37:35Z", f"not a text like {GO_TIME.pattern}"),
    (ISO_TIME, "2026-07-02 13:37:35 +0000 UTC", "not a text like"),
]


@pytest.mark.parametrize(("shape", "value"), GOOD)
def test_fits(shape: Any, value: Any) -> None:
    assert mismatches(shape, value) == []


@pytest.mark.parametrize(("shape", "value", "said"), BAD)
def test_does_not_fit(shape: Any, value: Any, said: str) -> None:
    found = mismatches(shape, value)
    assert len(found) == 1
    assert said in found[0]


def test_an_excerpt_shows_no_secret() -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"
    body = {
        "name": "shown",
        "tokenSecret": {"name": "n", "key": "the-key", "secret": "the-secret"},
        "AuthenticationResult": {"AccessToken": token, "RefreshToken": "the-refresh"},
        "url": "https://bucket.example/a?X-Amz-Signature=the-signature",
        "text": f"Bearer {token}",
    }
    for text in (secrecy.excerpt(json.dumps(body).encode()), secrecy.excerpt(token.encode())):
        for secret in ("the-", "eyJ", token):
            assert secret not in text
    assert "shown" in secrecy.excerpt(json.dumps(body).encode())
