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
from pennsieve_agent.account.doctor import checks
from pennsieve_agent.account.examine import clock_skew, examine
from pennsieve_agent.account.policies import platform_access
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.compute import Account, NodeStatus
from pennsieve_agent.domain.identity import AwsSettings
from pennsieve_agent.errors import Forbidden, NotPermitted
from tests.account.scene import BUNDLE, OPTIONS, Scene
from tests.aws.emulator import IGNORED, NUMBER, ScriptedAws, settings

pytestmark = pytest.mark.filterwarnings(IGNORED)


def policy(*rows: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(rows)})


def look(scene: Scene) -> dict[str, Check]:
    options = replace(OPTIONS, name=scene.worlds.journal.name)
    return {check.name: check for check in checks(examine(scene.worlds, options, time.time))}


def failing(scene: Scene) -> set[str]:
    return {name for name, check in look(scene).items() if not check.passed}


def change(scene: Scene, operation: str, **given: Any) -> str:
    role = scene.plan().names.role
    scene.aws.call("iam", operation, RoleName=role, **given)
    return role


def test_a_fresh_node_is_well(scene: Scene) -> None:
    scene.register()
    found = look(scene)
    assert {name: check.finding for name, check in found.items() if not check.passed} == {}
    assert len(found) == 19
    assert found["external id"].finding == "is demanded"
    assert all(check.why and check.remedy for check in found.values())
    assert json.dumps([check.to_json() for check in found.values()])
    external_id = next(iter(scene.registry.records.values())).external_id
    assert external_id not in json.dumps([check.to_json() for check in found.values()])


def test_a_second_node_is_well(scene: Scene) -> None:
    scene.register()
    second = scene.named("second")
    second.register()
    assert failing(second) == set()


def test_looking_changes_nothing(scene: Scene) -> None:
    assert "node" in failing(scene)
    assert scene.stacks() == scene.roles() == []
    assert not scene.worlds.journal.path.exists()


def test_a_trust_policy_without_external_id(scene: Scene) -> None:
    scene.register()
    platform = {"AWS": "arn:aws:iam::999988887777:root"}
    row = {"Effect": "Allow", "Principal": platform, "Action": "sts:AssumeRole"}
    change(scene, "update_assume_role_policy", PolicyDocument=policy(row))
    assert failing(scene) == {"external id", "drift"}


def test_a_trust_policy_that_lets_others_in_or_nobody(scene: Scene) -> None:
    scene.register()
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    change(scene, "update_assume_role_policy", PolicyDocument=policy(anybody))
    found = look(scene)
    assert "other accounts are let in, too" in found["trust"].finding
    other = anybody | {"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}
    change(scene, "update_assume_role_policy", PolicyDocument=policy(other))
    assert "is not let in" in look(scene)["trust"].finding


def test_a_boundary_taken_away(scene: Scene) -> None:
    scene.register()
    change(scene, "delete_role_permissions_boundary")
    assert "permissions boundary" in failing(scene)


def test_a_boundary_that_leaves_too_little(scene: Scene) -> None:
    scene.register()
    row = {
        "Effect": "Allow",
        "Action": ["cloudformation:*", "logs:*", "dynamodb:*"],
        "Resource": "*",
    }
    made = scene.aws.call(
        *("iam", "create_policy"),
        PolicyName="everything-bounded",  # the one that the installer of these tests may read
        Path="/org/",
        PolicyDocument=policy(row),
    )
    arn = made["Policy"]["Arn"]
    change(scene, "put_role_permissions_boundary", PermissionsBoundary=arn)
    check = look(scene)["permissions boundary"]
    assert not check.passed
    assert check.finding.endswith("/everything-bounded does not allow lambda:InvokeFunction")


def test_rights_changed_by_hand(scene: Scene) -> None:
    scene.register()
    names = scene.plan().names
    wider = platform_access(names)
    wider["Statement"][0]["Resource"] = "*"
    change(
        scene,
        "put_role_policy",
        PolicyName=names.access_policy,
        PolicyDocument=json.dumps(wider),
    )
    found = look(scene)
    assert not found["drift"].passed
    assert names.access_policy in found["drift"].finding


def test_long_sessions(scene: Scene) -> None:
    scene.register()
    role = change(scene, "update_role", MaxSessionDuration=7200)
    found = look(scene)
    assert not found["session"].passed
    assert role in found["session"].remedy


@pytest.mark.parametrize("status", [NodeStatus.PAUSED, NodeStatus.FAILED, NodeStatus.PENDING])
def test_a_node_that_is_not_enabled(scene: Scene, status: NodeStatus) -> None:
    node = scene.register()
    scene.registry.rows[node.uuid] = replace(node, status=status)
    assert failing(scene) == {"node"}


def test_image_pulls_that_never_worked(scene: Scene) -> None:
    scene.registry.refuse["allow_image_pulls"] = Forbidden("no")
    scene.register()
    assert failing(scene) == {"image pulls"}


def test_what_failed_registrations_left(scene: Scene) -> None:
    scene.register()
    for role in ("ROLE-941165240011", "Pennsieve-Compute-prod-ffffffff", "Lab"):
        scene.aws.call("iam", "create_role", RoleName=role, AssumeRolePolicyDocument="{}")
    scene.aws.call(
        *("iam", "create_policy"),
        PolicyName="pennsieve-node-ffffffff-boundary",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
            }
        ),
    )
    check = look(scene)["leftovers"]
    assert set(check.finding.split(", ")) == {
        "role ROLE-941165240011",
        "role Pennsieve-Compute-prod-ffffffff",
        "policy pennsieve-node-ffffffff-boundary",
    }
    assert failing(scene) == {"leftovers"}


