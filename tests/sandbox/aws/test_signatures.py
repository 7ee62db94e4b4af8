"""Only who has a secret may use the emulated AWS: every service says no in its own words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from pennsieve_agent.sandbox.aws.rights.role_sessions import Keys, session
from pennsieve_agent.transfer.sigv4 import signed
from tests.sandbox.aws.account import (
    NUMBER,
    OWNER,
    REGION,
    Cloud,
    allow,
    open_cloud,
    service_trust,
)

Call = Callable[[Any], Any]
CALLS: dict[str, Call] = {
    "s3": lambda s: s.client("s3").list_buckets(),
    "iam": lambda s: s.client("iam").list_roles(),
    "lambda": lambda s: s.client("lambda").list_functions(),
    "sts": lambda s: s.client("sts").get_caller_identity(),
    "dynamodb": lambda s: s.client("dynamodb").list_tables(),
    "batch": lambda s: s.client("batch").describe_job_queues(),
    "s3files": lambda s: s.client("s3files").list_file_systems(),
    "cloudformation": lambda s: s.client("cloudformation").list_stacks(),
    "ec2": lambda s: s.client("ec2").describe_vpcs(),
    "logs": lambda s: s.client("logs").describe_log_groups(),
}
UNKNOWN = {"s3": "InvalidAccessKeyId"} | dict.fromkeys(
    ("dynamodb", "logs"), "UnrecognizedClientException"
)
WRONG = dict.fromkeys(("dynamodb", "logs"), "InvalidSignatureException")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with open_cloud(tmp_path_factory.mktemp("aws") / "data") as made:
        yield made


def refused(call: Call, cloud: Cloud, key: str, secret: str) -> str:
    with pytest.raises(ClientError) as caught:
        call(session(Keys(key, secret, "", 0), REGION, cloud.url))
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.parametrize("service", CALLS)
def test_a_key_that_is_none_and_a_secret_that_is_wrong(cloud: Cloud, service: str) -> None:
    call = CALLS[service]
    assert refused(call, cloud, "AKIAQQQQQQQQQQQQQQQQ", OWNER.secret) == UNKNOWN.get(
        service, "InvalidClientTokenId"
    )
    assert refused(call, cloud, OWNER.access_key, "guessed") == WRONG.get(
        service, "SignatureDoesNotMatch"
    )
    call(cloud.owner)


def test_nothing_signed_is_nothing_answered(cloud: Cloud) -> None:
    for path in ("/", "/bucket/key", "/2015-03-31/functions/"):
        assert httpx.get(f"{cloud.url}{path}").status_code == 403


def test_what_was_signed_cannot_be_changed(cloud: Cloud) -> None:
    """Neither body, path, query nor a signed header."""
    keys = {"key": OWNER.access_key, "secret": OWNER.secret, "token": ""}

    def send(url: str, body: bytes, headers: dict[str, str]) -> int:
        return httpx.post(url, content=body, headers=headers).status_code

    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    form = {"content-type": "application/x-www-form-urlencoded", "x-pennsieve-node": "a"}
    digest = hashlib.sha256(body).hexdigest()
    url = f"{cloud.url}/?a=%2F&b"
    headers = signed("POST", url, "sts", REGION, keys, digest, form)
    assert send(url, body, headers) == 200
    other = b"Action=GetSessionToken&Version=2011-06-15"
    assert send(url, other, headers) in {400, 403}
    assert send(url, body, {**headers, "x-pennsieve-node": "b"}) == 403
    assert send(f"{cloud.url}/?a=%2F&b=1", body, headers) == 403
    assert send(f"{cloud.url}/x?a=%2F&b", body, headers) == 403
    old = signed("POST", url, "sts", REGION, keys, digest, form, at=1_000_000_000)
    assert send(url, body, old) == 403


def test_presigned_addresses(cloud: Cloud) -> None:
    s3 = cloud.owner.client("s3", config=Config(signature_version="s3v4"))
    s3.create_bucket(Bucket="presigned")
    s3.put_object(Bucket="presigned", Key="a b/é.txt", Body=b"hello")
    where = {"Bucket": "presigned", "Key": "a b/é.txt"}

    def url(seconds: int = 60) -> str:
        return str(s3.generate_presigned_url("get_object", Params=where, ExpiresIn=seconds))

    right = url()
    assert httpx.get(right).text == "hello"
    for wrong in (right.replace("txt", "tx"), right[:-1] + ("0" if right[-1] != "0" else "1")):
        answer = httpx.get(wrong)
        assert (answer.status_code, "SignatureDoesNotMatch" in answer.text) == (403, True)
    assert httpx.get(url(0)).status_code == 403
    older = cloud.owner.client("s3", config=Config(signature_version="s3"))
    address = older.generate_presigned_url("get_object", Params=where, ExpiresIn=60)
    assert httpx.get(address).status_code == 403  # new buckets take no older signature


def test_the_identity_of_users_and_of_roles(cloud: Cloud) -> None:
    me = cloud.owner.client("sts").get_caller_identity()
    assert (me["Arn"], me["Account"]) == (f"arn:aws:iam::{NUMBER}:user/ada", NUMBER)
    role = cloud.role("somebody", service_trust("lambda.amazonaws.com"), allow())
    it = cloud.assume(role).client("sts").get_caller_identity()
    assert it["Arn"] == f"arn:aws:sts::{NUMBER}:assumed-role/somebody/test"
    assert it["UserId"].endswith(":test")
    made = cloud.owner.client("iam")
    made.create_user(UserName="grace")
    key = made.create_access_key(UserName="grace")["AccessKey"]
    grace = session(Keys(key["AccessKeyId"], key["SecretAccessKey"], "", 0), REGION, cloud.url)
    assert grace.client("sts").get_caller_identity()["Arn"].endswith(":user/grace")
    made.delete_access_key(UserName="grace", AccessKeyId=key["AccessKeyId"])
    with pytest.raises(ClientError):
        grace.client("sts").get_caller_identity()


def test_nobody_is_another_account_by_saying_so(cloud: Cloud) -> None:
    client = cloud.owner.client("sts")

    def claim(request: Any, **_: Any) -> None:
        request.headers["x-moto-account-id"] = "999988887777"

    client.meta.events.register("before-sign", claim)
    assert client.get_caller_identity()["Account"] == NUMBER
