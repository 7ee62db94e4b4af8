"""The node's calls with a boto3 that is older than what they ask for."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from email.message import Message
from pathlib import Path
from typing import Any

import boto3.session
import botocore.session
import pytest
from botocore.exceptions import ParamValidationError, UnknownServiceError

from pennsieve_agent.node.aws_calls import S3Files, SignedCalls, s3files_address
from pennsieve_agent.node.jobs.access_points import AccessPoints
from pennsieve_agent.node.jobs.job_definitions import definition_name, register_definition
from pennsieve_agent.node.jobs.job_submission import job_name
from pennsieve_agent.node.jobs.tasks import object_key
from pennsieve_agent.node.jobs.transfer_tasks import TASK_KINDS
from pennsieve_agent.node.node import Node, aws_code, node_of
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord
from pennsieve_agent.node.runs.run_cleanup import tidy
from pennsieve_agent.sandbox.aws.functions.runtime_loop import older_loader
from tests.node.world import RUN, SETTINGS
from tests.sandbox.aws.account import NUMBER, OWNER, Cloud, open_cloud
from tests.sandbox.aws.files import BUCKET, file_system

HEX = "0123456789abcdef0"
FILES = f"fs-{HEX}"
ROLE = f"arn:aws:iam::{NUMBER}:role"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with open_cloud(tmp_path / "aws") as made:
        yield made


@pytest.fixture
def older() -> boto3.session.Session:
    """A session of a boto3 that is older than S3 Files."""
    core = botocore.session.Session()
    core.register_component("data_loader", older_loader())
    return boto3.session.Session(OWNER.access_key, OWNER.secret, botocore_session=core)


@pytest.fixture
def node(cloud: Cloud, older: boto3.session.Session) -> Node:
    system = file_system(cloud)["fileSystemArn"]
    for name in ("mover", "execution"):
        trust = {"Service": "ecs-tasks.amazonaws.com"}
        statement = {"Effect": "Allow", "Principal": trust, "Action": "sts:AssumeRole"}
        policy: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
        cloud.role(name, {**policy, "Statement": [statement]}, policy)
    settings = replace(
        SETTINGS,
        endpoint=cloud.url,
        bucket=BUCKET,
        file_system=system,
        mover_role=f"{ROLE}/mover",
        execution_role=f"{ROLE}/execution",
    )
    return node_of(older, settings.environment())


def test_a_run_has_its_folders_and_definitions_whatever_boto3_the_runtime_has(
    node: Node, cloud: Cloud, older: boto3.session.Session
) -> None:
    with pytest.raises(UnknownServiceError):
        older.client("s3files", "us-east-1")
    job = JobRecord("out", "out", JobKind.DELIVER, vcpus=1, memory=2048, submissions=1)
    job.name = job_name(RUN, job)
    planned = {"jobs": [{"id": "out", "type": "data-target"}]}
    keys = dict.fromkeys(("transfer", "layers"), "")
    record = RunRecord(run=RUN, created=0.0, jobs=[job], plan=planned, access_points=keys)
    AccessPoints(node, record).create()
    once = dict(record.access_points)
    AccessPoints(node, record).create()
    assert record.access_points == once
    files, batch = cloud.owner.client("s3files"), cloud.owner.client("batch")
    listed = files.list_access_points(fileSystemId=node.settings.file_system)["accessPoints"]
    assert {row["accessPointArn"] for row in listed} == set(once.values())

    arn = register_definition(node, record, job)
    name = definition_name(node.settings.token, job)
    (made,) = batch.describe_job_definitions(jobDefinitions=[arn])["jobDefinitions"]
    volumes = made["containerProperties"]["volumes"]
    (volume,) = (row["s3filesVolumeConfiguration"] for row in volumes)
    assert volume["accessPointArn"] == once["transfer"]
    with pytest.raises(ParamValidationError, match="s3filesVolumeConfiguration"):
        older.client("batch", "us-east-1").register_job_definition(
            jobDefinitionName="x", type="container", containerProperties={"volumes": volumes}
        )

    tidy(node, record)
    left = files.list_access_points(fileSystemId=node.settings.file_system)["accessPoints"]
    assert [row["accessPointArn"] for row in left] == [once["layers"]]
    found = batch.describe_job_definitions(jobDefinitionName=name, status="ACTIVE")
    assert found["jobDefinitions"] == []
    record.access_points = {"transfer": once["transfer"]}
    tidy(node, record)  # what is gone already is fine


def test_a_refusal_of_aws_is_said_as_boto3_says_it(node: Node) -> None:
    files = node.client("s3files")
    missing = f"arn:aws:s3files:us-east-1:{NUMBER}:file-system/fs-0123456789abcdef0"
    with pytest.raises(Exception, match="CreateAccessPoint") as refused:
        files.create_access_point(fileSystemId=missing)
    assert aws_code(refused.value) == "ResourceNotFoundException"
    with pytest.raises(Exception, match="RegisterJobDefinition") as wrong:
        node.client("batch").register_job_definition(jobDefinitionName="a b", type="container")
    assert aws_code(wrong.value) == "ClientException"


KEYS = {"key": "AKIA", "secret": "s", "token": "t"}


class Script:
    """Answers of AWS, in turn: statuses with a word, failures of the network, or a body."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: Any) -> None:
        self.answers = list(answers)
        self.waits: list[float] = []
        self.sent: list[urllib.request.Request] = []
        monkeypatch.setattr(urllib.request, "urlopen", self._open)

    def _open(self, request: urllib.request.Request, timeout: float) -> Any:
        assert timeout <= 30
        self.sent.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, bytes):
            return io.BytesIO(answer)
        if isinstance(answer, Exception):
            raise answer
        status, word, body = answer
        headers = Message()
        if word:
            headers["x-amzn-ErrorType"] = word
        raise urllib.error.HTTPError(request.full_url, status, "no", headers, io.BytesIO(body))

    def files(self, region: str = "us-east-1") -> S3Files:
        address = s3files_address(region)
        calls = SignedCalls("s3files", region, address, lambda: KEYS, self.waits.append)
        return S3Files(calls)


