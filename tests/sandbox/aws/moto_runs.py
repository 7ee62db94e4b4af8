"""What of moto the sandbox uses where code runs and tells of it: Batch, Lambda, logs, images."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from tests.sandbox.aws.moto_names import (
    ACCOUNT,
    MANIFEST,
    REGION,
    ROLE,
    TRUST,
    client,
    has,
    of,
    takes,
)


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


@of("moto.batch.models:JobDefinition", "moto.batch.responses:BatchResponse")
def definitions_of_tasks(definition_type: Any, responses: Any) -> None:
    takes(definition_type.describe, "self")
    takes(responses.registerjobdefinition, "self")
    client("batch").register_job_definition(
        jobDefinitionName="t",
        type="container",
        containerProperties={"image": "i", "vcpus": 1, "memory": 512},
    )
    (row,) = client("batch").describe_job_definitions(jobDefinitionName="t")["jobDefinitions"]
    assert row["containerProperties"]["image"] == "i"


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


@of("moto.sqs.models:sqs_backends")
def messages(sqs_backends: Any) -> None:
    how = {"KmsMasterKeyId": "k"}
    client("sqs").create_queue(QueueName="q", Attributes=how)
    assert sqs_backends[ACCOUNT][REGION].queues["q"].kms_master_key_id == "k"


@of(
    "moto.sns.models:sns_backends",
    "moto.sns.utils:FilterPolicyMatcher",
    "moto.core.exceptions:ServiceException",
)
def subscriptions(sns_backends: Any, matcher: Any, refusal: Any) -> None:
    how = {"KmsMasterKeyId": "k"}
    topic = client("sns").create_topic(Name="t", Attributes=how)["TopicArn"]
    assert sns_backends[ACCOUNT][REGION].topics[topic].kms_master_key_id == "k"
    client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.org")
    assert REGION in sns_backends[ACCOUNT]
    backend = sns_backends[ACCOUNT][REGION]
    (sub,) = backend.subscriptions.values()
    assert (sub.protocol, sub.endpoint, sub.topic.arn) == ("email", "a@example.org", topic)
    has(sub, "arn")
    backend._validate_filter_policy({"to": ["a"]}, scope=None)
    with pytest.raises(refusal):
        backend._validate_filter_policy({"to": "a"}, scope=None)
    fits = matcher({"to": ["a"]}, None).matches
    assert fits({"to": {"Type": "String", "Value": "a"}}, "text")
    assert not fits({"to": {"Type": "String", "Value": "b"}}, "text")
    assert not fits({}, "text")


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
