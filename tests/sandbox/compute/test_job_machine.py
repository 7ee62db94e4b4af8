"""Jobs of the emulated Batch, run for real: movers as child processes, processors by the engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.engine.backend import Program
from pennsieve_agent.engine.process import ProcessBackend
from pennsieve_agent.node.bundle import bundle
from pennsieve_agent.node.tasks import (
    RUN_MOUNT,
    Task,
    TaskKind,
    mover_command,
    mover_environment,
    object_key,
)
from pennsieve_agent.sandbox.compute.job_machine import JobMachine
from pennsieve_agent.sandbox.emulation.containers import Container, Mount, Unstartable
from tests.sandbox.emulation.account import NUMBER, REGION, Cloud, allow, open_cloud
from tests.sandbox.emulation.test_batch import ECS, Shop, volume

PYTHON = "public.ecr.aws/docker/library/python:3.13-slim"
DOCKERFILE = 'FROM python:3.11-slim\nCOPY main.py /app/\nCMD ["python", "/app/main.py"]\n'
PROGRAM = """\
import os, pathlib
source, target = pathlib.Path(os.environ["INPUT_DIR"]), pathlib.Path(os.environ["OUTPUT_DIR"])
for path in sorted(source.rglob("*.txt")):
    print("read", path.name, os.environ["WORD"])
    path.write_text("spoilt")
    (target / path.name).write_text("made")
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
    return JobMachine(programs.get, backend, tmp_path / "jobs")


@pytest.fixture
def cloud(tmp_path: Path, machine: JobMachine) -> Iterator[Cloud]:
    with open_cloud(tmp_path / "aws", machine) as made:
        yield made


def container(image: str, mounts: tuple[Mount, ...], *command: str) -> Container:
    environ = {"AWS_BATCH_JOB_ATTEMPT": "1", "WORD": "hello"}
    hidden = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/keys"}
    return Container("job:1", image, command, environ, mounts, 1, 512, hidden)


def run(machine: JobMachine, made: Container, log: Callable[[str], None]) -> int | None:
    return machine.run(made, log, threading.Event()).code


def test_a_mover_merges_in_the_folder_of_its_run(cloud: Cloud, tmp_path: Path) -> None:
    shop = Shop(cloud)
    efs, s3 = cloud.owner.client("efs"), cloud.owner.client("s3")
    system = efs.create_file_system()["FileSystemId"]
    point = efs.create_access_point(
        FileSystemId=system, RootDirectory={"Path": "/runs/r1"}, ClientToken="a"
    )
    root = tmp_path / "aws" / "efs" / system / "runs" / "r1"
    for step in ("a", "b"):
        (root / step).mkdir(parents=True)
        (root / step / f"{step}.txt").write_text(step)
    s3.create_bucket(Bucket="node-bucket")
    code = bundle()
    key = f"code/{code.digest}.zip"
    s3.put_object(Bucket="node-bucket", Key=key, Body=code.data)
    task = Task(TaskKind.MERGE, "r1", "c", parents=("a", "b"))
    where = object_key("r1", "c", TaskKind.MERGE)
    s3.put_object(Bucket="node-bucket", Key=where, Body=task.to_json().encode())
    files = f"arn:aws:elasticfilesystem:{REGION}:{NUMBER}:file-system/{system}"
    mover = cloud.role(
        "mover",
        ECS,
        allow(
            ("elasticfilesystem:Client*", files),
            ("s3:GetObject", f"arn:aws:s3:::node-bucket/{key}"),
            ("s3:GetObject", "arn:aws:s3:::node-bucket/runs/*"),
        ),
    )
    values = {
        "region": REGION,
        "bucket": "node-bucket",
        "code_key": key,
        "reconciler": "reconciler",
        "endpoint": cloud.url,
    }
    told = mover_environment(values, "r1", "c", TaskKind.MERGE)
    spec: dict[str, Any] = {
        "image": PYTHON,
        "jobRoleArn": mover,
        "environment": [{"name": k, "value": v} for k, v in told.items()],
        "volumes": [volume(system, point["AccessPointId"])],
        "mountPoints": [{"sourceVolume": "v", "containerPath": RUN_MOUNT, "readOnly": False}],
    }
    job = shop.wait(shop.submit("merge", *mover_command(), container=spec))
    assert job["status"] == "SUCCEEDED", (job, shop.lines("merge"))
    assert shop.lines("merge") == ["2 files of 2 steps"]
    merged = root / "c.input"
    assert sorted(path.name for path in merged.iterdir()) == ["a.txt", "b.txt"]
    assert (merged / "a.txt").stat().st_nlink == 2
    heard = {ask.action for role, ask in cloud.asked if role == "mover"}
    assert heard >= {"s3:GetObject", "elasticfilesystem:ClientWrite"}


def test_a_processor_sees_its_folders_and_no_keys(machine: JobMachine, tmp_path: Path) -> None:
    given, made = tmp_path / "in", tmp_path / "out"
    given.mkdir()
    made.mkdir()
    (given / "a.txt").write_text("whole")
    mounts = (
        Mount("/mnt/input", given, read_only=True),
        Mount("/mnt/output", made, read_only=False),
    )
    lines: list[str] = []
    assert run(machine, container("app@sha256:1", mounts), lines.append) == 0
    assert lines == ["read a.txt hello", "keys seen: []"]
    assert (made / "a.txt").read_text() == "made"
    assert (given / "a.txt").read_text() == "whole"  # its input is read-only, here a copy
    assert not list((tmp_path / "jobs").iterdir())


def test_an_output_that_leads_out_is_a_failure(machine: JobMachine, tmp_path: Path) -> None:
    made = tmp_path / "out"
    made.mkdir()
    (made / "link").symlink_to("/etc/hostname")
    lines: list[str] = []
    mounts = (Mount("/mnt/output", made, read_only=False),)
    assert run(machine, container("app@sha256:1", mounts), lines.append) == 125
    assert "link" in lines[-1]


def test_what_cannot_be_started(machine: JobMachine, tmp_path: Path) -> None:
    made = tmp_path / "out"
    made.mkdir()
    for image, mounts, words in (
        ("none:1", (), "CannotPullContainerError"),
        (
            "app@sha256:1",
            (Mount("/mnt/output", made, read_only=True),),
            "ResourceInitializationError",
        ),
    ):
        with pytest.raises(Unstartable, match=words):
            run(machine, container(image, mounts), lambda _: None)
