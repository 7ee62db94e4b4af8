"""What is not well is found, each thing by its own check, and a well node passes them all."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.account.check import Check
from pennsieve_agent.account.doctor import Examined, checks
from pennsieve_agent.account.examine import clock_skew, examine
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.compute import NodeStatus
from pennsieve_agent.domain.identity import AwsSettings
from pennsieve_agent.errors import NotPermitted
from tests.account.conftest import fresh
from tests.account.scene import OPTIONS, Scene
from tests.aws.emulator import IGNORED, ScriptedAws, settings

pytestmark = pytest.mark.filterwarnings(IGNORED)


@pytest.fixture(scope="module")
def node(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A node that is registered and well. The tests here look at it and change nothing."""
    with fresh(emulator, tmp_path_factory.mktemp("doctor")) as scene:
        scene.register()
        yield scene


@pytest.fixture(scope="module")
def seen(node: Scene) -> Examined:
    return examine(node.worlds, OPTIONS, time.time)


def failing(seen: Examined) -> dict[str, Check]:
    return {check.name: check for check in checks(seen) if not check.passed}


def test_a_fresh_node_is_well(node: Scene, seen: Examined) -> None:
    found = checks(seen)
    assert [(check.name, check.finding) for check in found if not check.passed] == []
    assert len(found) == 19
    assert {c.name: c.finding for c in found}["external id"] == "is demanded"
    assert all(check.why and check.remedy for check in found)
    text = json.dumps([check.to_json() for check in found])
    assert next(iter(node.registry.records.values())).external_id not in text


def trusting(seen: Examined, *rows: dict[str, Any]) -> Examined:
    assert seen.role is not None
    return replace(seen, role=replace(seen.role, trust={"Statement": list(rows)}))


def test_a_trust_policy_without_external_id(seen: Examined) -> None:
    platform = {"AWS": f"arn:aws:iam::{seen.platform_account_id}:root"}
    row = {"Effect": "Allow", "Principal": platform, "Action": "sts:AssumeRole"}
    assert set(failing(trusting(seen, row))) == {"external id"}


def test_a_trust_policy_that_lets_others_in_or_nobody(seen: Examined) -> None:
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    found = failing(trusting(seen, anybody))
    assert "other accounts are let in, too" in found["trust"].finding
    other = anybody | {"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}
    assert "is not let in" in failing(trusting(seen, other))["trust"].finding


def test_a_boundary_taken_away(seen: Examined) -> None:
    assert seen.role is not None
    bare = replace(seen, role=replace(seen.role, boundary=""), boundary=None)
    assert failing(bare)["permissions boundary"].finding == "the role has none"
    gone = failing(replace(seen, boundary=None))["permissions boundary"]
    assert gone.finding.endswith("-boundary does not exist")


def test_a_boundary_that_leaves_too_little(seen: Examined) -> None:
    row = {"Effect": "Allow", "Action": ["cloudformation:*", "logs:*"], "Resource": "*"}
    check = failing(replace(seen, boundary={"Statement": [row]}))["permissions boundary"]
    assert check.finding.endswith("-boundary does not allow lambda:InvokeFunction")


def test_long_sessions(seen: Examined) -> None:
    assert seen.role is not None
    long = replace(seen, role=replace(seen.role, session_seconds=7200))
    assert seen.role.name in failing(long)["session"].remedy


@pytest.mark.parametrize("status", [NodeStatus.PAUSED, NodeStatus.FAILED, NodeStatus.PENDING])
def test_a_node_that_is_not_enabled(seen: Examined, status: NodeStatus) -> None:
    assert seen.node is not None
    assert set(failing(replace(seen, node=replace(seen.node, status=status)))) == {"node"}


def test_a_journal_that_does_not_agree(seen: Examined) -> None:
    assert seen.entry is not None
    other = replace(seen, entry=replace(seen.entry, node_uuid="other"))
    assert failing(other)["journal"].finding == "another node than is there"
    assert set(failing(replace(seen, entry=None))) == {"journal", "image pulls"}


def test_credentials_of_another_account(seen: Examined) -> None:
    assert seen.node is not None
    there = replace(seen, node=replace(seen.node, aws_account_id="222233334444"))
    assert "the node is in 222233334444" in failing(there)["AWS credentials"].finding


def test_no_credentials(node: Scene) -> None:
    with Aws(AwsSettings()) as nobody:
        found = checks(examine(replace(node.worlds, aws=nobody), OPTIONS, time.time))
    assert [check.name for check in found if check.passed] == ["node"]
    assert found[0].finding == "no AWS credentials were found"


class Blind(Aws):
    """May not do some of what is asked."""

    refused = ""

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        if operation == self.refused:
            raise NotPermitted(f"AWS refused {service}:{operation}", aws_code="AccessDenied")
        return super().call(service, operation, **parameters)

    def pages(self, service: str, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        if operation == self.refused:
            raise NotPermitted(f"AWS refused {service}:{operation}", aws_code="AccessDenied")
        yield from super().pages(service, operation, **parameters)


@pytest.mark.parametrize(
    ("refused", "failed"),
    [
        ("get_template", {"drift"}),
        ("list_role_policies", {"drift"}),
        ("list_roles", {"leftovers"}),
        ("get_policy", {"permissions boundary", "drift"}),
        ("describe_stacks", {"stack", "leftovers"}),
        ("get_role", {"role", "drift"}),
        ("get_function_configuration", {"functions", "code"}),
        ("describe_job_queues", {"queues"}),
        ("get_service_quota", {"quotas"}),
    ],
)
def test_a_check_that_cannot_be_made_is_not_passed(
    node: Scene, emulator: str, tmp_path: Path, refused: str, failed: set[str]
) -> None:
    with Blind(settings(tmp_path, emulator)) as aws:
        aws.refused = refused
        found = failing(examine(replace(node.worlds, aws=aws), OPTIONS, time.time))
    assert set(found) == failed
    for check in found.values():
        assert check.finding.startswith("could not be looked at: AWS refused ")
        assert "compute policy --installer" in check.remedy


@pytest.mark.parametrize(("ahead", "skew"), [(0, 0), (300, 300), (-90, -90)])
def test_clock(ahead: int, skew: int) -> None:
    headers = {"date": "Thu, 01 Jan 1970 01:00:00 GMT"}
    answer = {"ResponseMetadata": {"HTTPHeaders": headers}}
    aws = ScriptedAws(("get_caller_identity", answer))
    assert clock_skew(aws, lambda: 3600 + ahead) == skew
    assert clock_skew(ScriptedAws(("get_caller_identity", {})), lambda: 0) is None


def test_a_wrong_clock_fails(seen: Examined) -> None:
    assert list(failing(replace(seen, skew_seconds=120))) == ["clock"]