def test_a_journal_that_does_not_agree(scene: Scene) -> None:
    scene.register()
    entry = scene.worlds.journal.read()
    assert entry is not None
    scene.worlds.journal.write(replace(entry, node_uuid="other"))
    assert failing(scene) == {"journal"}
    scene.worlds.journal.forget()
    assert failing(scene) == {"journal", "image pulls"}


def test_a_stack_deleted_by_hand(scene: Scene) -> None:
    scene.register()
    scene.aws.call("cloudformation", "delete_stack", StackName=scene.stacks()[0])
    assert failing(scene) == {"stack", "role"}


def test_a_registration_without_external_id(scene: Scene) -> None:
    role = "Pennsieve-Compute-prod-aaaaaaaa"
    scene.registry.records["a"] = Account("a", NUMBER, role, "", "N:user:1")
    assert "without an external id" in look(scene)["registration"].finding


def test_a_node_that_is_turned_off(scene: Scene) -> None:
    off = Scene(replace(scene.worlds, bundle=None), scene.registry)
    off.register()
    found = look(Scene(replace(scene.worlds, bundle=BUNDLE), scene.registry))
    assert [name for name, check in found.items() if not check.passed] == ["functions"]
    assert found["functions"].finding == "the node is turned off: it has none"


def test_rights_put_on_a_role_by_hand(scene: Scene) -> None:
    scene.register()
    row = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    role = change(scene, "put_role_policy", PolicyName="quick-fix", PolicyDocument=policy(row))
    drift = look(scene)["drift"]
    assert not drift.passed
    assert drift.finding == f"changed: policy quick-fix was put on role {role}"


class Blind(Aws):
    """May not do some of what is asked."""

    refused: tuple[str, ...] = ()

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        if operation in self.refused:
            raise NotPermitted(f"AWS refused {service}:{operation}", aws_code="AccessDenied")
        return super().call(service, operation, **parameters)

    def pages(self, service: str, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        if operation in self.refused:
            raise NotPermitted(f"AWS refused {service}:{operation}", aws_code="AccessDenied")
        yield from super().pages(service, operation, **parameters)


@pytest.mark.parametrize(
    ("refused", "failed"),
    [
        (("get_template",), {"drift"}),
        (("list_role_policies",), {"drift"}),
        (("list_roles",), {"leftovers"}),
        (("get_policy",), {"permissions boundary", "drift"}),
        (("describe_stacks",), {"stack", "leftovers"}),
        (("get_role",), {"role", "drift"}),
    ],
)
def test_a_check_that_cannot_be_made_is_not_passed(
    scene: Scene, emulator: str, tmp_path: Path, refused: tuple[str, ...], failed: set[str]
) -> None:
    scene.register()
    with Blind(settings(tmp_path, emulator)) as aws:
        aws.refused = refused
        found = look(Scene(replace(scene.worlds, aws=aws), scene.registry))
    assert {name for name, check in found.items() if not check.passed} == failed
    for name in failed:
        assert found[name].finding.startswith("could not be looked at: AWS refused ")
        assert "compute policy --installer" in found[name].remedy


def test_no_credentials(scene: Scene) -> None:
    scene.register()
    with Aws(AwsSettings()) as nobody:
        without = Scene(replace(scene.worlds, aws=nobody), scene.registry)
        found = look(without)
    assert [name for name, check in found.items() if check.passed] == ["node"]
    assert found["AWS credentials"].finding == "no AWS credentials were found"


def test_credentials_of_another_account(scene: Scene) -> None:
    node = scene.register()
    scene.registry.rows[node.uuid] = replace(node, aws_account_id="222233334444")
    assert "the node is in 222233334444" in look(scene)["AWS credentials"].finding


@pytest.mark.parametrize(("ahead", "skew"), [(0, 0), (300, 300), (-90, -90)])
def test_clock(ahead: int, skew: int) -> None:
    headers = {"date": "Thu, 01 Jan 1970 01:00:00 GMT"}
    answer = {"ResponseMetadata": {"HTTPHeaders": headers}}
    aws = ScriptedAws(("get_caller_identity", answer))
    assert clock_skew(aws, lambda: 3600 + ahead) == skew
    assert clock_skew(ScriptedAws(("get_caller_identity", {})), lambda: 0) is None


def test_a_wrong_clock_fails(scene: Scene) -> None:
    scene.register()
    seen = examine(scene.worlds, OPTIONS, lambda: time.time() + 120)
    assert [check.name for check in checks(seen) if not check.passed] == ["clock"]
