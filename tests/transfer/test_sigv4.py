"""Our signatures are AWS's own: for any request of ours, botocore makes the same."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.transfer.sigv4 import EMPTY, UNSIGNED, signed

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
KEYS = {"key": "AKIDEXAMPLE", "secret": "wJalrXUtnFEMI/K7MDENG", "token": "session"}
names = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20
)


def theirs(
    service: str, method: str, url: str, headers: dict[str, str], payload: str
) -> dict[str, str]:
    stored = {"X-Amz-Content-SHA256": payload} if service == "s3" else {}
    request = AWSRequest(method, url, {**headers, **stored}, b"")
    request.context["timestamp"] = NOW.strftime("%Y%m%dT%H%M%SZ")
    credentials = Credentials(KEYS["key"], KEYS["secret"], KEYS["token"])
    maker = S3SigV4Auth if service == "s3" else SigV4Auth
    auth = maker(credentials, service, "us-east-1")
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    request.headers["X-Amz-Security-Token"] = KEYS["token"]
    canonical = auth.canonical_request(request)
    text = auth.string_to_sign(request, canonical)
    return {"signature": auth.signature(text, request)}


@given(st.lists(names, min_size=1, max_size=3), st.sampled_from(["GET", "PUT", "POST"]))
def test_a_request_to_storage(parts: list[str], method: str) -> None:
    path = "/".join(quote(part, safe="-_.~") for part in parts)
    url = f"https://s3.us-east-1.amazonaws.com/bucket/{path}?partNumber=3&uploadId=a%2Fb"
    headers = {"x-amz-tagging": "OrgId=1&DatasetId=N:dataset:2"}
    ours = signed(method, url, "s3", "us-east-1", KEYS, UNSIGNED, headers, NOW.timestamp())
    expected = theirs("s3", method, url, headers, UNSIGNED)["signature"]
    assert ours["authorization"].endswith(f"Signature={expected}")
    assert ours["x-amz-security-token"] == "session"


def test_a_call_of_a_function() -> None:
    url = (
        "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/pennsieve-node-1-r/invocations"
    )
    ours = signed("POST", url, "lambda", "us-east-1", KEYS, EMPTY, None, NOW.timestamp())
    expected = theirs("lambda", "POST", url, {}, EMPTY)["signature"]
    assert ours["authorization"].endswith(f"Signature={expected}")
