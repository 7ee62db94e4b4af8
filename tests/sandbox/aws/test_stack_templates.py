"""The emulated CloudFormation refuses the templates that AWS's refuses, before anything is made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.account.stack.stack_request import stack_request, turned_off
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.errors import AwsError
from pennsieve_agent.sandbox.aws.stack_templates import BODY_BYTES, URL_BYTES, problem_of
from tests.account.stack.specs import every
from tests.aws.emulator import emulated, reset, settings
from tests.aws.template_lint import lint

QUEUE: dict[str, Any] = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "a"}}


def template(**parts: Any) -> dict[str, Any]:
    return {"Resources": {"Logs": QUEUE}, **parts}


def refused(body: dict[str, Any], **how: Any) -> str:
    return problem_of(json.dumps(body), in_request=True, **how)


def test_a_good_template_is_taken() -> None:
    parts = {
        "Resources": {
            "Logs": QUEUE,
            "Other": {
                **QUEUE,
                "DependsOn": "Logs",
                "Properties": {"LogGroupName": {"Ref": "Word"}},
            },
        },
        "Parameters": {"Word": {"Type": "String"}},
        "Outputs": {"A": {"Value": {"Fn::Sub": "${AWS::Region} ${Logs.Arn} ${Word}"}}},
    }
    assert problem_of(json.dumps(parts), in_request=False, tags=50) == ""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (template(Metadata={"a": [1, None]}), "[/Metadata/a/1] 'null' values are not allowed"),
        (template(Metadata={"n": {"code": None}}), "[/Metadata/n/code] 'null' values"),
        (template(Colour="red"), "Invalid template property or properties [Colour]"),
        (template(Resources={}), "At least one Resources member"),
        (template(Resources={"a-b": QUEUE}), "a-b is non alphanumeric"),
        (template(Resources={"A": {"Properties": {}}}), "must contain a Type member"),
        (template(Resources={"A": {**QUEUE, "Tags": []}}), "resource property 'Tags'"),
        (template(Resources={"A": {**QUEUE, "Properties": []}}), "must be an object"),
        (template(Resources={"A": "b"}), "resource definition is malformed"),
        (template(Resources={f"L{n}": QUEUE for n in range(501)}), "resources, 501, is greater"),
        (
            template(Parameters={f"P{n}": {"Type": "String"} for n in range(201)}),
            "parameters, 201, is greater",
        ),
        (template(Outputs={f"O{n}": {"Value": "a"} for n in range(201)}), "outputs, 201"),
        (template(Description="a" * 1025), "length is greater than 1024"),
        (template(Description=["a"]), "must be a string"),
        (template(Outputs={"A": {"Value": {"Ref": "Nobody"}}}), "[Nobody] in the Outputs block"),
        (
            template(Resources={"A": {**QUEUE, "DependsOn": ["Nobody"]}}),
            "[Nobody] in the Resources block",
        ),
        (
            template(Resources={"A": {**QUEUE, "Properties": {"B": {"Fn::GetAtt": ["C", "D"]}}}}),
            "[C] in the Resources block",
        ),
    ],
)
def test_a_bad_template_is_refused(body: dict[str, Any], words: str) -> None:
    assert words in refused(body)


def test_a_template_has_a_limit_in_a_request_and_another_in_a_bucket() -> None:
    body = template(Metadata={"a": "b" * BODY_BYTES})
    assert "less than or equal to 51200" in refused(body)
    assert problem_of(json.dumps(body), in_request=False) == ""
    longer = json.dumps(template(Metadata={"a": "b" * URL_BYTES}))
    assert "may not exceed" in problem_of(longer, in_request=False)


def test_a_stack_has_fifty_tags_at_most() -> None:
    assert "'tags'" in refused(template(), tags=51)


@pytest.mark.parametrize("name", every())
def test_no_node_sends_what_is_refused(name: str) -> None:
    """What is too long for a request goes by the node's bucket, which is made before it."""
    for spec in (turned_off(every()[name]), every()[name]):
        request = stack_request(spec)
        tags = len(request.tags)
        assert problem_of(request.body, in_request=not request.too_long, tags=tags) == ""
        bucket = replace(request, template=request.first)
        assert problem_of(bucket.body, in_request=True, tags=tags) == ""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with emulated() as url:
        yield url


@pytest.fixture
def aws(url: str, tmp_path: Path) -> Iterator[Aws]:
    reset(url)
    with Aws(settings(tmp_path, url)) as aws:
        yield aws


WRONG = {**QUEUE, "Properties": {"LogGroupName": "a", "RetentionInDays": 2}}


@pytest.mark.parametrize("operation", ["create_change_set", "create_stack"])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (template(Metadata={"code": None}), "'null' values"),
        (template(Resources={"A": WRONG}), "2 is not one of"),
    ],
    ids=["null", "schema"],
)
def test_every_way_to_a_stack_is_guarded(
    aws: Aws, operation: str, body: dict[str, Any], words: str
) -> None:
    """The second is known from AWS's schemas alone, by cfn-lint."""
    more = {"ChangeSetName": "c", "ChangeSetType": "CREATE"} if "change" in operation else {}
    request = {"StackName": "s", "TemplateBody": json.dumps(body), **more}
    with pytest.raises(AwsError) as refusal:
        aws.call("cloudformation", operation, **request)
    assert refusal.value.aws_code == "ValidationError"
    assert words in refusal.value.message
    assert aws.call("cloudformation", "describe_stacks")["Stacks"] == []


def test_an_update_is_guarded_too(aws: Aws) -> None:
    aws.call("cloudformation", "create_stack", StackName="s", TemplateBody=json.dumps(template()))
    worse = json.dumps(template(Resources={"Logs": WRONG}))
    for how in ({}, {"ChangeSetName": "c"}):
        operation = "create_change_set" if how else "update_stack"
        with pytest.raises(AwsError, match="2 is not one of"):
            aws.call("cloudformation", operation, StackName="s", TemplateBody=worse, **how)


def test_a_template_is_linted_once_whatever_its_random_names() -> None:
    """The second takes no second."""
    first = stack_request(every()["off"]).body
    again = first.replace("0a1b2c3d", "4e5f6a7b")
    assert first != again
    assert lint(first, "us-east-1") == lint(again, "us-east-1") == []
