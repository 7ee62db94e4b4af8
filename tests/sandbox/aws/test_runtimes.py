"""The code of functions runs in processes, from the zip that was deployed."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.sandbox.aws.functions.function_code import Codes
from pennsieve_agent.sandbox.aws.functions.runtimes import Runtimes
from tests.sandbox.aws.account import Cloud, allow, open_cloud, service_trust
from tests.sandbox.compute.lab import wait_for

GATEWAY = """\
import os, sys, time
import boto3

seen = []
with open("loaded", "a") as file:
    file.write("x")

def handler(event, context):
    print("this goes to the log")
    seen.append(event)
    if event == "die":
        os._exit(3)
    if event == "sleep":
        time.sleep(30)
    if event == "raise":
        raise LookupError("not there")
    if event == "files":
        boto3.client("s3files", "us-east-1")
    if event == "volumes":
        volume = {"name": "v", "s3filesVolumeConfiguration": {"fileSystemArn": "a"}}
        properties = {"image": "i", "volumes": [volume]}
        boto3.client("batch", "us-east-1").register_job_definition(
            jobDefinitionName="d", type="container", containerProperties=properties
        )
    who = boto3.client("sts").get_caller_identity()["Arn"]
    return {
        "who": who,
        "seen": len(seen),
        "word": os.environ["NODE_WORD"],
        "file": __file__,
        "left": context.get_remaining_time_in_millis() > 0,
    }
"""


def zipped(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in (
            ("pennsieve_agent/__init__.py", ""),
            ("pennsieve_agent/node/__init__.py", ""),
            ("pennsieve_agent/node/gateway.py", text),
        ):
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[tuple[Cloud, Runtimes]]:
    with open_cloud(tmp_path / "aws") as made:
        runtimes = Runtimes(Codes(tmp_path / "functions"), tmp_path / "home", made.url)
        made.code["pennsieve_agent.node.gateway.handler"] = lambda event, given: _code(
            runtimes, event, given
        )
        role = made.role("worker", service_trust("lambda.amazonaws.com"), allow())
        made.owner.client("lambda").create_function(
            FunctionName="g",
            Runtime="python3.13",
            Role=role,
            Handler="pennsieve_agent.node.gateway.handler",
            Timeout=30,
            Code={"ZipFile": zipped(GATEWAY)},
            Environment={"Variables": {"NODE_WORD": "hello"}},
        )
        yield made, runtimes
        runtimes.stop()


@pytest.fixture
def cloud(deployed: tuple[Cloud, Runtimes]) -> Cloud:
    return deployed[0]


def _code(runtimes: Runtimes, event: Any, given: Any) -> Any:
    handler = runtimes("pennsieve_agent.node.gateway.handler")
    assert handler is not None
    return handler(event, given)


def call(cloud: Cloud, event: Any) -> tuple[bool, Any]:
    found = cloud.owner.client("lambda").invoke(FunctionName="g", Payload=json.dumps(event))
    return "FunctionError" not in found, json.loads(found["Payload"].read())


def test_the_deployed_code_runs_with_its_roles_keys_and_stays_warm(cloud: Cloud) -> None:
    good, first = call(cloud, "x")
    assert good, first
    assert first["who"] == "arn:aws:sts::123456789012:assumed-role/worker/g"
    assert (first["word"], first["seen"], first["left"]) == ("hello", 1, True)
    digest = hashlib.sha256(zipped(GATEWAY)).hexdigest()
    assert f"/functions/{digest}/" in first["file"]
    assert call(cloud, "y")[1]["seen"] == 2  # the same process
    good, failed = call(cloud, "raise")
    assert not good
    assert (failed["errorType"], failed["errorMessage"]) == ("LookupError", "not there")
    good, died = call(cloud, "die")
    assert not good
    assert died["errorType"] == "Runtime.ExitError"
    assert call(cloud, "z")[1]["seen"] == 1  # a new one


@pytest.mark.parametrize(
    ("what", "error"), [("files", "UnknownServiceError"), ("volumes", "ParamValidationError")]
)
def test_the_boto3_of_functions_is_older_than_s3_files(
    deployed: tuple[Cloud, Runtimes], what: str, error: str
) -> None:
    """As it may be in AWS, where it is of the runtime's version and not of this program's."""
    good, failed = call(deployed[0], what)
    assert (good, failed["errorType"]) == (False, error)


def test_a_function_is_ready_before_its_first_call(
    deployed: tuple[Cloud, Runtimes], tmp_path: Path
) -> None:
    cloud, runtimes = deployed
    for _ in range(2):
        cloud.services.functions.make_ready(runtimes.make_ready)
    loaded = tmp_path / "home" / "loaded"
    wait_for(loaded.exists)
    assert [call(cloud, word)[1]["seen"] for word in ("x", "y")] == [1, 2]
    assert loaded.read_text() == "x", "once, and not for the call"


def test_what_runs_out_of_time_is_killed(cloud: Cloud) -> None:
    assert call(cloud, "x")[0]
    cloud.owner.client("lambda").update_function_configuration(FunctionName="g", Timeout=2)
    good, late = call(cloud, "sleep")
    assert not good
    assert "timed out" in late["errorMessage"] or "ran out of time" in late["errorMessage"]
    cloud.owner.client("lambda").put_function_concurrency(
        FunctionName="g", ReservedConcurrentExecutions=1
    )
    assert call(cloud, "x")[0]  # nothing of the first call is left


def test_other_handlers_are_not_run(tmp_path: Path) -> None:
    assert Runtimes(Codes(tmp_path), tmp_path, "")("os.system") is None


def test_only_what_was_deployed_runs(tmp_path: Path) -> None:
    code = zipped(GATEWAY)
    digest, folder = Codes(tmp_path).unpacked(code)
    assert folder.name == digest == hashlib.sha256(code).hexdigest()
    file = folder / "pennsieve_agent" / "node" / "gateway.py"
    kept = file.stat().st_ino
    assert Codes(tmp_path).unpacked(code)[1] == folder
    assert file.stat().st_ino == kept  # unpacked once
    file.write_text("raise SystemExit")
    assert Codes(tmp_path).unpacked(code)[1] == folder
    assert file.read_text() == GATEWAY


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out"])
def test_code_that_would_lie_elsewhere_is_not_unpacked(tmp_path: Path, name: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(ValueError, match="not the name of a file"):
        Codes(tmp_path / "codes").unpacked(buffer.getvalue())
    with pytest.raises(ValueError, match="not a zip"):
        Codes(tmp_path / "codes").unpacked(b"none")
