"""Jobs of the emulated Batch, run for real: movers as child processes, processors by the engine."""

from __future__ import annotations

import resource
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.domain.measured import AT_LEAST
from pennsieve_agent.domain.step_files import RUN_MOUNT, data_path, step_folder
from pennsieve_agent.engine.backend import Program
from pennsieve_agent.engine.container_task import Mount
from pennsieve_agent.engine.process_backend import ProcessBackend
from pennsieve_agent.node.bundle import bundle
from pennsieve_agent.node.jobs.metered_task import metered_task, plain_row
from pennsieve_agent.node.jobs.tasks import (
    Task,
    TaskKind,
    object_key,
    transfer_command,
    transfer_environment,
)
from pennsieve_agent.node.records.run_record import JobKind, JobRecord
from pennsieve_agent.node.runs.read_meters import measured_in
from pennsieve_agent.node.transfer_job.run_files import RunFiles
from pennsieve_agent.sandbox.aws.batch.containers import Container
from pennsieve_agent.sandbox.aws.batch.jobs import Unstartable
from pennsieve_agent.sandbox.compute.runs.job_machine import JobMachine
from tests.sandbox.aws.account import REGION, Cloud, allow, open_cloud
from tests.sandbox.aws.files import access_point, file_system, volume
from tests.sandbox.aws.test_batch import ECS, GROUP, Shop

PYTHON = "public.ecr.aws/docker/library/python:3.13-slim"
OWN = step_folder("work")
DOCKERFILE = 'FROM python:3.11-slim\nCOPY main.py /app/\nCMD ["python", "/app/main.py"]\n'
PROGRAM = """\
import os, pathlib
source, target = pathlib.Path(os.environ["INPUT_DIR"]), pathlib.Path(os.environ["OUTPUT_DIR"])
for path in sorted(source.rglob("*.txt")):
    print("read", path.name, os.environ["WORD"])
    (target / path.name).symlink_to(path)
print("keys seen:", sorted(n for n in os.environ if n.startswith("AWS_CONTAINER")))
"""


@pytest.fixture
def machine(tmp_path: Path) -> JobMachine:
    backend = ProcessBackend(tmp_path / "cache", "test")
    code = tmp_path / "code"
    code.mkdir()
    (code / "Dockerfile").write_text(DOCKERFILE)
    (code / "main.py").write_text(PROGRAM)
    program = backend.prepare(code, "app", lambda _: None)
    programs: dict[str, Program] = {"app@sha256:1": program}
    return JobMachine(lambda image, _: programs.get(image), backend, tmp_path / "jobs")


@pytest.fixture
def cloud(tmp_path: Path, machine: JobMachine) -> Iterator[Cloud]:
    with open_cloud(tmp_path / "aws", machine) as made:
        yield made


def container(image: str, mounts: tuple[Mount, ...], *command: str) -> Container:
    environ = {"AWS_BATCH_JOB_ATTEMPT": "1", "WORD": "hello"}
    environ |= {"INPUT_DIR": data_path(step_folder("in")), "OUTPUT_DIR": data_path(OWN)}
    hidden = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/keys"}
    return Container("job:1", image, command, environ, mounts, 1, 512, hidden)


def perform(machine: JobMachine, made: Container, log: Callable[[str], None]) -> int | None:
    return machine.run(made, log, threading.Event()).code


def test_a_mover_merges_in_the_folder_of_its_run(cloud: Cloud, tmp_path: Path) -> None:
    shop = Shop(cloud)
    s3, files = cloud.owner.client("s3"), file_system(cloud)["fileSystemArn"]
    point = access_point(cloud, files, "/runs/r1", uid=0)
    root = tmp_path / "aws" / "files" / files.rpartition("/")[2] / "runs" / "r1"
    root.mkdir(parents=True)
    run = RunFiles(root)
    run.lay_out(("a", "b"))
    for step in ("a", "b"):
        (run.data(step) / f"{step}.txt").write_text(step)
    s3.create_bucket(Bucket="node-bucket")
    code = bundle()
    key = f"code/{code.digest}.zip"
    s3.put_object(Bucket="node-bucket", Key=key, Body=code.data)
    steps = ("a", "b", "c")
    task = Task(TaskKind.MERGE, "r1", "c", parents=steps[:2], steps=steps, before=steps[:2])
    where = object_key("r1", "c", TaskKind.MERGE)
    s3.put_object(Bucket="node-bucket", Key=where, Body=task.to_json().encode())
    mover = cloud.role(
        "mover",
        ECS,
        allow(
            ("s3files:Client*", files),
            ("s3:GetObject", f"arn:aws:s3:::node-bucket/{key}"),
            ("s3:GetObject", "arn:aws:s3:::node-bucket/runs/*"),
        ),
    )
    values = {
        "region": REGION,
        "bucket": "node-bucket",
        "code_key": key,
        "relay": "relay",
        "endpoint": cloud.url,
    }
    told = transfer_environment(values, "r1", "c", TaskKind.MERGE)
    spec: dict[str, Any] = {
        "image": PYTHON,
        "jobRoleArn": mover,
        "environment": [{"name": k, "value": v} for k, v in told.items()],
        "volumes": [volume(files, point)],
        "mountPoints": [{"sourceVolume": "v", "containerPath": RUN_MOUNT, "readOnly": False}],
    }
    job = shop.wait(shop.submit("merge", *transfer_command(), container=spec))
    assert job["status"] == "SUCCEEDED", (job, shop.lines("merge"))
    assert shop.lines("merge") == ["2 files of 2 steps"]
    links = {path.name: path.read_text() for path in run.merged("c").iterdir()}
    assert links == {"a.txt": "a", "b.txt": "b"}
    assert run.data("c").is_dir()
    heard = {ask.action for role, ask in cloud.asked if role == "mover"}
    assert heard >= {"s3:GetObject", "s3files:ClientWrite"}
    assert "s3files:ClientRootAccess" in heard


