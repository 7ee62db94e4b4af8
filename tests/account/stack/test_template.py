"""The template of every kind of node: whole, small, tagged, bounded, and nobody else's concern."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from pennsieve_agent.account.spec.node_spec import Mode, NodeSpec
from pennsieve_agent.account.stack.stack_request import turned_off
from pennsieve_agent.account.stack.template import node_template
from pennsieve_agent.aws.cloudformation import MAX_TEMPLATE_BYTES
from pennsieve_agent.domain import prices
from pennsieve_agent.node.node_settings import NodeSettings
from tests.account.stack.specs import (
    BOUNDARY,
    CODE,
    DIGEST,
    NAMES,
    NUMBER,
    TAGS,
    WORKSPACE,
    every,
    node,
)

EVERY = every()
each = pytest.mark.parametrize("spec", EVERY.values(), ids=EVERY.keys())
TAGS_OF = ("Tags", "ResourceTags", "FileSystemTags", "TagSpecifications")
"""What CloudFormation's schemas call the tags of a resource."""


def resources(spec: NodeSpec, *types: str) -> dict[str, Any]:
    found: dict[str, Any] = node_template(spec)["Resources"]
    return {n: r["Properties"] for n, r in found.items() if not types or r["Type"] in types}


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from (str(key), *texts(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


@each
def test_it_is_small_enough_to_send(spec: NodeSpec) -> None:
    """At first; once the node is turned on, a longer template is put in its bucket."""
    first = node_template(turned_off(spec))
    assert len(json.dumps(first, separators=(",", ":"))) < MAX_TEMPLATE_BYTES


@each
def test_every_role_has_the_boundary(spec: NodeSpec) -> None:
    bounds = spec.settings.extras.boundary or {"Ref": "Boundary"}
    roles = resources(spec, "AWS::IAM::Role")
    assert len(roles) >= 5
    for name, role in roles.items():
        assert role["PermissionsBoundary"] == bounds, name
        assert "ManagedPolicyArns" not in role, name
    assert ("Boundary" in resources(spec)) is not bool(spec.settings.extras.boundary)


@each
def test_everything_that_can_be_tagged_is(spec: NodeSpec) -> None:
    """What can be tagged is what AWS's schemas say."""
    want = {"pennsieve:token": "0a1b2c3d", **dict(spec.settings.extras.tags)}
    for name, body in node_template(spec)["Resources"].items():
        if body["Type"] == "AWS::EC2::VPCEndpoint":
            continue  # by the stack's own tags
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", body["Type"]).schema
        for kind in schema["properties"].keys() & set(TAGS_OF):
            given = body["Properties"][kind]
            if kind == "TagSpecifications":
                (specification,) = given
                given = specification["Tags"]
            found = given if isinstance(given, dict) else {t["Key"]: t["Value"] for t in given}
            assert found.items() >= want.items(), name


@each
def test_the_roles_path_is_the_organisations(spec: NodeSpec) -> None:
    for name, role in resources(spec, "AWS::IAM::Role").items():
        assert role["Path"] == spec.settings.role_path, name


@each
def test_nothing_runs_while_nothing_is_asked_for(spec: NodeSpec) -> None:
    for properties in resources(spec, "AWS::Batch::ComputeEnvironment").values():
        machines = properties["ComputeResources"]
        assert machines["Type"].startswith("FARGATE") or machines["MinvCpus"] == 0
        assert "DesiredvCpus" not in machines
    nats = resources(spec, "AWS::EC2::NatGateway")
    own_secure = spec.settings.mode is Mode.SECURE and not spec.settings.network
    assert len(nats) == (1 if own_secure else 0)


@each
def test_nothing_has_an_address_or_comes_in(spec: NodeSpec) -> None:
    types = {body["Type"] for body in node_template(spec)["Resources"].values()}
    assert "AWS::Lambda::Url" not in types
    for properties in resources(spec, "AWS::EC2::SecurityGroup").values():
        for rule in properties.get("SecurityGroupIngress", ()):
            assert "SourceSecurityGroupId" in rule
    for rule in resources(spec, "AWS::EC2::SecurityGroupIngress").values():
        assert "SourceSecurityGroupId" in rule


@each
def test_an_existing_network_is_left_as_it_is(spec: NodeSpec) -> None:
    if not spec.settings.network:
        return
    types = {body["Type"] for body in node_template(spec)["Resources"].values()}
    firewalls = {"AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupEgress"}
    assert {t for t in types if t.startswith("AWS::EC2::")} == firewalls | {
        "AWS::EC2::SecurityGroupIngress"
    }


def test_machines_without_internet_reach_what_their_agent_calls() -> None:
    """AWS, "Amazon ECS interface VPC endpoints": three more than Fargate needs."""
    plain, gpu = (
        {
            str(endpoint["ServiceName"]).partition("us-east-1.")[2]
            for endpoint in resources(EVERY[name], "AWS::EC2::VPCEndpoint").values()
        }
        for name in ("compliant", "compliant-gpu")
    )
    assert gpu - plain == {"ecs", "ecs-agent", "ecs-telemetry"}
    assert plain >= {"ecr.api", "ecr.dkr", "lambda", "logs", "s3", "ssm"}


def test_a_compliant_node_has_no_way_to_the_internet() -> None:
    types = {body["Type"] for body in node_template(EVERY["compliant"])["Resources"].values()}
    assert not types & {
        *("AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route", "AWS::EC2::EIP")
    }
    assert "us-east-1.amazonaws.com" in json.dumps(node_template(EVERY["compliant"]))


@pytest.mark.parametrize("mode", [Mode.SECURE, Mode.COMPLIANT])
def test_the_stricter_modes_have_a_key_and_flow_logs(mode: Mode) -> None:
    spec = node(mode)
    (key,) = resources(spec, "AWS::KMS::Key").values()
    assert key["EnableKeyRotation"] is True
    assert resources(spec, "AWS::EC2::FlowLog")
    for name, group in resources(spec, "AWS::Logs::LogGroup").items():
        assert group["KmsKeyId"], name
    assert resources(spec)["RunFiles"]["KmsKeyId"]


def test_the_bucket_is_private_encrypted_versioned_and_cleans_up() -> None:
    for spec, how in ((node(), "AES256"), (node(Mode.SECURE), "aws:kms")):
        (bucket,) = resources(spec, "AWS::S3::Bucket").values()
        assert list(bucket["PublicAccessBlockConfiguration"].values()) == [True] * 4
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert f'"SSEAlgorithm": "{how}"' in json.dumps(bucket["BucketEncryption"])
        assert "AbortIncompleteMultipartUpload" in json.dumps(bucket["LifecycleConfiguration"])
        (policy,) = resources(spec, "AWS::S3::BucketPolicy").values()
        (deny,) = policy["PolicyDocument"]["Statement"]
        insecure = {"Bool": {"aws:SecureTransport": "false"}}
        assert (deny["Effect"], deny["Condition"]) == ("Deny", insecure)


def test_off_is_everything_but_the_functions() -> None:
    on, off = node_template(node())["Resources"], node_template(node(code=None))["Resources"]
    assert {n: r for n, r in on.items() if n in off} == off
    added = {body["Type"] for name, body in on.items() if name not in off}
    watched = {"AWS::CloudWatch::Alarm", "AWS::SQS::Queue", "AWS::SNS::Topic"}
    functions = {"AWS::Lambda::Function", "AWS::Lambda::Permission", "AWS::Events::Rule"}
    transfers = {
        *("AWS::Lambda::EventInvokeConfig", "AWS::S3Files::AccessPoint", "AWS::IAM::Role"),
    }
    assert added == functions | watched | transfers | {"AWS::CodeBuild::Project"}


@pytest.mark.parametrize("mode", list(Mode))
def test_a_function_that_fails_is_seen_and_its_events_are_kept(mode: Mode) -> None:
    spec = node(mode)
    made = node_template(spec)["Resources"]
    for name in ("Reconciler", "Relay"):
        target = made[name]["Properties"]["DeadLetterConfig"]["TargetArn"]
        assert target == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    queue = made["DeadLetters"]["Properties"]
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert ("KmsMasterKeyId" in queue) is (mode is not Mode.BASIC)
    alarms = list(resources(spec, "AWS::CloudWatch::Alarm").values())
    watched = {(a["MetricName"], a["Dimensions"][0]["Value"]) for a in alarms}
    assert watched == {
        ("Errors", NAMES.reconciler),
        ("Errors", NAMES.relay),
        ("ApproximateNumberOfMessagesVisible", queue["QueueName"]),
    }
    assert len(alarms) == prices.ALARMS
    assert all(a["TreatMissingData"] == "notBreaching" for a in alarms)
    sends = "sqs:SendMessage"
    may = {n for n, b in resources(spec, "AWS::IAM::Role").items() if sends in json.dumps(b)}
    assert may == {"ReconcilerRole", "RelayRole"}
    for role in may:
        encrypts = json.dumps(made[role]).count(f"sqs.{NAMES.region}.amazonaws.com")
        assert encrypts == (mode is not Mode.BASIC)


def test_the_functions_are_told_what_the_nodes_code_reads() -> None:
    for spec in (node(), EVERY["compliant-gpu"]):
        for name, function in resources(spec, "AWS::Lambda::Function").items():
            assert function["Code"]["S3Key"] == NAMES.code_key(CODE.digest)
            if name.startswith("Transfer"):
                continue
            variables = function["Environment"]["Variables"]
            plain = {k: v if isinstance(v, str) else "from AWS" for k, v in variables.items()}
            settings = NodeSettings.of(plain)
            assert (settings.token, settings.version) == (NAMES.token, CODE.version)
            assert (settings.admin, settings.organization) == (NAMES.admin, WORKSPACE)
            assert bool(settings.key) is (spec.settings.mode is not Mode.BASIC)
            assert settings.gpu_queue == (NAMES.queue("gpu") if spec.settings.gpu else "")
            called = settings.transfer_function, settings.files_function
            assert called == (NAMES.transfer, NAMES.transfer_files)


def test_the_function_that_moves_files_mounts_an_access_point_by_its_arn() -> None:
    """``Ref`` gives its id, which AWS Lambda refuses (``FileSystemConfig``: a pattern)."""
    (mounts,) = [
        function["FileSystemConfigs"]
        for function in resources(node(), "AWS::Lambda::Function").values()
        if "FileSystemConfigs" in function
    ]
    (point,) = resources(node(), "AWS::S3Files::AccessPoint")
    assert [row["Arn"] for row in mounts] == [{"Fn::GetAtt": [point, "AccessPointArn"]}]


def test_the_repositories_take_a_tag_once_and_are_encrypted() -> None:
    for spec in (node(), node(Mode.SECURE)):
        found = resources(spec, "AWS::ECR::Repository")
        assert [r["RepositoryName"] for r in found.values()] == [
            *("pennsieve-node-0a1b2c3d/workflows", "pennsieve-node-0a1b2c3d/transfer"),
        ]
        for repository in found.values():
            assert repository["ImageTagMutability"] == "IMMUTABLE"
            assert "LifecyclePolicy" not in repository
            kind = "AES256" if spec.settings.mode is Mode.BASIC else "KMS"
            assert repository["EncryptionConfiguration"]["EncryptionType"] == kind


def test_files_are_moved_in_the_nodes_own_copy_of_the_image() -> None:
    def image(spec: NodeSpec) -> str:
        return str(resources(spec)["Reconciler"]["Environment"]["Variables"]["NODE_MOVER_IMAGE"])

    own = f"{NUMBER}.dkr.ecr.us-east-1.amazonaws.com/pennsieve-node-0a1b2c3d/transfer@{DIGEST}"
    for mode in Mode:
        assert image(node(mode)) == own
    with pytest.raises(ValueError, match="has no digest"):
        node_template(replace(node(), transfer_digest=""))


def test_only_the_reconciler_and_the_relay_read_the_keys_of_workflows() -> None:
    keys = f"arn:aws:ssm:us-east-1:{NAMES.account_id}:parameter{NAMES.parameter_prefix}workflows/"
    able = {
        name
        for name, role in resources(node(Mode.SECURE), "AWS::IAM::Role").items()
        if any(
            "ssm:GetParameter" in json.dumps(statement) and keys in json.dumps(statement)
            for policy in role["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
        )
    }
    # The execution role hands a step what its workflow was promised, by the names in its job.
    assert able == {"ExecutionRole", "ReconcilerRole", "RelayRole"}


def test_every_choice_changes_the_template() -> None:
    """Nothing that is asked for is dropped in silence."""
    plain = node_template(node())
    for name, spec in {
        "vcpus": node(max_vcpus=8),
        "budget": node(monthly_budget=5.0),
        "path": node(role_path="/research/"),
        "gpu": EVERY["basic-gpu"],
        "mode": EVERY["secure"],
        "network": EVERY["basic-existing"],
        "code": replace(node(), code=replace(CODE, digest="b" * 64)),
        "platform": replace(node(), platform_account_id="1" * 12),
        "workspace": replace(node(), organization_id="N:organization:2"),
        "image": replace(node(), transfer_digest="sha256:" + "d" * 64),
        "hosts": replace(node(), api2="https://api2.pennsieve.net"),
    }.items():
        assert node_template(spec) != plain, name
    demanded = list(texts(node_template(EVERY["organisation"])))
    assert BOUNDARY in demanded
    assert {text for pair in TAGS for text in pair} <= set(demanded)


def test_it_depends_on_nothing_but_the_specification() -> None:
    assert node_template(node()) == node_template(node())


@each
def test_a_queue_ends_jobs_that_can_never_start(spec: NodeSpec) -> None:
    """From ten minutes to a day, by cancelling (AWS Batch, "JobStateTimeLimitAction")."""
    queues = resources(spec, "AWS::Batch::JobQueue")
    assert len(queues) == (3 if spec.settings.gpu else 2)
    for queue in queues.values():
        actions = {row.pop("Reason"): row for row in queue["JobStateTimeLimitActions"]}
        assert {reason.partition(":")[0] for reason in actions} == {"CAPACITY", "MISCONFIGURATION"}
        assert "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE" in actions
        for row in actions.values():
            assert (row["Action"], row["State"]) == ("CANCEL", "RUNNABLE")
            assert 600 <= row["MaxTimeSeconds"] <= 86_400


def digests(spec: NodeSpec) -> tuple[str, str]:
    """The digests of the stack and of its policies that the functions of a node know."""
    values = resources(spec, "AWS::Lambda::Function").values()
    known = [row["Environment"]["Variables"] for row in values if "Environment" in row]
    pairs = {(row["NODE_STACK_DIGEST"], row["NODE_POLICY_DIGEST"]) for row in known}
    assert len(pairs) == 1
    return pairs.pop()


def test_a_node_knows_the_digests_of_its_stack_and_its_policies() -> None:
    spec = node()
    stack, policies = digests(spec)
    assert (len(stack), len(policies)) == (64, 64)
    assert digests(spec) == (stack, policies)
    other = replace(spec, settings=replace(spec.settings, max_vcpus=spec.settings.max_vcpus + 1))
    assert digests(other) == (digests(other)[0], policies)
    assert digests(other)[0] != stack


def test_a_digest_is_the_same_wherever_pennsieve_answers() -> None:
    """A sandbox that is started on other ports has other addresses, and the same nodes."""
    moved = replace(node(), api="http://127.0.0.1:1", api2="http://127.0.0.1:2", cognito="c")
    assert digests(moved) == digests(node())
