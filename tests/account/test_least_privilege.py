"""Nobody gets more rights than the code uses, and the code uses no right that is not given.

Each call that the program makes in any test here is checked at once (``conftest.py``). This module
adds the other direction, and what must never be possible.
"""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import pennsieve_agent
from pennsieve_agent.account.doctor.inspect_node import examine
from pennsieve_agent.account.register.account_plan import AccountPlan
from pennsieve_agent.account.register.choose_place import zones_for
from pennsieve_agent.account.register.preflight import Intent, _question, check_before
from pennsieve_agent.account.register.read_limits import read_limits_before
from pennsieve_agent.account.rights.installer import (
    PUSH,
    all_nodes,
    installer_policies,
    installer_policy,
    installer_rights,
)
from pennsieve_agent.account.rights.resource_handlers import EVERY_TYPE, actions
from pennsieve_agent.account.rights.right import (
    CLOUDFORMATION,
    MOST_POLICIES,
    MOST_POLICY_CHARACTERS,
    VIA,
    length,
)
from pennsieve_agent.account.rights.stack_rights import Place
from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.spec.node_spec import Code, Gpu, Mode, Network, NodeSpec, Settings
from pennsieve_agent.account.spec.options import TypedSettings
from pennsieve_agent.account.stack.boundary import node_boundary
from pennsieve_agent.account.stack.template import node_template as full_template
from pennsieve_agent.account.world.node_shares import Share, put_again, share, unshare
from pennsieve_agent.aws.builds import stop_build, stop_builds
from pennsieve_agent.aws.deployed import deployed
from pennsieve_agent.aws.node_client import NodeClient
from pennsieve_agent.aws.queues import queues
from pennsieve_agent.aws.registry_copy import sign_in
from pennsieve_agent.aws.values import AwsIdentity
from pennsieve_agent.domain.aws_principals import parse_principal
from pennsieve_agent.domain.iam_policies import Ask, Verdict, decide
from pennsieve_agent.domain.own_node import Claimed, OwnNode
from pennsieve_agent.domain.tickets import MemoryTickets
from pennsieve_agent.errors import NodeUnreachable
from tests.account.conftest import heard
from tests.account.scene import OPTIONS, Scene, worked
from tests.account.stack.specs import DIGEST, ZONES
from tests.aws.emulator import IGNORED, NUMBER
from tests.aws.recorder import FREE, action_of

pytestmark = pytest.mark.filterwarnings(IGNORED)
WHO = AwsIdentity(NUMBER, f"arn:aws:iam::{NUMBER}:user/ada", "U", "us-east-1", "")
NAMES = NodeNames("0a1b2c3d", NUMBER, "us-east-1")
POLICY = installer_policy(all_nodes(WHO))
RIGHTS = installer_rights(Place(all_nodes(WHO)))
ORG = f"arn:aws:iam::{NUMBER}:policy/org/bounded"
#: What an operation needs beside the action of its name (AWS, Service Authorization Reference).
ALSO = {
    # A template in the node's bucket is read, and decrypted, with the caller's rights.
    "cloudformation:CreateChangeSet": {"cloudformation:TagResource", "kms:Decrypt"},
    "s3:DeleteObjectVersion": {"s3:DeleteObject"},
    # In a bucket with a key of the customer's (Amazon S3, "Protecting data with SSE-KMS").
    "s3:PutObject": {"kms:GenerateDataKey"},
    # Pushing goes by the registry's own protocol, with what the sign-in answers.
    "ecr:GetAuthorizationToken": {f"ecr:{word}" for word in PUSH.split()},
}
#: Calls made with Pennsieve's keys, and those for nodes that Pennsieve runs, by an administrator.
NOT_THE_INSTALLER = {"objects.py", "served"}


