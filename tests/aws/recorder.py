"""A session that writes down each call the program makes, and what it needs the right to do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from pennsieve_agent.account.spec.names import MANAGER, MANAGER_TAG, TOKEN_TAG
from pennsieve_agent.aws.failures import Attempt
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.iam_policies import Ask
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.sandbox.aws.rights.key_rights import key_asks
from pennsieve_agent.sandbox.aws.wire import AwsRequest

_ACCOUNT = "123456789012"
_OURSELVES = {"tests.aws.recorder", "tests.account.mortal", "contextlib"}
_WITHOUT_RESOURCES = {
    *("batch", "ec2", "ecr", "lambda", "resourcegroupstaggingapi", "secretsmanager"),
    *("service-quotas", "ssm"),
}
FREE = {"sts:GetCallerIdentity"}
"""AWS always allows it."""


def action_of(service: str, operation: str) -> str:
    """The IAM action of an operation by its botocore name."""
    return Attempt(service, _name(operation)).action


def _name(operation: str) -> str:
    return "".join(word.capitalize() for word in operation.split("_"))


class RecordingAws(Aws):
    """Tells ``heard`` of the calls that the program itself makes, not of those of a test."""

    def __init__(self, settings: AwsSettings, heard: Callable[[Ask], None]) -> None:
        super().__init__(settings)
        self._heard = heard
        self._stacks: dict[str, str] = {}

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        self._hear(service, operation, parameters)
        answer = super().call(service, operation, **parameters)
        if operation == "create_change_set":
            self._stacks[answer["Id"]] = parameters["StackName"]
        return answer

    def pages(self, service: str, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        self._hear(service, operation, parameters)
        yield from super().pages(service, operation, **parameters)

    def _hear(self, service: str, operation: str, parameters: dict[str, Any]) -> None:
        frame = sys._getframe(1)
        while frame.f_globals["__name__"] in _OURSELVES and frame.f_back is not None:
            frame = frame.f_back
        action = action_of(service, operation)
        if frame.f_globals["__name__"].startswith("pennsieve_agent.") and action not in FREE:
            types = parameters.get("ResourceTypes")
            context: dict[str, Any] = {}
            context |= {"cloudformation:ResourceTypes": list(types)} if types else {}
            if service in {"kms", "s3files"}:  # what the node's stack and the node have tagged
                context |= {f"aws:ResourceTag/{MANAGER_TAG}": MANAGER}
                context |= {f"aws:ResourceTag/{TOKEN_TAG}": "0a1b2c3d"}
            self._heard(Ask(action, self._resource(service, operation, parameters), context))
            request = AwsRequest(service, "us-east-1", "", "", _name(operation), parameters)
            for ask in key_asks(request, _ACCOUNT):
                self._heard(ask)

    def _resource(self, service: str, operation: str, given: dict[str, Any]) -> str:
        here = f"us-east-1:{_ACCOUNT}"
        match service:
            case "cloudformation":
                found = self._stack(given)
            case "iam":
                found = _iam_resource(given)
            case "s3":
                inner = "/key" if operation in {"delete_objects", "abort_multipart_upload"} else ""
                inner = f"/{given['Key']}" if "Key" in given else inner
                found = f"arn:aws:s3:::{given['Bucket']}{inner}"
            case "s3files":
                inner = (
                    given.get("fileSystemId") or f"fs-1/access-point/{given.get('accessPointId')}"
                )
                named = f"arn:aws:s3files:{here}:file-system/{inner}"
                found = "*" if operation == "list_file_systems" else named
            case "codebuild":  # builds are their project's
                build = str(given.get("id") or next(iter(given.get("ids", ())), ""))
                project = given.get("projectName") or build.partition(":")[0]
                found = f"arn:aws:codebuild:{here}:project/{project}"
            case "dynamodb":
                found = f"arn:aws:dynamodb:{here}:table/{given['TableName']}"
            case "logs":
                found = f"arn:aws:logs:{here}:log-group:"
            case _ if found := _named(service, given):
                pass
            case _ if service in _WITHOUT_RESOURCES:
                found = "*"  # what the program asks of these has no resource
            case _:
                raise AssertionError(f"say here what {service} {operation} is done to")
        return found

    def _stack(self, given: dict[str, Any]) -> str:
        """AWS asks for the right on the stack, also when only the change set is named."""
        name = given.get("StackName") or self._stacks.get(given.get("ChangeSetName", ""))
        if name is None:
            return "*"
        here = f"arn:aws:cloudformation:us-east-1:{_ACCOUNT}:stack/"
        return str(name) if str(name).startswith("arn:") else f"{here}{name}/id"


def _iam_resource(given: dict[str, Any]) -> str:
    if "RoleName" in given:
        return f"arn:aws:iam::{_ACCOUNT}:role/{given['RoleName']}"
    return str(given.get("PolicyArn") or given.get("PolicySourceArn") or "*")


def _named(service: str, given: dict[str, Any]) -> str:
    """The ARN of the one thing that is named, or of the first; empty where none is."""
    here = f"us-east-1:{_ACCOUNT}"
    match given:
        case {"FunctionName": name}:
            return f"arn:aws:lambda:{here}:function:{str(name).rpartition(':')[2]}"
        case {"SecretId": name}:
            return f"arn:aws:secretsmanager:{here}:secret:{name}-AbCdEf"
        case {"repositoryName": name} | {"repositoryNames": [name, *_]}:
            return f"arn:aws:ecr:{here}:repository/{name}"
        case {"Names": [name, *_]} if service == "ssm":
            return f"arn:aws:ssm:{here}:parameter{name}"
        case {"jobDefinition": arn} | {"KeyId": arn}:
            return str(arn)
        case _:
            return ""
