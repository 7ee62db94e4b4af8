"""Jobs of AWS Batch: held back, run, tried again, ended; with logs, secrets and file systems."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pennsieve_agent.sandbox.aws.batch.containers import Container
from pennsieve_agent.sandbox.aws.functions.functions import Invocation
from tests.sandbox.aws.account import NUMBER, REGION, Cloud, allow, open_cloud, service_trust
from tests.sandbox.aws.files import access_point, file_system, volume

ECS = service_trust("ecs-tasks.amazonaws.com")
GROUP = "/pennsieve/node/test"
LOGS = f"arn:aws:logs:{REGION}:{NUMBER}:log-group:{GROUP}:*"
WRITES = (("logs:CreateLogStream", LOGS), ("logs:PutLogEvents", LOGS))
PATIENCE = 15
SPOT = {"onStatusReason": "Host EC2*", "action": "RETRY"}
GIVE_UP = {"onReason": "*", "action": "EXIT"}


class Shop:
    """A queue with room for some vCPUs, and jobs in it."""

    def __init__(self, cloud: Cloud, vcpus: int = 16) -> None:
        self.cloud = cloud
        self.batch = cloud.owner.client("batch")
        self.changed = threading.Condition()
        self.execution = cloud.role("execution", ECS, allow(*WRITES))
        cloud.owner.client("logs").create_log_group(logGroupName=GROUP)
        ec2 = cloud.owner.client("ec2")
        subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
        made = self.batch.create_compute_environment(
            computeEnvironmentName="fargate",
            type="MANAGED",
            serviceRole=self.execution,
            computeResources={
                "type": "FARGATE",
                "maxvCpus": vcpus,
                "subnets": [subnet],
                "securityGroupIds": [group],
            },
        )
        self.batch.create_job_queue(
            jobQueueName="q",
            priority=1,
            state="ENABLED",
            computeEnvironmentOrder=[
                {"order": 1, "computeEnvironment": made["computeEnvironmentArn"]}
            ],
        )

    def submit(self, name: str, *command: str, after: tuple[str, ...] = (), **more: Any) -> str:
        """Define a job of that name and submit it; its id."""
        container = {
            "image": "public.ecr.aws/docker/library/python:3.13-slim",
            "command": list(command),
            "executionRoleArn": self.execution,
            "resourceRequirements": [
                {"type": "VCPU", "value": "1"},
                {"type": "MEMORY", "value": "2048"},
            ],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": GROUP, "awslogs-stream-prefix": f"run/r1/{name}"},
            },
            **more.pop("container", {}),
        }
        options = {k: more.pop(k) for k in ("retryStrategy", "timeout") if k in more}
        self.batch.register_job_definition(
            jobDefinitionName=name, type="container", containerProperties=container, **options
        )
        depends = [{"jobId": each} for each in after]
        made = self.batch.submit_job(
            jobName=name, jobQueue="q", jobDefinition=name, dependsOn=depends, **more
        )
        return str(made["jobId"])

    def job(self, job_id: str) -> Any:
        return self.batch.describe_jobs(jobs=[job_id])["jobs"][0]

    def wait(self, job_id: str, *states: str) -> Any:
        """The job's description once it is in one of the states; ended by default."""
        wanted = states or ("SUCCEEDED", "FAILED")
        pause = threading.Event()
        for _ in range(PATIENCE * 50):
            job = self.job(job_id)
            if job["status"] in wanted:
                return job
            pause.wait(0.02)
        raise AssertionError(f"it does not end: {self.job(job_id)}")

    def lines(self, name: str) -> list[str]:
        found = self.cloud.owner.client("logs").filter_log_events(
            logGroupName=GROUP, logStreamNamePrefix=f"run/r1/{name}/"
        )
        return [str(event["message"]) for event in found["events"]]


@pytest.fixture
def shop(cloud: Cloud) -> Shop:
    return Shop(cloud)


