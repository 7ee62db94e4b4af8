"""What is not well is found, each thing by its own check, and a well node passes them all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.account.doctor.inspect_node import clock_skew, examine
from pennsieve_agent.account.doctor.node_health import Inspection, checks
from pennsieve_agent.account.world.check_result import Check
from pennsieve_agent.account.world.node_shares import Share, Shares
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.aws_principals import parse_principal
from pennsieve_agent.domain.profile import AwsSettings
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
def seen(node: Scene) -> Inspection:
    return examine(node.clients, OPTIONS, time.time)


def failing(seen: Inspection) -> dict[str, Check]:
    return {check.name: check for check in checks(seen) if not check.passed}


def test_a_fresh_node_is_well(seen: Inspection) -> None:
    found = checks(seen)
    assert [(check.name, check.finding) for check in found if not check.passed] == []
    assert [check.name for check in found] == [
        *("AWS credentials", "clock", "stack", "drift", "permissions boundary", "functions"),
        *("code", "node's answer", "queues", "quotas", "network", "shares", "registration"),
        *("image pulls", "node", "journal", "leftovers"),
    ]
    assert all(check.why and check.remedy for check in found)


def test_a_node_that_is_there_is_updated_and_a_missing_one_registered(seen: Inspection) -> None:
    drifted = failing(replace(seen, drifted=("the stack's template",)))["drift"]
    assert drifted.remedy == "pennsieve compute update 'lab'"
    gone = failing(replace(seen, stack=None))["stack"]
    assert gone.remedy == "pennsieve compute register --name 'lab'"
    forgotten = failing(replace(seen, own=None, account=None))["registration"]
    assert forgotten.remedy == "pennsieve compute register --name 'lab'"


def test_a_boundary_taken_away(seen: Inspection) -> None:
    gone = failing(replace(seen, boundary=None))["permissions boundary"]
    assert gone.finding.endswith("-boundary does not exist")
    bare = failing(replace(seen, boundary=None, boundary_name=""))["permissions boundary"]
    assert bare.finding == "the roles have none"


def test_a_boundary_that_leaves_too_little(seen: Inspection) -> None:
    assert seen.boundary is not None
    row = {"Effect": "Deny", "Action": ["ssm:*", "batch:SubmitJob"], "Resource": "*"}
    narrow = {"Statement": [*seen.boundary["Statement"], row]}
    check = failing(replace(seen, boundary=narrow))["permissions boundary"]
    assert "does not allow ssm:DeleteParameters" in check.finding
    assert "batch:SubmitJob" in check.finding
    assert "dynamodb" not in check.finding


def test_a_node_that_this_machine_forgot(node: Scene) -> None:
    (known,) = node.clients.nodes.list()
    node.clients.nodes.remove(known.token)
    try:
        found = failing(examine(node.clients, OPTIONS, time.time))
    finally:
        node.clients.nodes.put(known)
    assert {name: check.remedy for name, check in found.items()} == {
        "node": "pennsieve compute list --aws"
    }


ADA = parse_principal("arn:aws:iam::222233334444:user/ada")


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        (
            Shares((Share(ADA, ("w",)),)),
            "AWS does not allow calls of: arn:aws:iam::222233334444:user/ada",
        ),
        (
            Shares((), frozenset({"share-1", "theirs"})),
            "with whom the node is not shared: share-1",
        ),
    ],
)
def test_shares_that_do_not_agree(seen: Inspection, shares: Shares, words: str) -> None:
    found = failing(replace(seen, shares=shares))
    assert list(found) == ["shares"]
    assert words in found["shares"].finding


def test_a_node_that_another_machine_made(seen: Inspection) -> None:
    assert set(failing(replace(seen, entry=None))) == {"journal", "image pulls"}


def test_credentials_of_another_account(seen: Inspection) -> None:
    assert seen.own is not None
    there = replace(seen, own=replace(seen.own, account="222233334444"))
    assert "the node is in 222233334444" in failing(there)["AWS credentials"].finding


def test_a_wrong_setting_is_named_with_what_corrects_it(
    node: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "gone")
    with Aws(AwsSettings()) as nobody:
        found = checks(examine(replace(node.clients, aws=nobody), OPTIONS, time.time))
    assert found[0].finding == "there is no AWS profile called 'gone' (AWS_PROFILE)"
    monkeypatch.delenv("AWS_PROFILE")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "lots")
    with Aws(AwsSettings()) as nobody:
        found = checks(examine(replace(node.clients, aws=nobody), OPTIONS, time.time))
    assert found[0].finding.startswith("AWS_MAX_ATTEMPTS 'lots' is not a number")
    assert found[0].remedy == "correct or unset it"


def test_no_credentials(node: Scene) -> None:
    with Aws(AwsSettings()) as nobody:
        found = checks(examine(replace(node.clients, aws=nobody), OPTIONS, time.time))
    assert [check.name for check in found if check.passed] == ["node"]
    assert found[0].finding == "no AWS credentials were found"


class Blind(Aws):
    """May not do some of what is asked."""

    refused = ""

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        if self.refused in {operation, f"{service}_{operation}"}:
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
        ("iam_get_policy", {"permissions boundary", "drift"}),
        ("describe_stacks", {"stack", "leftovers"}),
        ("get_role", {"drift"}),
        ("lambda_get_policy", {"shares"}),
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
        found = failing(examine(replace(node.clients, aws=aws), OPTIONS, time.time))
    assert set(found) == failed
    for check in found.values():
        assert check.finding.startswith("could not be checked: AWS refused ")
        assert "compute policy installer" in check.remedy


@pytest.mark.parametrize(("ahead", "skew"), [(0, 0), (300, 300), (-90, -90)])
def test_clock(ahead: int, skew: int) -> None:
    headers = {"date": "Thu, 01 Jan 1970 01:00:00 GMT"}
    answer = {"ResponseMetadata": {"HTTPHeaders": headers}}
    aws = ScriptedAws(("get_caller_identity", answer))
    assert clock_skew(aws, lambda: 3600 + ahead) == skew
    assert clock_skew(ScriptedAws(("get_caller_identity", {})), lambda: 0) is None


def test_a_wrong_clock_fails(seen: Inspection) -> None:
    assert list(failing(replace(seen, skew_seconds=120))) == ["clock"]