def calls_in_the_code() -> set[str]:
    """The actions of every ``aws.call`` and ``aws.pages`` that is written in the program."""
    root = Path(pennsieve_agent.__file__).parent
    found = set()
    for path in (*root.joinpath("aws").rglob("*.py"), *root.joinpath("account").rglob("*.py")):
        if not NOT_THE_INSTALLER & {path.name, path.parent.name}:
            found |= set(_calls(ast.parse(path.read_text())))
    return found - FREE


def _calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"call", "pages"}
            and len(node.args) >= 2
            and all(isinstance(a, ast.Constant) for a in node.args[:2])
        ):
            service, operation = (a.value for a in node.args[:2] if isinstance(a, ast.Constant))
            action = action_of(str(service), str(operation))
            yield action
            yield from ALSO.get(action, set())


def test_the_installer_may_do_what_the_code_does_and_no_more() -> None:
    given = {
        a
        for r in installer_rights(Place(all_nodes(WHO)))
        if not r.via_cloudformation
        for a in r.actions
    }
    assert given == calls_in_the_code()


@pytest.mark.usefixtures("unexported")
def test_a_whole_life_uses_every_right(scene: Scene) -> None:
    heard.clear()
    call_a_function(scene)
    secure = replace(OPTIONS, typed=TypedSettings(mode=Mode.SECURE))  # it has a key
    node = scene.register(scene.plan(secure))
    shared_and_taken_back(scene, node)
    sign_in(scene.aws)
    bucket = scene.plan().names.bucket
    worked(scene)
    built(scene)
    scene.aws.call("s3", "create_multipart_upload", Bucket=bucket, Key="unfinished")
    plan = replace(scene.named("second").plan(), identity=WHO)
    check_before(scene.aws, plan, lambda _: None)
    look_around_everywhere(scene, plan)
    examine(scene.clients, OPTIONS, time.time)
    scene.remove()

    used = {ask.action for ask in heard}
    also = {action: more for action, more in ALSO.items() if action != "s3:PutObject"}
    used |= {more for action in used for more in also.get(action, set())}
    given = {
        action
        for right in installer_rights(Place(all_nodes(WHO)))
        if not right.via_cloudformation
        for action in right.actions
    }
    assert used == given


def test_the_code_of_a_compliant_node_is_uploaded_with_the_installers_rights(scene: Scene) -> None:
    heard.clear()
    compliant = replace(OPTIONS, typed=TypedSettings(mode=Mode.COMPLIANT))
    scene.register(scene.plan(compliant))
    uploads = [ask for ask in heard if ask.action == "kms:GenerateDataKey"]
    assert {ask.context["kms:ViaService"] for ask in uploads} == {"s3.us-east-1.amazonaws.com"}


def call_a_function(scene: Scene) -> None:
    """As the program calls a node; the nodes of a scene answer without being called."""
    names = scene.plan().names
    gateway, admin = (
        f"arn:aws:lambda:us-east-1:{NUMBER}:function:{name}"
        for name in (names.gateway, names.admin)
    )
    node = OwnNode(names.token, "lab", "", NUMBER, "us-east-1", gateway, admin=admin)
    client = NodeClient(node, scene.aws, MemoryTickets(), Claimed(), time.time, lambda _: None)
    with pytest.raises(NodeUnreachable):  # there is no such function yet
        client.ask("GET", "/health", admin=True)


def shared_and_taken_back(scene: Scene, node: OwnNode) -> None:
    client, who = scene.clients.client(node), parse_principal("222233334444")
    share(scene.aws, client, node, Share(who, ("w",)))
    put_again(scene.aws, client, node)
    assert unshare(scene.aws, client, node, who)