def test_refusals_have_the_codes_of_aws(shop: Shop) -> None:
    (known,) = shop.batch.describe_compute_environments()["computeEnvironments"]
    again = {
        "computeEnvironmentName": known["computeEnvironmentName"],
        "type": "MANAGED",
        "serviceRole": shop.execution,
        "computeResources": known["computeResources"],
    }
    for call, arguments in (
        (shop.batch.create_compute_environment, again),
        (shop.batch.delete_job_queue, {"jobQueue": "q"}),  # it is still enabled
        (shop.batch.delete_compute_environment, {"computeEnvironment": "fargate"}),
    ):
        with pytest.raises(ClientError) as caught:
            call(**arguments)
        assert caught.value.response["Error"]["Code"] == "ClientException"
    shop.batch.update_compute_environment(computeEnvironment="fargate", state="DISABLED")
    with pytest.raises(ClientError, match="found existing JobQueue relationship"):
        shop.batch.delete_compute_environment(computeEnvironment="fargate")
    shop.batch.update_job_queue(jobQueue="q", state="DISABLED")
    shop.batch.delete_job_queue(jobQueue="q")
    shop.batch.delete_compute_environment(computeEnvironment="fargate")


def test_jobs_run_after_those_they_depend_on(shop: Shop) -> None:
    first = shop.submit("first", "say", "hello", "there")
    second = shop.submit("second", "say", "done", after=(first,))
    job = shop.wait(second)
    assert job["status"] == "SUCCEEDED"
    assert job["statusReason"] == "Essential container in task exited"
    assert job["container"]["exitCode"] == 0
    stream = job["container"]["logStreamName"]
    assert stream.startswith("run/r1/second/default/")
    assert job["attempts"][0]["container"]["logStreamName"] == stream
    assert job["createdAt"] <= job["startedAt"] <= job["stoppedAt"]
    assert job["dependsOn"] == [{"jobId": first}]
    assert shop.job(first)["stoppedAt"] <= job["startedAt"]
    assert shop.lines("first") == ["hello", "there"]


def test_a_failure_is_that_of_all_that_depend_on_it(shop: Shop) -> None:
    first = shop.submit("first", "exit", "3")
    second = shop.submit("second", "say", "never", after=(first,))
    third = shop.submit("third", "say", "never", after=(second,))
    job = shop.wait(third)
    assert (job["status"], job["statusReason"]) == ("FAILED", "Dependent Job failed")
    assert "startedAt" not in job
    assert shop.job(first)["container"]["exitCode"] == 3
    assert len(shop.cloud.stage.containers) == 1


def test_what_is_gone_runs_again_and_what_failed_does_not(shop: Shop) -> None:
    strategy = {"attempts": 3, "evaluateOnExit": [SPOT, GIVE_UP]}
    held = shop.submit("held", "hold", retryStrategy=strategy)
    assert shop.cloud.stage.held.acquire(timeout=PATIENCE)
    shop.cloud.services.batch.reclaim(held)
    assert shop.cloud.stage.held.acquire(timeout=PATIENCE)
    shop.batch.terminate_job(jobId=held, reason="enough")
    job = shop.wait(held)
    assert (job["status"], job["statusReason"]) == ("FAILED", "enough")
    assert [a["statusReason"].split(" (")[0] for a in job["attempts"]] == ["Host EC2", "enough"]
    streams = {a["container"]["logStreamName"] for a in job["attempts"]}
    assert len(streams) == 2
    failed = shop.wait(shop.submit("failed", "exit", "1", retryStrategy=strategy))
    assert len(failed["attempts"]) == 1
    broken = shop.submit("broken", "fail", "CannotPull", retryStrategy={"attempts": 2})
    job = shop.wait(broken)
    assert [a["statusReason"] for a in job["attempts"]] == ["Task failed to start"] * 2
    assert job["container"]["reason"] == "CannotPull"
    assert "exitCode" not in job["container"]


