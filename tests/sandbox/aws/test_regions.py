"""Things are where they were made: what is asked for in another region is not there."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.sandbox.aws.account import Cloud, allow, service_trust
from tests.sandbox.aws.test_policy_check import code_of

HERE, THERE = "us-east-1", "eu-west-1"
TRUST = service_trust("lambda.amazonaws.com")


def followed(link: str) -> tuple[int, bytes]:
    """The status and the content that a link answers with."""
    try:
        with urllib.request.urlopen(link, timeout=10) as answer:  # noqa: S310 - loopback
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_a_link_for_a_bucket_of_another_region_is_refused(cloud: Cloud) -> None:
    s3 = cloud.owner.client("s3", region_name=THERE)
    s3.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": THERE})
    s3.put_object(Bucket="far", Key="k", Body=b"x")
    signing = Config(signature_version="s3v4")
    for region, wanted in ((THERE, 200), (HERE, 400)):
        client = cloud.owner.client("s3", region_name=region, config=signing)
        link = client.generate_presigned_url("get_object", Params={"Bucket": "far", "Key": "k"})
        status, text = followed(link)
        assert status == wanted
        assert (b"the region 'us-east-1' is wrong; expecting 'eu-west-1'" in text) is (
            wanted == 400
        )


def test_boto3_asks_again_where_the_bucket_is(cloud: Cloud) -> None:
    there = cloud.owner.client("s3", region_name=THERE)
    there.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": THERE})
    once = Config(signature_version="s3v4", retries={"total_max_attempts": 1})
    here = cloud.owner.client("s3", region_name=HERE, config=once)
    here.put_object(Bucket="far", Key="k", Body=b"x")
    assert there.get_object(Bucket="far", Key="k")["Body"].read() == b"x"


def test_images_keys_and_parameters_are_where_they_were_made(cloud: Cloud) -> None:
    role = cloud.role("all", TRUST, allow(("*", "*")))
    owner, session = cloud.owner, cloud.assume(role)
    key = owner.client("kms", region_name=THERE).create_key()["KeyMetadata"]["KeyId"]
    owner.client("ecr", region_name=THERE).create_repository(repositoryName="app")
    owner.client("ssm", region_name=THERE).put_parameter(
        Name="/p", Value="x", Type="SecureString", KeyId=key
    )

    def look(region: str) -> None:
        session.client("ssm", region_name=region).get_parameter(Name="/p", WithDecryption=True)

    def image(region: str) -> None:
        session.client("ecr", region_name=region).describe_images(repositoryName="app")

    for ask, code in ((look, "ParameterNotFound"), (image, "RepositoryNotFoundException")):
        ask(THERE)
        with pytest.raises(ClientError) as refused:
            ask(HERE)
        assert code_of(refused.value) == code
