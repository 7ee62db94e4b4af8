"""A node that is turned on is seen in the emulated account: functions, code, queues and roles."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.account.bundle import Bundle
from pennsieve_agent.account.check import Check
from pennsieve_agent.account.examine_parts import look_at_parts, look_at_roles
from pennsieve_agent.account.looking import Looking
from pennsieve_agent.account.names import NodeNames
from pennsieve_agent.account.parts import part_checks
from pennsieve_agent.account.spec import Gpu, Mode, NodeSpec, Settings
from pennsieve_agent.account.stack.template import node_template
from pennsieve_agent.account.worlds import Worlds
from pennsieve_agent.aws.cloudformation import (
    StackRequest,
    execute_change_set,
    plan_change_set,
)
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.errors import AwsError
from tests.account.scene import Scene
from tests.aws.emulator import IGNORED, NUMBER

pytestmark = pytest.mark.filterwarnings(IGNORED)
NAMES = NodeNames("0a1b2c3d", "sbx", NUMBER, "us-east-1")
SETTINGS = Settings(mode=Mode.BASIC, gpu=Gpu("g4dn.xlarge", 4, 1))


def code() -> Bundle:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr(zipfile.ZipInfo("node.py"), "handler = None\n")
    data = file.getvalue()
    return Bundle(data, hashlib.sha256(data).hexdigest(), "1.2.0")


def well(aws: Aws, name: str, event: Mapping[str, Any]) -> dict[str, Any]:
    del aws
    assert (name, event["path"]) == (NAMES.gateway, "/health")
    return {"status": 200, "body": json.dumps({"status": "HEALTHY", "issues": []})}


class Node:
    """A node's stack, its functions in it."""

    def __init__(self, scene: Scene) -> None:
        bundle = code()
        self.worlds: Worlds = replace(scene.worlds, bundle=bundle, invoke=well)
        spec = NodeSpec(NAMES, "lab", "999988887777", "outside", settings=SETTINGS)
        self.deploy(spec)
        key = NAMES.code_key(bundle.code.digest)
        scene.aws.call("s3", "put_object", Bucket=NAMES.bucket, Key=key, Body=bundle.data)
        self.template = self.deploy(replace(spec, code=bundle.code))

    def deploy(self, spec: NodeSpec) -> dict[str, Any]:
        template = node_template(spec)
        request = StackRequest(NAMES.stack, template)
        planned = plan_change_set(self.worlds.aws, request, sleep=lambda _: None)
        execute_change_set(self.worlds.aws, planned)
        return template

    def look(self, worlds: Worlds | None = None) -> dict[str, Check]:
        looking = Looking(strict=True)
        parts = look_at_parts(worlds or self.worlds, looking, NAMES, SETTINGS, self.template)
        assert parts is not None
        found = (check.unless(looking.unseen) for check in part_checks(parts, "again"))
        return {check.name: check for check in found}


@pytest.fixture
def node(scene: Scene) -> Node:
    return Node(scene)


def test_a_node_that_is_well(node: Node) -> None:
    found = node.look()
    assert {name: check.finding for name, check in found.items() if not check.passed} == {}
    assert found["code"].finding == "version 1.2.0"
    assert list(look_at_roles(node.worlds.aws, NAMES, node.template)) == []


def test_what_was_taken_away_or_switched_off(node: Node) -> None:
    aws = node.worlds.aws
    aws.call("lambda", "delete_function", FunctionName=NAMES.reconciler)
    queue = NAMES.queue("spot")
    aws.call("batch", "update_job_queue", jobQueue=queue, state="DISABLED")
    aws.call(
        "iam",
        "put_role_policy",
        RoleName=NAMES.job_role,
        PolicyName="more",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
            }
        ),
    )
    found = node.look()
    assert {name for name, check in found.items() if not check.passed} == {"functions", "queues"}
    assert found["functions"].finding == f"{NAMES.reconciler} is not there"
    assert found["queues"].finding == f"queue {queue} is switched off"
    drift = list(look_at_roles(aws, NAMES, node.template))
    assert drift == [f"policy more was put on role {NAMES.job_role}"]


def test_older_code_and_a_gateway_that_is_not_well(node: Node) -> None:
    def silent(aws: Aws, name: str, event: Mapping[str, Any]) -> dict[str, Any]:
        del aws, event
        raise AwsError(f"function {name} failed: no module")

    newer = replace(code(), digest="cd" * 32, version="2.0.0")
    found = node.look(replace(node.worlds, bundle=newer, invoke=silent))
    assert {name for name, check in found.items() if not check.passed} == {"code", "gateway"}
    assert "another than that of this program, 2.0.0" in found["code"].finding
    assert found["gateway"].finding.endswith(f"function {NAMES.gateway} failed: no module")


def test_a_node_that_is_turned_off_has_no_parts(scene: Scene) -> None:
    template = node_template(NodeSpec(NAMES, "lab", "9", "x"))
    assert look_at_parts(scene.worlds, Looking(), NAMES, SETTINGS, template) is None