def test_a_job_runs_out_of_time_and_is_not_tried_again(cloud: Cloud) -> None:
    shop = Shop(cloud, vcpus=1)
    first = shop.submit("first", "hold")
    assert cloud.stage.held.acquire(timeout=PATIENCE)
    limits: dict[str, Any] = {
        "timeout": {"attemptDurationSeconds": 60},
        "retryStrategy": {"attempts": 3},
    }
    late = shop.submit("late", "hold", **limits)
    waiting = cloud.services.batch.find(late)
    assert waiting is not None
    waiting.seconds = 1  # less than AWS takes: nobody waits a minute here
    shop.batch.terminate_job(jobId=first, reason="its place is needed")
    job = shop.wait(late)
    assert job["statusReason"] == "Job attempt duration exceeded timeout"
    assert len(job["attempts"]) == 1
    assert job["timeout"] == {"attemptDurationSeconds": 1}


def test_one_waits_for_room_and_can_be_cancelled(cloud: Cloud) -> None:
    shop = Shop(cloud, vcpus=1)
    first = shop.submit("first", "hold")
    assert cloud.stage.held.acquire(timeout=PATIENCE)
    second = shop.submit("second", "say", "x")
    third = shop.submit("third", "say", "x", after=(second,))
    assert shop.job(second)["status"] == "RUNNABLE"
    assert shop.job(third)["status"] == "PENDING"
    listed = shop.batch.list_jobs(jobQueue="q", filters=[{"name": "JOB_NAME", "values": ["SEC*"]}])[
        "jobSummaryList"
    ]
    assert [each["jobId"] for each in listed] == [second]
    running = shop.batch.list_jobs(jobQueue="q")["jobSummaryList"]
    assert [each["jobId"] for each in running] == [first]
    shop.batch.cancel_job(jobId=first, reason="no effect on what runs")
    shop.batch.cancel_job(jobId=second, reason="not needed")
    assert shop.wait(second)["statusReason"] == "not needed"
    assert shop.wait(third)["statusReason"] == "Dependent Job failed"
    assert shop.job(first)["status"] == "RUNNING"
    shop.batch.terminate_job(jobId=first, reason="enough")
    assert shop.wait(first)["statusReason"] == "enough"


def test_an_array_has_children(shop: Shop) -> None:
    job_id = shop.submit("many", "say", "x", arrayProperties={"size": 3})
    after = shop.submit("after", "say", "x", after=(job_id,))
    assert shop.wait(after)["status"] == "SUCCEEDED"
    job = shop.job(job_id)
    assert job["arrayProperties"]["statusSummary"]["SUCCEEDED"] == 3
    indexes = {c.environ.get("AWS_BATCH_JOB_ARRAY_INDEX") for c in shop.cloud.stage.containers}
    assert indexes == {"0", "1", "2", None}
    bad = shop.wait(shop.submit("bad", "exit", "1", arrayProperties={"size": 2}))
    assert (bad["status"], bad["statusReason"]) == ("FAILED", "Array Child Job failed")


def test_secrets_come_by_the_execution_role(shop: Shop) -> None:
    cloud = shop.cloud
    arn = cloud.owner.client("secretsmanager").create_secret(
        Name="node/shared", SecretString=json.dumps({"KEY": "hidden"})
    )["ARN"]
    wanted = {"secrets": [{"name": "PASSWORD", "valueFrom": f"{arn}:KEY::"}]}
    refused = shop.wait(shop.submit("refused", "say", "x", container=wanted))
    assert refused["statusReason"] == "Task failed to start"
    assert "secretsmanager:GetSecretValue" in refused["container"]["reason"]
    rich = cloud.role("rich", ECS, allow(*WRITES, ("secretsmanager:GetSecretValue", arn)))
    given = {**wanted, "executionRoleArn": rich}
    assert shop.wait(shop.submit("given", "say", "x", container=given))["status"] == "SUCCEEDED"
    assert cloud.stage.containers[-1].environ["PASSWORD"] == "hidden"
    assert "hidden" not in repr(cloud.stage.containers[-1])
    absent = {**given, "secrets": [{"name": "X", "valueFrom": f"{arn}:NONE::"}]}
    job = shop.wait(shop.submit("absent", "say", "x", container=absent))
    assert "does not contain json key NONE" in job["container"]["reason"]


