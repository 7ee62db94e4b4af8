"""What was changed in an account, or failed in it, is seen when the node is looked at again."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.account.doctor.inspect_node import examine
from pennsieve_agent.account.doctor.node_health import checks
from pennsieve_agent.account.world.check_result import Check
from pennsieve_agent.account.world.node_shares import Share, put_again, share
from pennsieve_agent.aws.function_policy import forbid_caller
from pennsieve_agent.aws.s3 import empty_bucket
from pennsieve_agent.domain.aws_principals import parse_principal
from pennsieve_agent.errors import Forbidden
from tests.account.scene import BUNDLE, OPTIONS, Scene
from tests.aws.emulator import IGNORED

pytestmark = pytest.mark.filterwarnings(IGNORED)


def policy(*rows: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(rows)})


def look(scene: Scene) -> dict[str, Check]:
    options = replace(OPTIONS, name=scene.clients.journal.name)
    return {check.name: check for check in checks(examine(scene.clients, options, time.time))}


def failing(scene: Scene) -> set[str]:
    return {name for name, check in look(scene).items() if not check.passed}


def test_a_second_node_is_well(scene: Scene) -> None:
    scene.register()
    second = scene.named("second")
    second.register()
    assert failing(second) == set()


def test_looking_changes_nothing(scene: Scene) -> None:
    assert "node" in failing(scene)
    assert scene.stacks() == scene.roles() == []
    assert not scene.clients.journal.path.exists()


def test_rights_changed_by_hand(scene: Scene) -> None:
    scene.register()
    role = scene.plan().names.gateway
    row = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    for operation, given in (
        ("put_role_policy", {"PolicyName": "quick-fix", "PolicyDocument": policy(row)}),
        ("put_role_policy", {"PolicyName": f"{role}-access", "PolicyDocument": policy(row)}),
        ("update_assume_role_policy", {"PolicyDocument": policy(anybody)}),
        ("delete_role_permissions_boundary", {}),
    ):
        scene.aws.call("iam", operation, RoleName=role, **given)
    found = look(scene)
    assert {name for name, check in found.items() if not check.passed} == {"drift"}
    assert found["drift"].finding == (
        f"changed: the trust policy of role {role}, the permissions boundary of role {role}, "
        f"policy {role}-access of role {role}, policy quick-fix was added to role {role}"
    )


def test_shares_are_seen_and_put_again(scene: Scene) -> None:
    node = scene.register()
    client = scene.clients.client(node)
    ada = parse_principal("222233334444")
    share(scene.aws, client, node, Share(ada, ("w",)))
    assert look(scene)["shares"].finding == "222233334444"
    forbid_caller(scene.aws, node.gateway, ada.statement_id)
    assert failing(scene) == {"shares"}
    assert [row.principal for row in put_again(scene.aws, client, node)] == [ada]
    assert failing(scene) == set()


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
    empty_bucket(scene.aws, scene.plan().names.bucket)
    scene.aws.call("cloudformation", "delete_stack", StackName=scene.stacks()[0])
    assert failing(scene) == {"stack"}


def test_a_stack_that_aws_could_not_delete(scene: Scene) -> None:
    """AWS deletes no bucket that has files; the rest of the stack is gone by then."""
    scene.register()
    scene.aws.call("cloudformation", "delete_stack", StackName=scene.stacks()[0])
    assert {"stack", "queues", "code"} < failing(scene)
    assert "DELETE_FAILED" in look(scene)["stack"].finding


def test_an_account_that_is_not_registered(scene: Scene) -> None:
    scene.registry.refuse["register_account"] = Forbidden("no")
    scene.register()
    assert failing(scene) == {"registration"}


def test_a_node_that_is_turned_off(scene: Scene) -> None:
    off = Scene(replace(scene.clients, bundle=None), scene.registry)
    off.register()
    found = look(Scene(replace(scene.clients, bundle=BUNDLE), scene.registry))
    assert [name for name, check in found.items() if not check.passed] == ["functions"]
    assert found["functions"].finding == "the node is turned off"
