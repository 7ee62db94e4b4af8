"""What the sandbox uses of moto's inside, name by name; a new moto that changes one fails here.

A test of a sandbox would fail too, but not say why. Every import of moto in the package has its
test here, and no import has none.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

import pennsieve_agent.sandbox
from pennsieve_agent.sandbox.aws.stacks import _DELETES
from tests.aws.emulator import IGNORED

pytestmark = pytest.mark.filterwarnings(IGNORED)
ACCOUNT, REGION = "123456789012", "us-east-1"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
ALLOWED = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [ALLOWED]})
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
Test = Callable[..., None]
#: The tests by what the package imports, which is what they are given.
TESTS: dict[tuple[str, ...], Test] = {}


def of(*names: str) -> Callable[[Test], Test]:
    """Say which imports a test is about."""

    def add(test: Test) -> Test:
        TESTS[names] = test
        return test

    return add


def named(name: str) -> Any:
    """What ``module:name`` names in this moto."""
    module, _, attribute = name.partition(":")
    try:
        found = importlib.import_module(module)
        if not hasattr(found, attribute):
            importlib.import_module(f"{module}.{attribute}")  # which sets it, where it is a module
        return getattr(found, attribute)
    except ImportError as error:
        pytest.fail(f"moto {version('moto')} has no {name}, which the sandbox uses: {error}")


def imported_of_moto() -> set[str]:
    """Every name that the sandbox imports from moto."""
    return {
        f"{node.module}:{alias.name}"
        for path in Path(pennsieve_agent.sandbox.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "moto"
        for alias in node.names
    }


def client(service: str) -> Any:
    return boto3.client(
        service, region_name=REGION, aws_access_key_id="AKIAX", aws_secret_access_key="s"
    )


def takes(function: Callable[..., Any], *names: str) -> None:
    """A function has these parameters, in this order, and more only if they may be left out."""
    parameters = list(inspect.signature(function).parameters.values())
    assert [p.name for p in parameters[: len(names)]] == list(names), function
    assert all(
        p.default is not p.empty or p.kind >= p.VAR_POSITIONAL for p in parameters[len(names) :]
    )


def has(thing: object, *names: str) -> None:
    assert [name for name in names if not hasattr(thing, name)] == [], type(thing)


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@of("moto.cloudformation:parsing")
def cloudformation_types(parsing: Any) -> None:
    models = parsing.get_model_map()
    assert parsing.get_model_map() is models  # what is put into it stays
    wrapped = {"AWS::S3::Bucket", "AWS::IAM::Role", "AWS::KMS::Key", "AWS::Lambda::Function"}
    assert {*_DELETES, *wrapped, "AWS::Batch::ComputeEnvironment"} <= models.keys()
    for model in models.values():
        has(model, "create_from_cloudformation_json", "update_from_cloudformation_json")


@of("moto.cloudformation:models", "moto.cloudformation:responses")
def yaml_of_cloudformation(models: Any, responses: Any) -> None:
    has(models.yaml, "load")
    has(responses.yaml, "load")


@of("moto.ec2.models.availability_zones_and_regions:RegionsAndZonesBackend")
def zones_by_id(backend: Any) -> None:
    zone = backend.zones[REGION][0]
    assert zone.zone_id.startswith("use1-az")
    assert zone.name.startswith(REGION)


@of("moto.cloudformation.models:cloudformation_backends")
def life_of_stacks(cloudformation_backends: Any) -> None:
    models, parsing = named("moto.cloudformation:models"), named("moto.cloudformation:parsing")
    takes(models.ChangeSet.apply, "self")
    takes(models.Stack.delete, "self")
    takes(parsing.parse_and_update_resource, "logical_id", "resource_json", "resources_map",
          "account_id", "region_name")  # fmt: skip
    client("cloudformation").create_stack(
        StackName="s", TemplateBody=json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}})
    )
    (stack,) = cloudformation_backends[ACCOUNT][REGION].stacks.values()
    has(stack, "template", "output_map", "template_dict", "events", "status")
    takes(stack._parse_template)
    takes(stack._create_output_map)
    takes(stack._add_stack_event, "resource_status", "resource_status_reason")
    has(stack.resource_map, "_resource_json_map", "_parsed_resources", "input_parameters")
    event = stack.events[-1]
    has(event, "logical_resource_id", "physical_resource_id", "resource_type", "resource_status")
    assert event.timestamp <= named("moto.core.utils:utcnow")()


@of("moto.core.common_models:CloudFormationModel")
def own_types(model: Any) -> None:
    marked = {name for name in dir(model) if hasattr(getattr(model, name), "__isabstractmethod__")}
    assert marked <= {
        *("cloudformation_name_type", "cloudformation_type", "create_from_cloudformation_json"),
        *("update_from_cloudformation_json", "delete_from_cloudformation_json"),
        *("delete", "physical_resource_id", "has_cfn_attr", "is_created"),
    }
    # A type that cannot be changed is told by this mark.
    assert hasattr(model.update_from_cloudformation_json, "__isabstractmethod__")


@of("moto.core.base_backend:BackendDict", "moto.core.base_backend:BaseBackend")
def own_backends(backends: Any, base: Any) -> None:
    made = backends(type("Mine", (base,), {}), "efs")
    assert made[ACCOUNT][REGION] is made[ACCOUNT][REGION]
    assert (made[ACCOUNT][REGION].account_id, made[ACCOUNT][REGION].region_name) == (
        ACCOUNT,
        REGION,
    )
    has(made[ACCOUNT], "values")


@of("moto.ec2.models:ec2_backends")
def networks(ec2_backends: Any) -> None:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    service = f"com.amazonaws.{REGION}.s3"
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service)
    backend = ec2_backends[ACCOUNT][REGION]
    assert list(backend.route_tables[table]._associations) == []
    (point,) = backend.vpc_end_points.values()
    has(point, "id", "vpc_endpoint_type")
    assert backend.nat_gateways == {}
    takes(backend.delete_route_table, "route_table_id")
    takes(backend.disassociate_route_table, "association_id")
    takes(backend.delete_vpc_endpoints, "vpce_ids")
    takes(backend.delete_flow_logs, "flow_log_ids")
    takes(backend.delete_internet_gateway, "internet_gateway_id")
    takes(backend.detach_internet_gateway, "internet_gateway_id", "vpc_id")
    assert "allocation_id" in inspect.signature(backend.release_address).parameters
    takes(backend.describe_vpcs)


@of("moto.batch:exceptions")
def codes_of_refusals(exceptions: Any) -> None:
    for name in ("InvalidRequestException", "InvalidParameterValueException", "ValidationError"):
        assert isinstance(getattr(exceptions, name).TYPE, str)
    assert exceptions.InternalFailure.STATUS == 500


@of("moto.batch.models:batch_backends")
def queues_and_definitions(batch_backends: Any) -> None:
    backend = batch_backends[ACCOUNT][REGION]
    takes(
        backend.create_compute_environment,
        *("compute_environment_name", "_type", "state", "compute_resources", "service_role"),
        "tags",
    )
    takes(backend.get_job_definition, "identifier")
    takes(backend.get_job_queue, "identifier")
    takes(backend.get_compute_environment, "identifier")
    takes(backend.describe_job_queues)
    takes(backend.tag_resource, "resource_arn", "tags")
    takes(backend.list_tags_for_resource, "resource_arn")
    takes(backend.delete_compute_environment, "compute_environment_name")
    takes(backend.delete_job_queue, "queue_name")
    definition = client("batch").register_job_definition(
        jobDefinitionName="d",
        type="container",
        containerProperties={"image": "i", "vcpus": 1, "memory": 512},
        timeout={"attemptDurationSeconds": 60},
    )
    found = backend.get_job_definition(definition["jobDefinitionArn"])
    assert (found.status, found.timeout) == ("ACTIVE", {"attemptDurationSeconds": 60})


@of("moto.iam.models:iam_backends", "moto.iam.models:AccessKey")
def people_and_roles(iam_backends: Any, key_type: Any) -> None:
    iam = client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=POLICY)
    policy = iam.create_policy(PolicyName="m", PolicyDocument=POLICY)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="r", PolicyArn=policy)
    iam.put_role_permissions_boundary(RoleName="r", PermissionsBoundary=policy)
    backend = iam_backends[ACCOUNT]["aws"]
    (role,) = (each for each in backend.roles.values() if each.name == "r")
    assert (role.arn, role.assume_role_policy_document) == (ROLE, TRUST)
    assert role.policies == {"p": POLICY}
    assert role.permissions_boundary_arn == policy
    (managed,) = role.managed_policies.values()
    (version,) = managed.versions
    assert (version.version_id, version.document) == (managed.default_version_id, POLICY)
    assert policy in backend.managed_policies
    takes(backend.delete_policy, "policy_arn")
    takes(backend.create_service_linked_role, "service_name", "description", "suffix")
    takes(backend.create_user, "region_name", "user_name")
    takes(key_type.__init__, "self", "user_name", "prefix", "account_id")
    key = iam.create_user(UserName="u") and iam.create_access_key(UserName="u")["AccessKey"]
    kept = backend.access_keys[key["AccessKeyId"]]
    assert (kept.status, kept.user_name) == ("Active", "u")
    assert kept.secret_access_key == key["SecretAccessKey"]
    assert backend.users["u"].access_keys == [kept]


@of("moto.sts.models:sts_backends", "moto.core.utils:utcnow")
def sessions(sts_backends: Any, utcnow: Any) -> None:
    backend = sts_backends[ACCOUNT]["aws"]
    session = backend.assume_role(
        region_name=REGION,
        role_session_name="s",
        role_arn=ROLE,
        policy="",
        duration=900,
        external_id="",
    )
    assert backend.assumed_roles == [session]
    assert session.expiration > utcnow()
    has(session, "access_key_id", "secret_access_key", "session_token", "role_arn", "account_id")
    has(session, "arn")
    assert len(backend.get_caller_identity(session.access_key_id, REGION)) == 3


@of(
    "moto.awslambda.models:lambda_backends",
    "moto.awslambda.models:LambdaFunction",
    "moto.awslambda.exceptions:UnknownFunctionException",
)
def functions(lambda_backends: Any, function_type: Any, unknown: Any) -> None:
    takes(function_type.__init__, "self", "account_id", "spec", "region")
    client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("m.py", "")
    client("lambda").create_function(
        FunctionName="f",
        Runtime="python3.13",
        Role=ROLE,
        Handler="m.h",
        Code={"ZipFile": code.getvalue()},
        Environment={"Variables": {"NAME": "1"}},
        Timeout=7,
    )
    backend = lambda_backends[ACCOUNT][REGION]
    found = backend.get_function("f")
    assert [each.function_name for each in backend.list_functions()] == ["f"]
    assert (found.role, found.handler, found.timeout) == (ROLE, "m.h", 7)
    assert (found.environment_vars, found.reserved_concurrency) == ({"NAME": "1"}, None)
    assert (found.logs_group_name, found.code_bytes) == ("/aws/lambda/f", code.getvalue())
    assert found.policy.statements == []
    has(found, "function_arn")
    with pytest.raises(unknown):
        backend.get_function("g")


@of("moto.logs.models:logs_backends")
def logs(logs_backends: Any) -> None:
    client("logs").create_log_group(logGroupName="g")
    backend = logs_backends[ACCOUNT][REGION]
    takes(backend.create_log_stream, "log_group_name", "log_stream_name")
    group = backend.groups["g"]
    group.create_log_stream("s")
    stream = group.streams["s"]
    when = 1_700_000_000_000
    stream.put_log_events([{"timestamp": when, "message": "a"}])
    assert len(stream.events) == 1
    (event,) = stream.filter_log_events(0, when + 1, "")
    assert (event["timestamp"], event["message"]) == (when, "a")
    assert stream.log_stream_name == "s"


@of("moto.logs.utils:EventMessageFilter")
def words_in_logs(event_filter: Any) -> None:
    assert event_filter("Error").matches("an Error")
    assert not event_filter("Error").matches("fine")
    assert event_filter("").matches("fine")


@of(
    "moto.secretsmanager.models:secretsmanager_backends",
    "moto.secretsmanager.exceptions:SecretNotFoundException",
)
def secrets(secretsmanager_backends: Any, missing: Any) -> None:
    arn = client("secretsmanager").create_secret(Name="s", SecretString="x")["ARN"]
    backend = secretsmanager_backends[ACCOUNT][REGION]
    has(backend.secrets["s"], "kms_key_id", "arn")
    assert backend.get_secret_value(arn, "", "")["SecretString"] == "x"
    with pytest.raises(missing):
        backend.get_secret_value(f"{arn}y", "", "")


@of("moto.cloudformation.responses:CloudFormationResponse")
def refused_templates(response: Any) -> None:
    error = named("moto.cloudformation.exceptions:ValidationError")
    assert error(message="why").message == "why"
    takes(response._get_param, "self", "param_name", "if_none")
    takes(response._get_stack_from_s3_url, "self", "template_url")
    for name in ("create_change_set", "create_stack", "update_stack"):
        takes(getattr(response, name), "self")


@of("moto.ssm.models:ssm_backends", "moto.kms.models:kms_backends")
def parameters(ssm_backends: Any, kms_backends: Any) -> None:
    tags = [{"TagKey": "a", "TagValue": "b"}]
    key = client("kms").create_key(Tags=tags)["KeyMetadata"]["KeyId"]
    client("ssm").put_parameter(Name="/p", Value="x", Type="SecureString", KeyId=key)
    found = ssm_backends[ACCOUNT][REGION].get_parameter("/p")
    assert (found.parameter_type, found.keyid) == ("SecureString", key)
    assert found.decrypt(found.value) == "x"
    assert ssm_backends[ACCOUNT][REGION].get_parameter("/q") is None
    backend = kms_backends[ACCOUNT][REGION]
    assert backend.get_key_id(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}") == key
    assert key in backend.keys
    assert backend.list_resource_tags(key)["Tags"] == tags
    made = backend.keys[key]
    assert (made.enabled, json.loads(made.policy)["Version"]) == (True, "2012-10-17")
    client("kms").create_alias(AliasName="alias/a", TargetKeyId=key)
    assert set(made.aliases) == {"alias/a"}
    assert backend.get_key_id_from_alias(backend.get_alias_name("alias/a")) == key
    assert list(ssm_backends[ACCOUNT][REGION]._parameters) == ["p"]


@of("moto.sqs.models:sqs_backends", "moto.sns.models:sns_backends")
def messages(sqs_backends: Any, sns_backends: Any) -> None:
    how = {"KmsMasterKeyId": "k"}
    client("sqs").create_queue(QueueName="q", Attributes=how)
    assert sqs_backends[ACCOUNT][REGION].queues["q"].kms_master_key_id == "k"
    topic = client("sns").create_topic(Name="t", Attributes=how)["TopicArn"]
    assert sns_backends[ACCOUNT][REGION].topics[topic].kms_master_key_id == "k"


@of("moto.events.models:events_backends")
def rules(events_backends: Any) -> None:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
    client("events").put_rule(Name="r", ScheduleExpression="rate(1 minute)")
    client("events").put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn, "Input": "{}"}])
    bus = events_backends[ACCOUNT][REGION].event_buses["default"]
    rule = bus.rules["r"]
    assert (rule.name, rule.state) == ("r", "ENABLED")
    assert [(each["Arn"], each["Input"]) for each in rule.targets] == [(arn, "{}")]
    has(rule, "arn")


@of("moto.ecr.models:ecr_backends")
def images(ecr_backends: Any) -> None:
    client("ecr").create_repository(repositoryName="a/b")
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": {}, "layers": []})
    client("ecr").put_image(repositoryName="a/b", imageManifest=manifest, imageTag="v1")
    repository = ecr_backends[ACCOUNT][REGION].repositories["a/b"]
    (image,) = repository.images
    assert "v1" in image.image_tags
    assert image.image_digest.startswith("sha256:")


@of("moto.dynamodb.models:dynamodb_backends", "moto.dynamodb.models.dynamo_type:DynamoType")
def items(dynamodb_backends: Any, value_type: Any) -> None:
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"k": {"S": "1"}, "n": {"N": "2"}}
    dynamodb.put_item(TableName="t", Item=item)
    table = dynamodb_backends[ACCOUNT][REGION].tables["t"]
    assert (table.hash_key_attr, table.range_key_attr) == ("k", None)
    has(table, "sse_specification")
    found = table.get_item(value_type({"S": "1"}), None)
    assert found.to_json()["Attributes"] == item


@of(
    "moto.dynamodb.models.dynamo_type:LimitedSizeDict",
    "moto.dynamodb.exceptions:ItemSizeTooLarge",
)
def sizes(attributes_type: Any, error: Any) -> None:
    assert issubclass(attributes_type, dict)
    takes(attributes_type.__setitem__, "self", "key", "value")
    assert "maximum allowed size" in error().message


@of("moto.core.utils:get_service_model")
def descriptions(get_service_model: Any) -> None:
    model = get_service_model("s3files")
    assert get_service_model("s3files") is model  # kept, as it is asked for with each request
    shape = model.operation_model("CreateAccessPoint").input_shape
    assert shape.members["clientToken"].metadata["max"] == 64


@of("moto.cloudformation.exceptions:ValidationError")
def stack_errors(error: Any) -> None:
    takes(error.__init__, "self", "name_or_id", "message")


@of("moto.s3.models:s3_backends")
def objects(s3_backends: Any) -> None:
    backend = s3_backends[ACCOUNT]["aws"]
    takes(backend.create_bucket, "bucket_name", "region_name")
    client("s3").create_bucket(Bucket="bucket")
    client("s3").put_object(Bucket="bucket", Key="k", Body=b"x", ChecksumAlgorithm="SHA256")
    assert "bucket" in backend.buckets
    found = backend.get_object("bucket", "k")
    assert (found.size, found.checksum_algorithm) == (1, "SHA256")
    has(found, "checksum_value", "checksum_parts")
    with found.lock:
        found._value_buffer.seek(0)
        assert found._value_buffer.read() == b"x"
    assert s3_backends.bucket_accounts["bucket"] == ("aws", ACCOUNT)
    assert (found.encryption, found.kms_key_id, found.name) == (None, None, "k")
    has(found, "bucket_key_enabled")
    bucket = backend.buckets["bucket"]
    assert (bucket.region_name, bucket.account_id) == (REGION, ACCOUNT)
    assert (bucket.encryption, dict(bucket.multiparts)) == (None, {})
    backend.delete_object("bucket", "k")
    assert backend.get_object("bucket", "k") is None
    status = {"Status": "Enabled"}
    client("s3").put_bucket_versioning(Bucket="bucket", VersioningConfiguration=status)
    client("s3").put_object(Bucket="bucket", Key="k", Body=b"1", Metadata={"file-owner": "7"})
    assert bucket.is_versioned
    assert [str(name) for name in bucket.keys] == ["k"]
    key = bucket.keys["k"]
    assert (key.value, key.metadata["x-amz-meta-file-owner"]) == (b"1", "7")
    has(key, "version_id", "last_modified", "set_metadata")
    takes(backend.put_object, "bucket_name", "key_name", "value")
    takes(backend.delete_object, "bucket_name", "key_name")
    backend.delete_object("bucket", "k")
    assert not hasattr(bucket.keys["k"], "metadata")  # a delete marker


@of("moto:backends", "moto.core:responses")
def what_moto_knows_of_itself(backends: Any, responses: Any) -> None:
    takes(backends.list_of_moto_modules)
    assert "s3" in set(backends.list_of_moto_modules())
    takes(responses.method_names_from_class, "clazz")


@of("moto.moto_api._internal:mock_random")
def random_names(mock_random: Any) -> None:
    mock_random.seed("a")
    first = mock_random.uuid4()
    mock_random.seed("a")
    assert mock_random.uuid4() == first


@of(
    "moto.moto_server.werkzeug_app:DomainDispatcherApplication",
    "moto.moto_server.werkzeug_app:create_backend_app",
)
def server(dispatcher: Any, create_backend_app: Any) -> None:
    takes(create_backend_app, "service")
    takes(dispatcher.__init__, "self", "create_app")


def test_every_import_of_moto_has_its_test() -> None:
    assert sorted(imported_of_moto()) == sorted(name for names in TESTS for name in names)


@pytest.mark.parametrize("names", TESTS, ids=", ".join)
def test_moto_still_has(names: tuple[str, ...]) -> None:
    TESTS[names](*map(named, names))