def test_parameters_come_by_the_execution_role_and_their_key(shop: Shop) -> None:
    cloud = shop.cloud
    key = cloud.owner.client("kms").create_key()["KeyMetadata"]["Arn"]
    cloud.owner.client("ssm").put_parameter(
        Name="/node/w/read-key", Value="hidden", Type="SecureString", KeyId=key
    )
    arn = "arn:aws:ssm:us-east-1:123456789012:parameter/node/w/read-key"
    wanted = {"secrets": [{"name": "PENNSIEVE_API_KEY", "valueFrom": arn}]}

    def tried(name: str, *rights: tuple[str, str]) -> dict[str, Any]:
        role = cloud.role(name, ECS, allow(*WRITES, *rights))
        given = {**wanted, "executionRoleArn": role}
        job: dict[str, Any] = shop.wait(shop.submit(name, "say", "x", container=given))
        return job

    get, use = ("ssm:GetParameters", arn), ("kms:Decrypt", key)
    assert "ssm:GetParameters" in tried("none")["container"]["reason"]
    assert "kms:Decrypt" in tried("half", get)["container"]["reason"]
    assert tried("both", get, use)["status"] == "SUCCEEDED"
    assert cloud.stage.containers[-1].environ["PENNSIEVE_API_KEY"] == "hidden"
    assert "hidden" not in repr(cloud.stage.containers[-1])
    cloud.owner.client("ssm").delete_parameter(Name="/node/w/read-key")
    assert "invalid ssm parameters" in tried("gone", get, use)["container"]["reason"]


@pytest.mark.parametrize("trust", [service_trust("lambda.amazonaws.com"), ECS])
def test_the_execution_role_must_trust_ecs_and_write_logs(
    shop: Shop, trust: Mapping[str, Any]
) -> None:
    poor = shop.cloud.role("poor", trust, allow())
    job = shop.wait(shop.submit("x", "say", "x", container={"executionRoleArn": poor}))
    assert job["statusReason"] == "Task failed to start"
    assert ("unable to assume" in job["container"]["reason"]) is (trust is not ECS)
    assert "logStreamName" not in job["container"]


def test_a_file_system_is_mounted_as_the_jobs_role_may(shop: Shop, tmp_path: Path) -> None:
    arn = file_system(shop.cloud)["fileSystemArn"]
    point = access_point(shop.cloud, arn, "/runs/r1/a")
    spec = {
        "volumes": [volume(arn, point)],
        "mountPoints": [{"sourceVolume": "v", "containerPath": "/mnt/run/a", "readOnly": False}],
    }
    nobody = shop.cloud.role("nobody", ECS, allow())
    job = shop.wait(shop.submit("no", "say", "x", container={**spec, "jobRoleArn": nobody}))
    assert "access denied by server" in job["container"]["reason"]
    reader = shop.cloud.role("reader", ECS, allow(("s3files:ClientMount", arn)))
    shop.wait(shop.submit("read", "say", "x", container={**spec, "jobRoleArn": reader}))
    writer = shop.cloud.role("writer", ECS, allow(("s3files:Client*", arn)))
    shop.wait(shop.submit("write", "say", "x", container={**spec, "jobRoleArn": writer}))
    mounts = [container.mounts[0] for container in shop.cloud.stage.containers]
    assert [mount.read_only for mount in mounts] == [True, False]
    assert mounts[0].path == tmp_path / "files" / arn.rpartition("/")[2] / "runs/r1/a"
    assert mounts[0].path.is_dir()