def built(scene: Scene) -> None:
    """A build that goes on is stopped; moto's have ended as soon as they are looked at."""
    project = scene.plan().names.builder
    scene.aws.call(
        "codebuild",
        "create_project",
        name=project,
        source={"type": "S3", "location": "bucket/code.zip"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "x",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=f"arn:aws:iam::{NUMBER}:role/service-role/builder",
    )
    build = scene.aws.call("codebuild", "start_build", projectName=project)["build"]["id"]
    stop_build(scene.aws, build)
    assert stop_builds(scene.aws, project, lambda _: None) == 0


def look_around_everywhere(scene: Scene, plan: AccountPlan) -> None:
    """Before a node is made: in a mode with a NAT gateway, and in a network that is there."""
    template = plan.stack_request.template
    subnet = scene.aws.call("ec2", "describe_subnets")["Subnets"][0]
    given = Network(subnet["VpcId"], (subnet["SubnetId"],))
    for settings in (Settings(mode=Mode.SECURE), Settings(network=given)):
        read_limits_before(scene.aws, plan.names, settings, template, creates=True)
    assert zones_for(scene.aws, Settings(mode=Mode.COMPLIANT), plan.names.region)
    queues(scene.aws, [plan.names.queue("fargate")])
    assert deployed(scene.aws, plan.names.gateway) is None


def test_what_cloudformation_does_is_only_for_cloudformation() -> None:
    role = f"arn:aws:iam::{NUMBER}:role/{NAMES.gateway}"
    context = {VIA: [CLOUDFORMATION], "iam:PermissionsBoundary": NAMES.boundary_arn}
    assert decide(Ask("iam:CreateRole", role, context), [POLICY]) is Verdict.ALLOWED
    alone = {"iam:PermissionsBoundary": NAMES.boundary_arn}
    assert decide(Ask("iam:CreateRole", role, alone), [POLICY]) is Verdict.NOT_ALLOWED
    unbounded = {VIA: [CLOUDFORMATION]}
    assert decide(Ask("iam:CreateRole", role, unbounded), [POLICY]) is Verdict.NOT_ALLOWED


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:CreateRole", f"arn:aws:iam::{NUMBER}:role/Admin"),
        ("iam:PassRole", f"arn:aws:iam::{NUMBER}:role/{NAMES.gateway}"),
        ("iam:CreateRole", f"arn:aws:iam::{NUMBER}:role/Pennsieve-Compute-prod-0a1b2c3d"),
        ("iam:CreateRole", f"arn:aws:iam::{NUMBER}:role/{NAMES.account_role}"),
        ("iam:AttachRolePolicy", f"arn:aws:iam::{NUMBER}:role/{NAMES.gateway}"),
        ("iam:CreateUser", f"arn:aws:iam::{NUMBER}:user/new"),
        ("iam:CreatePolicyVersion", f"arn:aws:iam::{NUMBER}:policy/other"),
        ("iam:DeleteRolePermissionsBoundary", f"arn:aws:iam::{NUMBER}:role/{NAMES.gateway}"),
        ("s3:GetObject", f"arn:aws:s3:::{NAMES.bucket}/k"),
        ("s3:DeleteObjectVersion", "arn:aws:s3:::their-data/k"),
        ("cloudformation:DeleteStack", f"arn:aws:cloudformation:us-east-1:{NUMBER}:stack/prod/1"),
        ("dynamodb:DeleteTable", f"arn:aws:dynamodb:us-east-1:{NUMBER}:table/prod"),
        ("ec2:DeleteVpc", f"arn:aws:ec2:us-east-1:{NUMBER}:vpc/vpc-1"),
        ("ec2:AuthorizeSecurityGroupIngress", f"arn:aws:ec2:us-east-1:{NUMBER}:security-group/s"),
        ("ec2:CreateTags", f"arn:aws:ec2:us-east-1:{NUMBER}:vpc/vpc-1"),
        ("ec2:RunInstances", f"arn:aws:ec2:us-east-1:{NUMBER}:instance/*"),
        ("kms:ScheduleKeyDeletion", f"arn:aws:kms:us-east-1:{NUMBER}:key/k"),
        ("kms:CreateKey", "*"),
        (
            "s3files:DeleteFileSystem",
            f"arn:aws:s3files:us-east-1:{NUMBER}:file-system/fs-1",
        ),
        ("lambda:UpdateFunctionCode", f"arn:aws:lambda:us-east-1:{NUMBER}:function:prod"),
        ("iam:CreateServiceLinkedRole", f"arn:aws:iam::{NUMBER}:role/aws-service-role/x"),
    ],
)
def test_the_installer_may_not(action: str, resource: str) -> None:
    context = {VIA: [CLOUDFORMATION], "iam:PermissionsBoundary": NAMES.boundary_arn}
    assert decide(Ask(action, resource, context), [POLICY]) is Verdict.NOT_ALLOWED


