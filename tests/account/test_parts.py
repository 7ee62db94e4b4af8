"""What is not well about a node's parts is said, with AWS's own reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.account.doctor.parts_health import Parts, part_checks
from pennsieve_agent.account.register.preflight_problems import Finding, Weight
from pennsieve_agent.account.spec.node_spec import Code
from pennsieve_agent.account.world.check_result import Check
from pennsieve_agent.aws.deployed import Deployed, deployed
from pennsieve_agent.aws.queues import Part, queues
from pennsieve_agent.errors import AwsError
from tests.account.scene import Scene
from tests.aws.emulator import ScriptedAws

DIGEST = "ab" * 32
GOOD = {"status": "HEALTHY", "issues": [], "resources": {}}
WELL = Parts(
    functions={"n-gateway": Deployed("n-gateway", DIGEST), "n-rec": Deployed("n-rec", DIGEST)},
    code=Code(DIGEST, "1.2.0"),
    answer=GOOD,
    expected=("n-spot",),
    queues=tuple(
        Part(kind, "n-spot", enabled=True, status="VALID")
        for kind in ("compute environment", "queue")
    ),
)
REASON = "CLIENT_ERROR - no such subnet."


def look(parts: Parts) -> dict[str, Check]:
    return {check.name: check for check in part_checks(parts, "again")}


def test_all_is_well() -> None:
    found = look(WELL)
    assert [check.name for check in found.values() if not check.passed] == []
    assert list(found) == ["functions", "code", "node's answer", "queues", "quotas", "network"]
    assert found["code"].finding == "version 1.2.0"


@pytest.mark.parametrize(
    ("changes", "name", "finding"),
    [
        ({"functions": {"n-gateway": None}}, "functions", "n-gateway does not exist"),
        (
            {"functions": {"n-gateway": Deployed("n-gateway", DIGEST, "Failed", "no such key.")}},
            "functions",
            "n-gateway is Failed: no such key",
        ),
        (
            {"code": Code("cd" * 32, "2.0.0")},
            "code",
            "it is not the code of this program, version 2.0.0",
        ),
        ({"functions": {}}, "code", "there is none"),
        ({"answer": None}, "node's answer", "it does not answer"),
        ({"answer": {}}, "node's answer", "it reports no status"),
        (
            {"answer": {"status": "WARNING", "issues": ["disk"]}},
            "node's answer",
            "warning; disk",
        ),
        (
            {"queues": ()},
            "queues",
            "compute environment n-spot does not exist; queue n-spot does not exist",
        ),
        (
            {"queues": (replace(WELL.queues[0], status="INVALID", reason=REASON), WELL.queues[1])},
            "queues",
            "compute environment n-spot is INVALID: CLIENT_ERROR - no such subnet",
        ),
        (
            {"queues": (WELL.queues[0], replace(WELL.queues[1], enabled=False))},
            "queues",
            "queue n-spot is disabled",
        ),
        (
            {"findings": (Finding("quota F", Weight.WARNING, "F is 6", "raise it"),)},
            "quotas",
            "F is 6",
        ),
        (
            {"findings": (Finding("network", Weight.ERROR, "no VPC", "look"),)},
            "network",
            "no VPC",
        ),
    ],
)
def test_what_is_not_well(changes: dict[str, Any], name: str, finding: str) -> None:
    check = look(replace(WELL, **changes))[name]
    assert not check.passed
    assert check.finding == finding
    assert check.why
    assert check.remedy


def test_a_check_that_cannot_be_made_is_not_passed() -> None:
    check = look(WELL)["queues"].unless({"queues": "AWS refused batch:DescribeJobQueues"})
    assert not check.passed
    assert check.finding == "could not be checked: AWS refused batch:DescribeJobQueues"
    assert "compute policy installer" in check.remedy
    assert look(WELL)["queues"].unless({}) == look(WELL)["queues"]


def test_what_code_a_function_has() -> None:
    digest = {"CodeSha256": "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=", "Runtime": "python3.13"}
    found = deployed(ScriptedAws(("get_function_configuration", digest)), "f")
    assert found == Deployed("f", DIGEST, runtime="python3.13")
    odd = {"CodeSha256": "yes", "State": "Failed", "StateReason": "why"}
    found = deployed(ScriptedAws(("get_function_configuration", odd)), "f")
    assert found == Deployed("f", "yes", "Failed", "why")
    gone = AwsError("gone", aws_code="ResourceNotFoundException")
    assert deployed(ScriptedAws(("get_function_configuration", gone)), "f") is None
    with pytest.raises(AwsError, match="slow"):
        deployed(ScriptedAws(("get_function_configuration", AwsError("slow"))), "f")


def test_queues_of_an_account_that_has_none(scene: Scene) -> None:
    assert queues(scene.aws, ["pennsieve-node-0a1b2c3d-fargate"]) == ()


def test_queues_as_batch_tells_of_them() -> None:
    environment = {
        "computeEnvironmentName": "n", "state": "ENABLED", "status": "INVALID",
        "statusReason": REASON,
    }  # fmt: skip
    queue = {"jobQueueName": "n", "state": "DISABLED", "status": "VALID"}
    aws = ScriptedAws(
        ("describe_compute_environments", {"computeEnvironments": [environment]}),
        ("describe_job_queues", {"jobQueues": [queue]}),
    )
    assert queues(aws, ["n"]) == (
        Part("compute environment", "n", enabled=True, status="INVALID", reason=REASON),
        Part("queue", "n", enabled=False, status="VALID"),
    )


KEPT = {
    "runs": 4,
    "bytes": 3 * 1024**3,
    "unmeasured": 0,
    "until": "2026-12-07T10:00:00.000Z",
    "overdue": 0,
}


@pytest.mark.parametrize(
    ("changes", "passed", "finding"),
    [
        ({}, True, "3.0 GB of 4 runs, until 2026-12-07 at the latest; 0.07 USD a month"),
        (
            {"runs": 1, "bytes": 10},
            True,
            "less than 0.1 GB of 1 run, until 2026-12-07 at the latest; less than 0.01 USD a month",
        ),
        (
            {"unmeasured": 1},
            True,
            "at least 3.0 GB of 4 runs, until 2026-12-07 at the latest; 0.07 USD a month",
        ),
        (
            {"overdue": 2},
            False,
            (
                "3.0 GB of 4 runs, until 2026-12-07 at the latest; 0.07 USD a month; the days of "
                "2 runs are over, and it is still there"
            ),
        ),
    ],
)
def test_kept_step_files_are_named(changes: dict[str, Any], passed: bool, finding: str) -> None:  # noqa: FBT001
    check = look(replace(WELL, answer={**GOOD, "kept": {**KEPT, **changes}}))["kept step files"]
    assert (check.passed, check.finding) == (passed, finding)


@pytest.mark.parametrize("kept", [None, {}, {**KEPT, "runs": 0}, "many"])
def test_of_nothing_kept_nothing_is_said(kept: object) -> None:
    assert "kept step files" not in look(replace(WELL, answer={**GOOD, "kept": kept}))
