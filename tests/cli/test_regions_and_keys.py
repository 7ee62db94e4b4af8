"""Nodes with a key of their own, and in another region, as typed: made, asked, and used."""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from pennsieve_agent.settings.own_nodes_file import OwnNodes
from tests.cli.harness import Agent
from tests.quick_sandbox import quick

PLACES = (("basic", "eu-west-1"), ("secure", "us-east-1"), ("compliant", "eu-west-1"))


class Owner:
    """Clients with the keys of the sandbox's AWS user, and of roles that he takes."""

    def __init__(self, data: Path, region: str) -> None:
        read = configparser.ConfigParser()
        read.read([data / "aws" / "config", data / "aws" / "credentials"])
        self._default, self._region = read["default"], region

    def client(self, service: str, **keys: str) -> Any:
        own = {name: self._default[name] for name in ("aws_access_key_id", "aws_secret_access_key")}
        session = boto3.session.Session(**(keys or own), region_name=self._region)
        return session.client(service, endpoint_url=self._default["endpoint_url"])

    def as_role(self, service: str, role: str) -> Any:
        taken = self.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        return self.client(
            service,
            aws_access_key_id=taken["AccessKeyId"],
            aws_secret_access_key=taken["SecretAccessKey"],
            aws_session_token=taken["SessionToken"],
        )


@pytest.mark.parametrize(("mode", "region"), PLACES)
def test_a_node_of_a_mode_in_a_region_is_made_and_answers(
    tmp_path: Path, mode: str, region: str
) -> None:
    box = quick(tmp_path / "box")
    box.start_detached(0, "process")
    try:
        agent = Agent({**box.environment(), "HOME": str(tmp_path)})
        made = agent(
            *("compute", "register", "--name", "n", "--mode", mode, "--region", region, "--yes")
        )
        assert made.code == 0, made.err
        well = agent("compute", "doctor", "n")
        assert well.code == 0, well.out
        kept = agent("secret", "set", "n", "MINE", "--stdin", answers="v4lue")
        assert kept.code == 0, kept.err
        assert [row["name"] for row in agent("secret", "list", "n", "--json").document] == ["MINE"]
        config = Path(agent.environ["PENNSIEVE_CONFIG"])
        (node,) = OwnNodes.beside(config).list("sandbox")
        assert node.region == region
        is_where_it_was_made(Owner(box.data, region), node.token, region, mode)
        gone = agent("compute", "delete", "n", "--yes")
        assert gone.code == 0, gone.err
    finally:
        box.stop()


def is_where_it_was_made(owner: Owner, token: str, region: str, mode: str) -> None:
    stack, account = f"pennsieve-node-{token}", "123456789012"
    bucket, role = f"{stack}-{account}-{region}", f"arn:aws:iam::{account}:role/{stack}"
    assert owner.client("s3").head_bucket(Bucket=bucket)["BucketRegion"] == region
    (secret,) = owner.client("ssm").get_parameters_by_path(
        Path=f"/{stack.rpartition('-')[0]}/{token}/secrets", Recursive=True
    )["Parameters"]
    assert secret["Type"] == "SecureString"
    (row,) = owner.client("ssm").describe_parameters()["Parameters"]
    ours = mode != "basic"
    assert (f":kms:{region}:{account}:key/" in str(row.get("KeyId"))) is ours
    # The gateway's role reads kept logs, and no other role does: their links would be refused.
    owner.client("s3").put_object(Bucket=bucket, Key="logs/r.zip", Body=b"x")
    read = owner.as_role("s3", f"{role}-gateway").get_object(Bucket=bucket, Key="logs/r.zip")
    assert read["Body"].read() == b"x"
    assert ("SSEKMSKeyId" in read) is ours
    with pytest.raises(ClientError, match="AccessDenied"):
        owner.as_role("s3", f"{role}-mover").get_object(Bucket=bucket, Key="logs/r.zip")