def run_of(tmp_path: Path) -> tuple[RunFiles, tuple[Mount, ...]]:
    """A run of which a step was staged, and the mounts of the step after it."""
    run = RunFiles(tmp_path / "run", before=("in", "work"))
    run.root.mkdir()
    run.lay_out(("in", "work"))
    (run.data("in") / "a.txt").write_text("whole")
    own = Mount(f"{RUN_MOUNT}/{OWN}", run.root / OWN, read_only=False)
    return run, (Mount(RUN_MOUNT, run.root, read_only=True), own)


def test_a_processor_sees_the_files_of_its_run_and_no_keys(
    machine: JobMachine, tmp_path: Path
) -> None:
    run, mounts = run_of(tmp_path)
    lines: list[str] = []
    assert perform(machine, container("app@sha256:1", mounts), lines.append) == 0
    assert lines == ["read a.txt hello", "keys seen: []"]
    # Its own link, made of the path at which this machine shows the run, leads to the file.
    assert dict(run.files("work")) == {"a.txt": run.data("in") / "a.txt"}
    assert not list((tmp_path / "jobs").iterdir())


def test_what_cannot_be_started(machine: JobMachine, tmp_path: Path) -> None:
    _, (whole, own) = run_of(tmp_path)
    for image, mounts, words in (
        ("none:1", (), "CannotPullContainerError"),
        (
            "app@sha256:1",
            (whole, Mount(own.inside, own.path, read_only=True)),
            "ResourceInitializationError",
        ),
        ("app@sha256:1", (own,), "ResourceInitializationError"),
    ):
        with pytest.raises(Unstartable, match=words):
            perform(machine, container(image, mounts), lambda _: None)


BUSY = """\
import os, pathlib, time
held = b"1" * ({held} << 20)
(pathlib.Path(os.environ["OUTPUT_DIR"]) / "made").write_bytes(b"1" * (10 << 20))
time.sleep(2)
"""


def test_a_meter_says_what_its_step_uses(tmp_path: Path) -> None:
    backend = ProcessBackend(tmp_path / "cache", "test")
    code = tmp_path / "code"
    code.mkdir()
    (code / "Dockerfile").write_text(DOCKERFILE)
    # More than this process, which the step begins as a copy of.
    held = 200 + resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    (code / "main.py").write_text(BUSY.replace("{held}", str(held)))
    program = backend.prepare(code, "busy", lambda _: None)
    find = {"busy@sha256:1": program}.get
    machine = JobMachine(lambda image, _: find(image), backend, tmp_path / "jobs")
    with open_cloud(tmp_path / "aws", machine) as cloud:
        shop, files = Shop(cloud), file_system(cloud)["fileSystemArn"]
        role = cloud.role("job", ECS, allow(("s3files:Client*", files)))
        points = [access_point(cloud, files, path, uid=0) for path in ("/r", f"/r/{OWN}")]
        root = tmp_path / "aws" / "files" / files.rpartition("/")[2] / "r"
        for name in (step_folder("in"), OWN):
            (root / name / "data").mkdir(parents=True)
        environment = {"INPUT_DIR": data_path(step_folder("in")), "OUTPUT_DIR": data_path(OWN)}
        options = {"awslogs-group": GROUP, "awslogs-stream-prefix": "run/r1/work"}
        spec = {
            "image": "busy@sha256:1",
            "executionRoleArn": shop.execution,
            "jobRoleArn": role,
            "environment": [{"name": k, "value": v} for k, v in environment.items()],
            "volumes": [{**volume(files, p), "name": n} for n, p in zip("ab", points, strict=True)],
            "mountPoints": [
                {"sourceVolume": "a", "containerPath": RUN_MOUNT, "readOnly": True},
                {"sourceVolume": "b", "containerPath": f"{RUN_MOUNT}/{OWN}", "readOnly": False},
            ],
            "logConfiguration": {"logDriver": "awslogs", "options": options},
            "fargatePlatformConfiguration": {"platformVersion": "LATEST"},
        }
        task = metered_task(spec, JobRecord("work", "work", JobKind.PROCESS), PYTHON)
        made = shop.batch.register_job_definition(
            jobDefinitionName="work",
            type="container",
            platformCapabilities=["FARGATE"],
            ecsProperties=task,
        )
        number = shop.batch.submit_job(
            jobName="work", jobQueue="q", jobDefinition=made["jobDefinitionArn"]
        )["jobId"]
        job = plain_row(shop.wait(number))
        assert job["status"] == "SUCCEEDED", job
        stream = job["attempts"][0]["meter"]
        events = cloud.owner.client("logs").get_log_events(
            logGroupName=GROUP, logStreamName=stream, limit=1
        )["events"]
    used = measured_in(events[-1]["message"])
    assert used is not None
    assert used.peak_memory == pytest.approx(held << 20, rel=0.2)
    assert used.written == pytest.approx(10 << 20, rel=0.2)
    assert (used.by, used.bound) == ("task", AT_LEAST)