BUSY = [
    (429, "ThrottlingException", b"{}"),
    (400, "ThrottlingException:http://internal.amazon.com/", b"{}"),
    (400, "", b'{"__type": "com.amazonaws.batch#TooManyRequestsException"}'),
    (503, "", b"<html>"),
    (500, "InternalServerException", b"{}"),
    urllib.error.URLError("unreachable"),
    ConnectionResetError("reset"),
    TimeoutError("the read timed out"),
]


@pytest.mark.parametrize("busy", BUSY, ids=str)
def test_aws_that_is_busy_is_asked_three_times(monkeypatch: pytest.MonkeyPatch, busy: Any) -> None:
    twice = Script(monkeypatch, busy, busy, b'{"accessPointArn": "arn"}')
    made = twice.files().create_access_point(fileSystemId="fs", clientToken="t")
    assert made == {"accessPointArn": "arn"}
    assert len({request.data for request in twice.sent}) == 1, "the token, too, is the same"
    first, second = twice.waits
    assert 0.5 < first < second < 20
    always = Script(monkeypatch, busy, busy, busy, b"{}")
    with pytest.raises(Exception, match="CreateAccessPoint"):
        always.files().create_access_point(fileSystemId="fs")
    assert always.answers == [b"{}"]


def test_what_aws_refuses_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(monkeypatch, (403, "AccessDeniedException:", b'{"Message": "not you"}'))
    with pytest.raises(Exception, match="not you") as refused:
        script.files().delete_access_point(accessPointId="arn:aws:x/y")
    assert aws_code(refused.value) == "AccessDeniedException"
    assert script.waits == []


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "s3files.eu-west-1.api.aws"),
        ("us-gov-west-1", "s3files.us-gov-west-1.api.aws"),
        ("cn-north-1", "s3files.cn-north-1.api.amazonwebservices.com.cn"),
    ],
)
def test_requests_are_those_that_boto3_would_send(
    monkeypatch: pytest.MonkeyPatch, region: str, host: str
) -> None:
    """Address, path and body are compared with what a new boto3 makes of the same call."""
    session = boto3.session.Session("AKIA", "s", "t", region_name=region)
    client = session.client("s3files")
    theirs: list[Any] = []

    def stop(request: Any, **_: Any) -> Any:
        theirs.append(request)
        raise InterruptedError

    client.meta.events.register("before-send", stop)
    members = {"fileSystemId": FILES, "clientToken": "t" * 40}
    point = f"arn:aws:s3files:{region}:{NUMBER}:file-system/{FILES}/access-point/fsap-{HEX}"
    script = Script(monkeypatch, b"{}", b"")
    files = script.files(region)
    for made in (client, files):
        for call, given in (
            ("create_access_point", members),
            ("delete_access_point", {"accessPointId": point}),
        ):
            try:
                getattr(made, call)(**given)
            except InterruptedError:
                assert made is client
    ours = [(r.method, r.full_url, r.data or b"") for r in script.sent]
    assert ours == [(r.method, r.url, r.body or b"") for r in theirs]
    assert {r.host for r in script.sent} == {host}
    assert all(f"/{region}/s3files/" in str(r.get_header("Authorization")) for r in script.sent)


def test_what_aws_refuses_to_delete_is_said(cloud: Cloud, node: Node) -> None:
    task = JobRecord("in", "in", JobKind.STAGE, submissions=1)
    record = RunRecord(run=RUN, created=0.0, jobs=[task])
    key = object_key(RUN, "in", TASK_KINDS[JobKind.STAGE])
    s3 = cloud.owner.client("s3")
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    other = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject"}
    statement = {**other, "Resource": f"arn:aws:s3:::{BUCKET}/runs/*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    with pytest.raises(Exception, match=r"runs/.*AccessDenied"):
        tidy(node, record)
    assert '"tidied": true' not in record.to_json()
    s3.delete_bucket_policy(Bucket=BUCKET)
    tidy(node, record)
    assert '"tidied": true' in record.to_json()
    assert not s3.list_objects_v2(Bucket=BUCKET, Prefix="runs/").get("Contents")