def test_root_of_an_access_point_needs_a_right_of_its_own(shop: Shop) -> None:
    """By "How S3 Files works with IAM".

    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-security-iam.html)
    """
    arn = file_system(shop.cloud)["fileSystemArn"]
    spec = {
        "volumes": [volume(arn, access_point(shop.cloud, arn, "/runs/r1", uid=0))],
        "mountPoints": [{"sourceVolume": "v", "containerPath": "/mnt/run", "readOnly": False}],
    }
    rights = [(f"s3files:Client{right}", arn) for right in ("Mount", "Write")]
    step = shop.cloud.role("step", ECS, allow(*rights))
    job = shop.wait(shop.submit("step", "say", "x", container={**spec, "jobRoleArn": step}))
    assert "access denied by server" in job["container"]["reason"]
    mover = shop.cloud.role("mover", ECS, allow(*rights, ("s3files:ClientRootAccess", arn)))
    job = shop.wait(shop.submit("move", "say", "x", container={**spec, "jobRoleArn": mover}))
    assert job["status"] == "SUCCEEDED"


def test_what_cannot_be_mounted_says_why(shop: Shop) -> None:
    """A folder that is not there, a network that does not reach it, a policy that denies."""
    arn, files = file_system(shop.cloud)["fileSystemArn"], shop.cloud.owner.client("s3files")
    point = files.create_access_point(fileSystemId=arn, rootDirectory={"path": "/runs/none"})
    role = shop.cloud.role("writer", ECS, allow(("s3files:Client*", arn)))

    def reason(name: str, volume: dict[str, Any]) -> str:
        spec = {
            "volumes": [volume],
            "mountPoints": [{"sourceVolume": "v", "containerPath": "/mnt/run"}],
            "jobRoleArn": role,
        }
        return str(
            shop.wait(shop.submit(name, "say", "x", container=spec))["container"].get("reason")
        )

    assert "/runs/none does not exist" in reason("a", volume(arn, point["accessPointArn"]))
    wrong = volume(arn, point["accessPointArn"])
    wrong["s3filesVolumeConfiguration"]["rootDirectory"] = "/runs"
    assert "root directory must be /" in reason("b", wrong)
    whole = {"name": "v", "s3filesVolumeConfiguration": {"fileSystemArn": arn}}
    assert reason("c", whole) == "None"
    policy = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3files:ClientMount",
        "Condition": {"Null": {"s3files:AccessPointArn": "true"}},
    }
    files.put_file_system_policy(fileSystemId=arn, policy=json.dumps({"Statement": [policy]}))
    assert "access denied by server" in reason("d", whole)
    (target,) = files.list_mount_targets(fileSystemId=arn)["mountTargets"]
    files.delete_mount_target(mountTargetId=target["mountTargetId"])
    assert "Failed to resolve file system DNS name" in reason("e", whole)