@pytest.mark.parametrize(
    ("action", "resource", "context", "verdict"),
    [
        ("iam:PassRole", "role/pennsieve-node-0a1b2c3d-gateway",
         {"iam:PassedToService": "lambda.amazonaws.com"}, Verdict.ALLOWED),
        ("iam:PassRole", "role/pennsieve-node-0a1b2c3d-gateway",
         {"iam:PassedToService": "glue.amazonaws.com"}, Verdict.NOT_ALLOWED),
        ("iam:PassRole", "role/Admin",
         {"iam:PassedToService": "lambda.amazonaws.com"}, Verdict.NOT_ALLOWED),
        ("iam:CreateServiceLinkedRole", "role/aws-service-role/b",
         {"iam:AWSServiceName": "batch.amazonaws.com"}, Verdict.ALLOWED),
        ("iam:CreateServiceLinkedRole", "role/aws-service-role/b",
         {"iam:AWSServiceName": "rds.amazonaws.com"}, Verdict.NOT_ALLOWED),
    ],
)  # fmt: skip
def test_roles_are_given_to_the_nodes_services_alone(
    action: str, resource: str, context: dict[str, str], verdict: Verdict
) -> None:
    ask = Ask(action, f"arn:aws:iam::{NUMBER}:{resource}", {VIA: [CLOUDFORMATION], **context})
    assert decide(ask, [POLICY]) is verdict


def test_with_an_organisations_boundary_the_installer_writes_none() -> None:
    policy = installer_policy(all_nodes(WHO), ORG)
    role = f"arn:aws:iam::{NUMBER}:role/{NAMES.gateway}"
    ours = {VIA: [CLOUDFORMATION], "iam:PermissionsBoundary": NAMES.boundary_arn}
    theirs = ours | {"iam:PermissionsBoundary": ORG}
    assert decide(Ask("iam:CreateRole", role, ours), [policy]) is Verdict.NOT_ALLOWED
    assert decide(Ask("iam:CreateRole", role, theirs), [policy]) is Verdict.ALLOWED
    assert "iam:CreatePolicy" not in json.dumps(policy)


def test_wildcards_of_the_installer_are_only_where_aws_has_no_resource() -> None:
    """As AWS's Service Authorization Reference has it; each says so, or is bound to our tag."""
    for right in RIGHTS:
        if "*" in right.resources:
            assert right.conditions or "no resource-level permissions" in right.why, right.sid
    assert not any("*" in action for right in RIGHTS for action in right.actions)
    assert len({right.sid for right in RIGHTS}) == len(RIGHTS)


@pytest.mark.parametrize("names", [all_nodes(WHO), NAMES])
@pytest.mark.parametrize("boundary", ["", ORG])
def test_it_fits_into_policies(names: NodeNames, boundary: str) -> None:
    found = installer_policies(Place(names, boundary))
    assert all(length(policy) <= MOST_POLICY_CHARACTERS for policy in found)
    assert len(found) <= MOST_POLICIES
    statements = [s for policy in found for s in policy["Statement"]]
    assert statements == installer_policy(names, boundary)["Statement"]


def specs() -> Iterator[NodeSpec]:
    """Nodes of every kind."""
    for mode in Mode:
        for gpu in (Gpu(), Gpu("g4dn.xlarge", 4, 1)):
            for network in (Network(), Network("vpc-1", ("subnet-1",))):
                settings = Settings(mode, network, gpu, monthly_budget=5, role_path="/team/")
                yield NodeSpec(
                    *(NAMES, "lab"),
                    settings=settings,
                    code=Code("ab", "1"),
                    transfer_digest=DIGEST,
                    zones=ZONES,
                )


