"""The emulated CodeBuild runs the buildspec of a node's project, and refuses what AWS refuses."""

from __future__ import annotations

import http.server
import json
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pennsieve_agent.account.stack.buildspec import buildspec
from pennsieve_agent.account.stack.image_builds import MOST_MINUTES
from pennsieve_agent.sandbox.aws.codebuild.builds import QUOTA
from tests.account.stack.specs import NAMES, node
from tests.engine.images import busybox_image
from tests.registries import needs_registry
from tests.sandbox.aws.account import Cloud
from tests.sandbox.aws.builds import Bench, commands, template


@pytest.fixture
def bench(cloud: Cloud, tmp_path: Path) -> Bench:
    return Bench(cloud, tmp_path)


def reason(state: dict[str, Any]) -> tuple[str, str]:
    """The phase that a build failed in, and AWS's word for it."""
    phase = state["phases"][-1]
    return phase["phaseType"], phase["contexts"][0]["statusCode"]


def code(script: str, more: str = "") -> dict[str, str]:
    """A Dockerfile with a layer above the script and one below, which no engine has seen."""
    slow = f"RUN echo {uuid.uuid4()} > /slow\n{more}"
    base = f"FROM {busybox_image()}\n{slow}COPY run.sh /\nRUN cat /run.sh\n"
    return {"Dockerfile": base, "run.sh": script}


@pytest.mark.docker
@needs_registry
def test_a_build_pushes_an_image_and_a_second_runs_only_the_layers_below_a_change(
    bench: Bench,
) -> None:
    files = code("one")
    first = bench.upload(files)
    build = bench.start(first)
    state = bench.ended(build)
    assert state["buildStatus"] == "SUCCEEDED", bench.log(build)
    assert bench.tags() == [first]
    assert sum("Running in" in line for line in bench.log(build)) == 2
    second = bench.upload(files | {"run.sh": "two"})
    build = bench.start(second, earlier=first)
    assert bench.ended(build)["buildStatus"] == "SUCCEEDED", bench.log(build)
    log = bench.log(build)
    assert sum("Using cache" in line for line in log) == 1, log
    assert sum("Running in" in line for line in log) == 1, log
    assert bench.tags() == sorted([first, second])


@pytest.mark.docker
@needs_registry
def test_a_command_that_fails_ends_it_with_aws_words(bench: Bench) -> None:
    build = bench.start(bench.upload(code("x", "RUN echo no such package; exit 3\n")))
    state = bench.ended(build)
    assert state["buildStatus"] == "FAILED"
    assert reason(state) == ("BUILD", "COMMAND_EXECUTION_ERROR")
    assert any("returned a non-zero code: 3" in line for line in bench.log(build))
    assert bench.tags() == []


def test_code_that_is_not_there_fails_with_what_s3_says(bench: Bench) -> None:
    build = bench.start()
    state = bench.ended(build)
    assert (state["buildStatus"], reason(state)[0]) == ("FAILED", "PRE_BUILD")
    assert any("(404)" in line or "Not Found" in line for line in bench.log(build))


@needs_registry
def test_without_privileges_there_is_no_docker(cloud: Cloud, tmp_path: Path) -> None:
    environment = template(node())["Builder"]["Properties"]["Environment"]
    bench = Bench(cloud, tmp_path, Environment={**environment, "PrivilegedMode": False})
    build = bench.start(bench.upload({"Dockerfile": "FROM x\n"}))
    assert bench.ended(build)["buildStatus"] == "FAILED"
    text = "\n".join(bench.log(build))
    assert "Cannot connect to the Docker daemon" in text or "docker" in text