def test_a_container_gets_its_roles_keys(shop: Shop) -> None:
    found: list[str] = []

    def look(container: Container) -> None:
        from botocore.credentials import ContainerMetadataFetcher  # noqa: PLC0415 - as a container

        told = container.credentials
        keys = ContainerMetadataFetcher().retrieve_full_uri(
            told["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
            {"Authorization": told["AWS_CONTAINER_AUTHORIZATION_TOKEN"]},
        )
        found.append(keys["AccessKeyId"])

    shop.cloud.stage.ready["look"] = look
    role = shop.cloud.role("mover", ECS, allow())
    job = shop.wait(shop.submit("x", "do", "look", container={"jobRoleArn": role}))
    assert job["status"] == "SUCCEEDED"
    assert found[0].startswith("ASIA")


def test_changes_are_told_to_the_function_that_a_rule_names(shop: Shop) -> None:
    heard, witnessed = Ear(), Ear()
    role = shop.cloud.role("worker", service_trust("lambda.amazonaws.com"), allow())
    for name, ear in (("listener", heard), ("witness", witnessed)):
        shop.cloud.function(name, role, ear.listen)
        tell(shop, name)
    let_in(shop, "witness")
    shop.submit("unheard", "say", "x")
    # An event's targets are all decided on before the first is told: what the witness heard,
    # the listener was refused.
    assert witnessed.ended.wait(PATIENCE)
    let_in(shop, "listener")
    job_id = shop.submit("heard", "say", "x")
    assert heard.ended.wait(PATIENCE)
    assert {event["detail"]["jobId"] for event in heard.events} == {job_id}
    last = next(e for e in heard.events if e["detail"]["status"] == "SUCCEEDED")
    assert last["detail"]["container"]["exitCode"] == 0
    assert last["resources"] == [last["detail"]["jobArn"]]


class Ear:
    """The code of a function that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.ended = threading.Event()

    def listen(self, event: Any, given: Invocation) -> None:
        del given
        self.events.append(event)
        if event["detail"]["status"] == "SUCCEEDED":
            self.ended.set()


def tell(shop: Shop, function: str) -> None:
    """Have a rule, named as the function, tell it of changes of jobs."""
    events = shop.cloud.owner.client("events")
    pattern = {"source": ["aws.batch"], "detail-type": ["Batch Job State Change"]}
    events.put_rule(Name=function, EventPattern=json.dumps(pattern))
    arn = f"arn:aws:lambda:{REGION}:{NUMBER}:function:{function}"
    events.put_targets(Rule=function, Targets=[{"Id": "1", "Arn": arn}])


def let_in(shop: Shop, function: str) -> None:
    """Let the rule named as the function invoke it."""
    shop.cloud.owner.client("lambda").add_permission(
        FunctionName=function,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=f"arn:aws:events:{REGION}:{NUMBER}:rule/{function}",
    )


def test_jobs_outlive_the_process_and_running_ones_are_tried_again(tmp_path: Path) -> None:
    with open_cloud(tmp_path) as cloud:
        shop = Shop(cloud)
        done = shop.submit("done", "say", "kept")
        shop.wait(done)
        strategy = {"attempts": 2, "evaluateOnExit": [SPOT, GIVE_UP]}
        again = shop.submit("again", "hold", retryStrategy=strategy)
        once = shop.submit("once", "hold")
        later = shop.submit("later", "say", "x", after=(once,))
        assert cloud.stage.held.acquire(timeout=PATIENCE)
        assert cloud.stage.held.acquire(timeout=PATIENCE)
    with open_cloud(tmp_path) as cloud:
        shop.batch, shop.cloud = cloud.owner.client("batch"), cloud
        assert shop.wait(done)["status"] == "SUCCEEDED"
        assert shop.lines("done") == ["kept"]
        assert shop.wait(once)["statusReason"].startswith("Host EC2")
        assert shop.wait(later)["statusReason"] == "Dependent Job failed"
        assert cloud.stage.held.acquire(timeout=PATIENCE)
        assert len(shop.wait(again, "RUNNING")["attempts"]) == 1


def test_what_cannot_be_submitted(shop: Shop) -> None:
    job = shop.submit("ok", "say", "x")
    shop.batch.deregister_job_definition(jobDefinition="ok:1")
    wrongs: list[dict[str, Any]] = [
        {"jobDefinition": "ok"},
        {"jobQueue": "none"},
        {"dependsOn": [{"jobId": "none"}]},
    ]
    given = {"jobName": "x", "jobQueue": "q", "jobDefinition": "ok"}
    for wrong in wrongs:
        with pytest.raises(ClientError) as refused:
            shop.batch.submit_job(**{**given, **wrong})
        assert refused.value.response["Error"]["Code"] == "ClientException"
    assert shop.wait(job)["status"] == "SUCCEEDED"


def test_a_variable_with_a_nul_keeps_the_container_from_starting(shop: Shop) -> None:
    container = {"environment": [{"name": "KEY", "value": "a\0b"}]}
    job = shop.wait(shop.submit("nul", "true", container=container))
    assert job["status"] == "FAILED"
    assert "contains nul byte" in job["container"]["reason"]


def test_a_job_larger_than_its_queue_says_so_while_it_waits(shop: Shop) -> None:
    sizes = [{"type": "VCPU", "value": "32"}, {"type": "MEMORY", "value": "65536"}]
    large = shop.submit("large", "true", container={"resourceRequirements": sizes})
    assert "COMPUTE_ENVIRONMENT_MAX_RESOURCE" in shop.wait(large, "RUNNABLE")["statusReason"]
