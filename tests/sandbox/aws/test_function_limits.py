"""The emulated Lambda keeps to its quotas: what is reserved, variables, policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from pennsieve_agent.sandbox.aws.limits import function_quotas
from tests.sandbox.aws.account import Cloud, allow, open_cloud, service_trust
from tests.sandbox.aws.strict_client import client

TRUST = service_trust("lambda.amazonaws.com")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with open_cloud(tmp_path_factory.mktemp("limits")) as made:
        yield made


def function(cloud: Cloud, name: str) -> None:
    cloud.function(name, cloud.role(f"of-{name}", TRUST, allow()), lambda event, _: event)


def limit_of(cloud: Cloud) -> dict[str, int]:
    limits: dict[str, int] = client(cloud, "lambda").get_account_settings()["AccountLimit"]
    return limits


def test_a_hundred_calls_stay_unreserved(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    function(cloud, "kept")
    functions = client(cloud, "lambda")
    functions.put_function_concurrency(FunctionName="kept", ReservedConcurrentExecutions=900)
    assert limit_of(cloud)["ConcurrentExecutions"] == 1000
    assert limit_of(cloud)["UnreservedConcurrentExecutions"] == 100
    with pytest.raises(ClientError, match=r"below its minimum value of \[100\]"):
        functions.put_function_concurrency(FunctionName="kept", ReservedConcurrentExecutions=901)
    # A new account has 10 in all, and can reserve nothing.
    functions.delete_function_concurrency(FunctionName="kept")
    monkeypatch.setenv(function_quotas.QUOTA, "10")
    assert limit_of(cloud)["UnreservedConcurrentExecutions"] == 10
    with pytest.raises(ClientError, match=r"below its minimum value of \[10\]"):
        functions.put_function_concurrency(FunctionName="kept", ReservedConcurrentExecutions=1)


def test_four_kb_of_variables(cloud: Cloud) -> None:
    function(cloud, "variable")
    functions = client(cloud, "lambda")
    with pytest.raises(ClientError, match="exceeded the 4KB limit"):
        functions.update_function_configuration(
            FunctionName="variable", Environment={"Variables": {"NAME": "x" * 4086}}
        )
    functions.update_function_configuration(
        FunctionName="variable", Environment={"Variables": {"NAME": "x" * 4085}}
    )


def test_a_functions_policy_has_20_kb(cloud: Cloud) -> None:
    function(cloud, "shared")
    functions = client(cloud, "lambda")

    def let_in(first: int, count: int) -> None:
        for number in range(first, first + count):
            functions.add_permission(
                FunctionName="shared",
                StatementId=f"s{number}",
                Action="lambda:InvokeFunction",
                Principal="123456789012",
            )

    let_in(0, 60)
    with pytest.raises(ClientError, match="PolicyLengthExceededException"):
        let_in(60, 100)


@pytest.mark.parametrize(
    ("name", "changed", "why"),
    [
        (
            "reserves-too-much",
            {"ReservedConcurrentExecutions": 10},
            "below its minimum value of [100]",
        ),
        (
            "mounts-an-id",
            {
                "FileSystemConfigs": [
                    {"Arn": {"Ref": "AWS::StackName"}, "LocalMountPath": "/mnt/files"}
                ]
            },
            "Member must satisfy regular expression pattern",
        ),
    ],
)
def test_a_stack_is_held_to_what_functions_take(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, name: str, changed: dict[str, Any], why: str
) -> None:
    role = cloud.role(f"of-{name}", TRUST, allow())
    properties = {
        "FunctionName": name,
        "Role": role,
        "Handler": "a.b",
        "Runtime": "python3.13",
        "Code": {"ZipFile": "x"},
        **changed,
    }
    template = {"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": properties}}}
    cfn = client(cloud, "cloudformation")
    monkeypatch.setenv(function_quotas.QUOTA, "109")
    cfn.create_stack(StackName=name, TemplateBody=json.dumps(template))
    with pytest.raises(WaiterError, match="ROLLBACK"):
        cfn.get_waiter("stack_create_complete").wait(
            StackName=name, WaiterConfig={"Delay": 0.2, "MaxAttempts": 100}
        )
    events = cfn.describe_stack_events(StackName=name)["StackEvents"]
    reasons = [row.get("ResourceStatusReason", "") for row in events]
    assert any(why in reason for reason in reasons), reasons