def test_a_role_that_may_not_fetch_the_code_is_refused_by_s3(cloud: Cloud, tmp_path: Path) -> None:
    bench = Bench(cloud, tmp_path)
    archive = bench.upload({"Dockerfile": "FROM x\n"})
    iam = cloud.owner.client("iam")
    policy = f"{NAMES.builder}-access"
    document = iam.get_role_policy(RoleName=NAMES.builder, PolicyName=policy)["PolicyDocument"]
    rows = [row for row in document["Statement"] if row["Action"] != ["s3:GetObject"]]
    text = json.dumps({**document, "Statement": rows})
    iam.put_role_policy(RoleName=NAMES.builder, PolicyName=policy, PolicyDocument=text)
    build = bench.start(archive)
    assert reason(bench.ended(build)) == ("PRE_BUILD", "COMMAND_EXECUTION_ERROR")
    assert any("403" in line or "AccessDenied" in line for line in bench.log(build))


def test_a_log_that_it_may_not_write_is_said(cloud: Cloud, tmp_path: Path) -> None:
    bench = Bench(cloud, tmp_path)
    cloud.owner.client("logs").delete_log_group(logGroupName=NAMES.builds_log_group)
    state = bench.ended(bench.start())
    assert reason(state) == ("PROVISIONING", "ACCESS_DENIED")


HOLD = commands("sleep 100")


def test_a_build_is_stopped_waits_and_runs_out_of_time(cloud: Cloud, tmp_path: Path) -> None:
    bench = Bench(cloud, tmp_path, Source=HOLD, TimeoutInMinutes=5)
    build = bench.start()
    bench.builds.stop_build(id=build)
    assert bench.ended(build)["buildStatus"] == "STOPPED"
    cloud.services.codebuild.builds._minute = 0.05
    late = bench.ended(bench.start())
    assert late["buildStatus"] == "TIMED_OUT"
    assert reason(late)[1] == "BUILD_TIMED_OUT"


def test_the_same_token_is_one_build_and_the_newest_is_listed_first(
    cloud: Cloud, tmp_path: Path
) -> None:
    bench = Bench(cloud, tmp_path, Source=HOLD)
    first = bench.start(idempotencyToken="one")
    assert bench.start(idempotencyToken="one") == first
    with pytest.raises(ClientError, match="idempotency token"):
        bench.start("1" * 64, idempotencyToken="one")
    second = bench.start()
    assert bench.builds.list_builds_for_project(projectName=NAMES.builder)["ids"] == [second, first]


def test_what_aws_refuses_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ClientError, match="Project cannot be found") as refused:
        bench.builds.start_build(projectName="payroll")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
    monkeypatch.setenv(QUOTA, "0")
    with pytest.raises(ClientError, match="more than 0 builds in queue") as refused:
        bench.start()
    assert refused.value.response["Error"]["Code"] == "AccountLimitExceededException"
    assert bench.builds.batch_get_builds(ids=[f"{NAMES.builder}:1"])["builds"] == []


def test_a_limit_of_its_own_would_break_the_stack_of_a_new_account(
    cloud: Cloud, tmp_path: Path
) -> None:
    Bench(cloud, tmp_path, ConcurrentBuildLimit=2)
    (stack,) = cloud.owner.client("cloudformation").describe_stacks()["Stacks"]
    assert stack["StackStatus"] in {"ROLLBACK_COMPLETE", "CREATE_FAILED"}
    assert MOST_MINUTES == 120


@pytest.fixture
def busy_registry() -> Iterator[tuple[str, list[str]]]:
    """A registry that has had too many requests: its address, and what it was asked."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            errors = [
                {"code": "TOOMANYREQUESTS", "message": "You have reached your pull rate limit."}
            ]
            body = json.dumps({"errors": errors}).encode()
            self.send_response(429)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - http.server's name

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.docker
@needs_registry
def test_a_registry_with_too_many_requests_is_asked_three_times_more(
    cloud: Cloud, tmp_path: Path, busy_registry: tuple[str, list[str]]
) -> None:
    address, _ = busy_registry
    source = {"Type": "NO_SOURCE", "BuildSpec": buildspec((0, 0, 0))}
    bench = Bench(cloud, tmp_path, Source=source)
    build = bench.start(bench.upload({"Dockerfile": f"FROM {address}/base:1\n"}))
    assert bench.ended(build)["buildStatus"] == "FAILED"
    log = bench.log(build)
    assert sum("once more in" in line and "[Container]" not in line for line in log) == 3, log
