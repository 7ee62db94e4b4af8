"""What was changed in an account, or failed in it, is seen when the node is looked at again."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.account.check import Check
from pennsieve_agent.account.doctor import checks
from pennsieve_agent.account.examine import examine
from pennsieve_agent.account.stack.policies import platform_access
from pennsieve_agent.domain.compute import Account
from pennsieve_agent.errors import Forbidden
from tests.account.scene import BUNDLE, OPTIONS, Scene
from tests.aws.emulator import IGNORED, NUMBER

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


def test_a_second_node_is_well(scene: Scene) -> None:
    scene.register()
    second = scene.named("second")
    second.register()
    assert failing(second) == set()


def test_looking_changes_nothing(scene: Scene) -> None:
    assert "node" in failing(scene)
    assert scene.stacks() == scene.roles() == []
    assert not scene.worlds.journal.path.exists()


def test_rights_changed_by_hand(scene: Scene) -> None:
    scene.register()
    names = scene.plan().names
    wider = json.loads(json.dumps(platform_access(names)))
    wider["Statement"][0]["Resource"] = "*"
    row = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    role = change(scene, "put_role_policy", PolicyName="quick-fix", PolicyDocument=policy(row))
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    change(scene, "update_assume_role_policy", PolicyDocument=policy(anybody))
    change(scene, "update_role", MaxSessionDuration=7200)
    change(scene, "delete_role_permissions_boundary")
    change(
        scene,
        "put_role_policy",
        PolicyName=names.access_policy,
        PolicyDocument=json.dumps(wider),
    )
    found = look(scene)
    assert {name for name, check in found.items() if not check.passed} == {
        *("drift", "trust", "external id", "session", "permissions boundary"),
    }
    assert found["drift"].finding == (
        f"changed: the trust policy of role {role}, the permissions boundary of role {role}, "
        f"policy {names.access_policy} of role {role}, policy quick-fix was put on role {role}"
    )


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
