"""A node that is turned on is seen in the emulated account: functions, code, queues and roles."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.account.doctor.inspect_parts import look_at_parts, look_at_roles
from pennsieve_agent.account.doctor.parts_health import part_checks
from pennsieve_agent.account.rights.resource_handlers import EVERY_TYPE
from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.spec.node_spec import Gpu, Mode, NodeSpec, Settings
from pennsieve_agent.account.stack.template import node_template
from pennsieve_agent.account.world.check_result import Check
from pennsieve_agent.account.world.clients import Clients
from pennsieve_agent.account.world.node_code import Bundle
from pennsieve_agent.account.world.own_node_state import node_of
from pennsieve_agent.account.world.permitted_reads import PermittedReads
from pennsieve_agent.aws.cloudformation import (
    StackRequest,
    execute_change_set,
    plan_change_set,
)
from pennsieve_agent.errors import AwsError
from tests.account.scene import Scene, answering
from tests.account.stack.specs import DIGEST, ZONES
from tests.aws.emulator import IGNORED, NUMBER

pytestmark = pytest.mark.filterwarnings(IGNORED)
NAMES = NodeNames("0a1b2c3d", NUMBER, "us-east-1")
SILENT = AwsError("the function failed: no module")
SETTINGS = Settings(mode=Mode.BASIC, gpu=Gpu("g4dn.xlarge", 4, 1))


def code() -> Bundle:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr(zipfile.ZipInfo("node.py"), "handler = None\n")
    data = file.getvalue()
    return Bundle(data, hashlib.sha256(data).hexdigest(), "1.2.0")


OWN = node_of(NAMES, "lab", "N:organization:1")


class Node:
    """A node's stack, its functions in it."""

    def __init__(self, scene: Scene) -> None:
        bundle = code()
        client = answering({"status": "HEALTHY", "issues": []})
        self.clients: Clients = replace(scene.clients, bundle=bundle, client=client)
        spec = NodeSpec(NAMES, "lab", settings=SETTINGS, transfer_digest=DIGEST, zones=ZONES)
        self.deploy(spec)
        key = NAMES.code_key(bundle.code.digest)
        scene.aws.call("s3", "put_object", Bucket=NAMES.bucket, Key=key, Body=bundle.data)
        self.spec = replace(spec, code=bundle.code)
        self.template = self.deploy(self.spec)

    def deploy(self, spec: NodeSpec) -> dict[str, Any]:
        template = node_template(spec)
        request = StackRequest(NAMES.stack, template, bucket=NAMES.bucket)
        planned = plan_change_set(self.clients.aws, request, sleep=lambda _: None, types=EVERY_TYPE)
        execute_change_set(self.clients.aws, planned)
        return template

    def look(self, clients: Clients | None = None) -> dict[str, Check]:
        reads = PermittedReads(strict=True)
        parts = look_at_parts(clients or self.clients, reads, OWN, NAMES, self.spec)
        assert parts is not None
        found = (check.unless(reads.unseen) for check in part_checks(parts, "again"))
        return {check.name: check for check in found}


@pytest.fixture
def node(scene: Scene) -> Node:
    return Node(scene)


def test_a_node_that_is_well(node: Node) -> None:
    found = node.look()
    assert {name: check.finding for name, check in found.items() if not check.passed} == {}
    assert found["code"].finding == "version 1.2.0"
    assert list(look_at_roles(node.clients.aws, NAMES, node.template)) == []


def test_what_was_taken_away_or_switched_off(node: Node) -> None:
    aws = node.clients.aws
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
    assert found["functions"].finding == f"{NAMES.reconciler} does not exist"
    assert found["queues"].finding == f"queue {queue} is disabled"
    drift = list(look_at_roles(aws, NAMES, node.template))
    assert drift == [f"policy more was added to role {NAMES.job_role}"]


def test_older_code_and_a_gateway_that_is_not_well(node: Node) -> None:
    newer = replace(code(), digest="cd" * 32, version="2.0.0")
    found = node.look(replace(node.clients, bundle=newer, client=answering(SILENT)))
    assert {name for name, check in found.items() if not check.passed} == {"code", "node's answer"}
    assert "not the code of this program, version 2.0.0" in found["code"].finding
    assert found["node's answer"].finding.endswith("the function failed: no module")


def test_a_node_that_is_turned_off_has_no_parts(scene: Scene) -> None:
    spec = NodeSpec(NAMES, "lab", settings=SETTINGS, transfer_digest=DIGEST, zones=ZONES)
    assert look_at_parts(scene.clients, PermittedReads(), OWN, NAMES, spec) is None