def types_of(spec: NodeSpec) -> frozenset[str]:
    return frozenset(r["Type"] for r in full_template(spec)["Resources"].values())


def test_every_type_of_a_stack_is_known_and_no_other() -> None:
    assert frozenset().union(*map(types_of, specs())) == EVERY_TYPE


@pytest.mark.parametrize("spec", list(specs()), ids=lambda spec: spec.settings.mode.value)
def test_who_installs_may_make_tag_change_and_delete_every_resource(spec: NodeSpec) -> None:
    """By way of CloudFormation, and by the policies as they are cut into pieces."""
    place = Place(NAMES, role_path="/team/", types=types_of(spec))
    policies, rights = installer_policies(place), installer_rights(place)
    intent = Intent(NAMES, WHO, spec.settings, {"Resources": {}}, creates=True)
    needed = actions(place.types)
    if "AWS::KMS::Key" not in place.types:
        needed = {action for action in needed if not action.startswith("kms:")}
    for action in needed:
        asks = [_question(right, intent) for right in rights if action in right.actions]
        assert asks, action
        for ask in asks:
            found = decide(Ask(action, ask.resource, ask.context), policies)
            assert found is Verdict.ALLOWED, action
    given = {a for right in rights if right.via_cloudformation for a in right.actions}
    assert given <= needed


def test_a_plain_node_needs_fewer_rights() -> None:
    basic = next(specs())
    rights = installer_rights(Place(NAMES, types=types_of(basic)))
    given = {action for right in rights for action in right.actions}
    assert not given & {"kms:CreateKey", "ec2:CreateNatGateway"}
    assert len(installer_policies(Place(NAMES, types=types_of(basic)))) < MOST_POLICIES


HERE = f"us-east-1:{NUMBER}"
BOUNDARY = node_boundary(NAMES)
ADMIN: dict[str, Any] = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
FORBIDDEN = [
    ("logs:DeleteLogStream", f"arn:aws:logs:{HERE}:log-group:{NAMES.log_group}:log-stream:s"),
    ("s3:ListBucket", "arn:aws:s3:::any"),
    ("s3:GetObject", "arn:aws:s3:::pennsieve-node-ffffffff-123456789012-us-east-1/runs/1"),
    ("ec2:RunInstances", f"arn:aws:ec2:{HERE}:instance/*"),
    ("cloudformation:DescribeStacks", f"arn:aws:cloudformation:{HERE}:stack/{NAMES.stack}/1"),
    ("cloudformation:DeleteStack", f"arn:aws:cloudformation:{HERE}:stack/{NAMES.stack}/1"),
    ("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/pennsieve-node-ffffffff-journal"),
    ("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/pennsieve-node/ffffffff/x"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:{NAMES.admin}"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:pennsieve-node-ffffffff-gateway"),
    ("lambda:AddPermission", f"arn:aws:lambda:{HERE}:function:{NAMES.gateway}"),
    ("logs:GetLogEvents", f"arn:aws:logs:{HERE}:log-group:/pennsieve/node/ffffffff:log-stream:s"),
    ("iam:PutRolePolicy", f"arn:aws:iam::{NUMBER}:role/{NAMES.gateway}"),
    ("iam:DeleteRolePermissionsBoundary", f"arn:aws:iam::{NUMBER}:role/{NAMES.gateway}"),
    ("iam:CreatePolicyVersion", NAMES.boundary_arn),
    ("sts:AssumeRole", f"arn:aws:iam::{NUMBER}:role/Admin"),
]


@pytest.mark.parametrize(("action", "resource"), FORBIDDEN)
def test_the_boundary_bounds_whatever_is_put_on_a_role_later(action: str, resource: str) -> None:
    """Of this node alone: other nodes of the account are beyond it."""
    assert decide(Ask(action, resource), [ADMIN], BOUNDARY, fair=False) is Verdict.NOT_ALLOWED
