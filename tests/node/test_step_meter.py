"""The second container of a step's task measures it, and can do it no harm."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pennsieve_agent.domain.measured import AT_LEAST, Measured
from pennsieve_agent.node.jobs import metered_task
from pennsieve_agent.node.jobs.step_meter import add, line_of, measure
from pennsieve_agent.node.records.run_document import attempts_of
from pennsieve_agent.node.records.run_record import JobRecord
from pennsieve_agent.node.runs.read_meters import MOST_READS, measured_in
from tests.node.services import meter_of
from tests.node.world import SETTINGS, World

MB = 2**20
FIRST = {
    "memory_stats": {
        "usage": 300 * MB,
        "max_usage": 500 * MB,
        "stats": {"total_active_file": 20 * MB, "total_inactive_file": 30 * MB, "active_file": 1},
    },
    "cpu_stats": {"cpu_usage": {"total_usage": 2_500_000_000}},
    "blkio_stats": {
        "io_service_bytes_recursive": [
            {"op": "Read", "value": 7},
            {"op": "Read", "value": 1},
            {"op": "Write", "value": 9},
            {"op": "Total", "value": 17},
        ]
    },
}
SECOND = {
    "memory_stats": {"usage": 400 * MB, "stats": {"active_file": 10 * MB, "inactive_file": 0}},
    "cpu_stats": {"cpu_usage": {"total_usage": 3_000_000_000}},
    "blkio_stats": {"io_service_bytes_recursive": None},
}
TASK = {"Containers": [{"DockerId": "m", "Name": "meter"}, {"DockerId": "s", "Name": "default"}]}


def used_by(stats: dict[str, Any], less: int) -> dict[str, Any]:
    """Stats of a container that uses so many bytes less."""
    memory = stats["memory_stats"]
    return {**stats, "memory_stats": {**memory, "usage": memory["usage"] - less}}


def read(*stats: Any) -> Measured | None:
    used: dict[str, Any] = {}
    for one in stats:
        add(used, one)
    return measured_in(line_of(used))


def test_both_versions_of_control_groups_are_counted() -> None:
    assert read(FIRST) == Measured(450 * MB, 2.5, 8, 9, "task", AT_LEAST)
    assert read(SECOND) == Measured(390 * MB, 3.0, None, None, "task", AT_LEAST)
    assert read(FIRST, SECOND) == Measured(450 * MB, 3.0, 8, 9, "task", AT_LEAST)


@pytest.mark.parametrize("line", ["", "Traceback", "[1]", '"x"', "7", '{"measured": 3}', "{"])
def test_another_line_measures_nothing(line: str) -> None:
    assert measured_in(line) is None


def test_an_endpoint_that_fails_is_asked_again_and_nothing_read_is_not_told() -> None:
    ended, lines = threading.Event(), list[str]()
    stats = [{"s": used_by(FIRST, less)} for less in range(3)]
    answers: list[Any] = [OSError(), {"Containers": []}, TASK, {"s": None}, *stats]

    def fetch(_: str) -> Any:
        answer = answers.pop(0)
        if not answers:
            ended.set()
            answers.append({})
        if isinstance(answer, Exception):
            raise answer
        return answer

    measure(fetch, lines.append, ended)
    assert [measured_in(line) for line in lines] == [read(FIRST)]
    lines.clear()
    measure(lambda _: {}, lines.append, ended)
    assert lines == []


@pytest.mark.parametrize(("different", "count", "lines"), [(2, 2, 0), (3, 3, 1), (1, 20, 1)])
def test_a_step_that_was_seen_at_its_beginning_alone_is_not_measured(
    different: int, count: int, lines: int
) -> None:
    ended, heard = threading.Event(), list[str]()
    stats = [used_by(FIRST, min(number, different - 1)) for number in range(count)]

    def fetch(path: str) -> Any:
        if path == "/task":
            return TASK
        if len(stats) == 1:
            ended.set()
        return {"s": stats.pop(0) if stats else None}

    measure(fetch, heard.append, ended)
    assert len(heard) == lines


class Endpoint(BaseHTTPRequestHandler):
    asked = threading.Event()
    count = 0

    def do_GET(self) -> None:
        stats = {"s": used_by(FIRST, Endpoint.count), "m": None}
        body = json.dumps(TASK if self.path.endswith("/task") else stats)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.encode())
        if self.path.endswith("/stats"):
            Endpoint.count += 1
            if Endpoint.count > 3:
                self.asked.set()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v4/x"
    server.shutdown()
    server.server_close()


def test_the_program_says_what_it_read_when_it_is_asked_to_end(endpoint: str) -> None:
    _, *words = metered_task.meter_command()
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", *words],
        env={"ECS_CONTAINER_METADATA_URI_V4": endpoint, "PATH": os.defpath},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert Endpoint.asked.wait(20)
    child.send_signal(signal.SIGTERM)
    output, _ = child.communicate(timeout=20)
    assert child.returncode == 0
    assert measured_in(output.splitlines()[-1]) == read(FIRST)


@pytest.fixture
def world() -> World:
    world = World()
    world.start_own()
    return world


def work(world: World) -> JobRecord:
    return next(job for job in world.taken().work if job.key == "work")


def sizes(container: dict[str, Any]) -> dict[str, str]:
    return {row["type"]: row["value"] for row in container["resourceRequirements"]}


def test_a_step_keeps_its_size_and_its_secrets(world: World) -> None:
    job = world.begin_step("work")
    (task,) = job.definition["ecsProperties"]["taskProperties"]
    step, meter = task["containers"]
    assert (step["name"], step["essential"]) == ("default", True)
    assert (meter["name"], meter["essential"]) == ("meter", False)
    sizes = [
        {row["type"]: row["value"] for row in one["resourceRequirements"]} for one in (step, meter)
    ]
    assert sizes == [{"VCPU": "0.9", "MEMORY": "1984"}, {"VCPU": "0.1", "MEMORY": "64"}]
    assert meter["image"] == SETTINGS.mover_image
    assert not {"environment", "secrets", "mountPoints"} & meter.keys()
    prefix = meter["logConfiguration"]["options"]["awslogs-stream-prefix"]
    assert prefix == f"meter/{world.taken().run}/work"  # the log of a run begins otherwise
    assert task["taskRoleArn"] == SETTINGS.job_role
    assert task["executionRoleArn"] == SETTINGS.execution_role
    assert len(task["volumes"]) == len(step["mountPoints"]) == 2


def test_what_the_meter_said_is_noted_with_its_attempt(world: World) -> None:
    world.meters_talk = False
    job = world.begin_step("work")
    used = read(FIRST)
    assert used is not None
    line = json.dumps({"measured": used.document()})
    world.lines.append((meter_of(job), int(world.clock * 1000), line))
    world.end(job, "SUCCEEDED", code=0)
    world.finish_all()
    record = world.record()
    (step,) = [one for one in record["jobs"] if one["key"] == "work"]
    assert [one["measured"] for one in step["attempts"]] == [used.document()]
    rows = {one["nodeId"]: one for one in record["metrics"]["nodeMetrics"]}
    assert rows["work"]["maxMemoryUsedMiB"] == 450
    assert "maxMemoryUsedMiB" not in rows["in"]


def test_a_meter_that_said_nothing_leaves_a_step_unmeasured(world: World) -> None:
    world.meters_talk = False
    job = world.begin_step("work")
    world.end(job, "SUCCEEDED", code=0)
    world.finish_all()
    record = world.record()
    (step,) = [one for one in record["jobs"] if one["key"] == "work"]
    assert record["outcome"] == "SUCCEEDED"
    assert 0 < step["attempts"][0]["reads"] <= MOST_READS
    assert attempts_of(work(world))[0]["measured"] is None


def test_where_aws_refuses_a_meter_the_step_runs_without() -> None:
    world = World()
    world.refuses_meters = True
    world.start_own()
    job = world.begin_step("work")
    assert "ecsProperties" not in job.definition
    world.end(job, "SUCCEEDED", code=0)
    world.finish_all()
    assert world.record()["outcome"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("reason", "submissions"),
    [
        ("CannotStartContainerError: no room", 2),
        (f"CannotPullContainerError: failed to resolve ref {SETTINGS.mover_image}", 2),
        ("CannotPullContainerError: failed to resolve ref {image}", 1),
        ("ResourceInitializationError: unable to pull secrets", 1),
    ],
)
def test_a_task_that_cannot_start_is_tried_without_its_meter(
    world: World, reason: str, submissions: int
) -> None:
    for _ in range(20):
        while world.events:
            world.deliver(world.events.pop(0))
        for job in world.ready():
            if "-work-" not in job.name or "ecsProperties" not in job.definition:
                world.begin(job)
                world.end(job, "SUCCEEDED", code=0)
                continue
            image = job.definition["containerProperties"]["image"]
            at = int(world.clock * 1000)
            container = {"reason": reason.format(image=image)}
            job.attempts = [{"stoppedAt": at, "container": container}]
            job.container_reason = container["reason"]
            world.end(job, "FAILED", "Task failed to start")
    jobs = [job for job in world.jobs.values() if "-work-" in job.name]
    assert len(jobs) == submissions
    assert world.record()["outcome"] == ("SUCCEEDED" if submissions > 1 else "FAILED")


def test_small_steps_gpu_steps_and_other_jobs_are_not_measured(world: World) -> None:
    job = world.begin_step("work")
    others = [one for one in world.jobs.values() if one is not job]
    assert others
    assert all("ecsProperties" not in one.definition for one in others)
    record = work(world)
    assert metered_task.has_meter(record)
    assert not metered_task.has_meter(replace(record, memory=512))
    assert not metered_task.has_meter(replace(record, gpu=True))


def test_a_definition_that_would_be_too_large_has_no_meter(world: World) -> None:
    container = world.begin_step("work").definition["containerProperties"]
    options = {"awslogs-stream-prefix": "run/r/work"}
    container |= {
        "logConfiguration": {"logDriver": "awslogs", "options": options},
        "fargatePlatformConfiguration": {"platformVersion": "LATEST"},
    }
    job = work(world)
    assert metered_task.metered_task(container, job, "python") is not None
    container["environment"] = [{"name": "LONG", "value": "x" * 16_000}]
    assert metered_task.metered_task(container, job, "python") is None
