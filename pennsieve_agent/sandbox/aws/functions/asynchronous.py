"""What a function says of asynchronous calls: how often they are tried, and who is told.

"How Lambda handles errors and retries with asynchronous invocation" and "Retaining records of
Lambda asynchronous invocations"
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pennsieve_agent.sandbox.host.clock import now

TRIES = 3
"""Of an event, where a function says nothing else."""


@dataclass(frozen=True, slots=True)
class Asynchronous:
    """How often an event is tried; ``destinations`` are ARNs by ``OnSuccess``, ``OnFailure``."""

    tries: int = TRIES
    destinations: Mapping[str, str] = field(default_factory=dict)


def asynchronous_of(function: Any) -> Asynchronous:
    """What a function of moto's says; the caller holds moto's lock."""
    configs = getattr(function, "event_invoke_config", None) or ()
    if not configs:
        return Asynchronous()
    config = configs[-1].response()
    named = {
        kind: row.get("Destination")
        for kind, row in (config.get("DestinationConfig") or {}).items()
    }
    tries = 1 + int(config.get("MaximumRetryAttempts", TRIES - 1))
    return Asynchronous(tries, {kind: str(arn) for kind, arn in named.items() if arn})


def destination_record(
    arn: str,
    payload: bytes,
    answer: bytes,
    attempt: int,
    failed: bool,  # noqa: FBT001 - a fact
) -> dict[str, Any]:
    """What a destination is told of an event."""
    about: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST"}
    return {
        "version": "1.0",
        "timestamp": datetime.fromtimestamp(now(), UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z"),
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"{arn}:$LATEST",
            "condition": "RetriesExhausted" if failed else "Success",
            "approximateInvokeCount": attempt,
        },
        "requestPayload": json.loads(payload or b"{}"),
        "responseContext": about | ({"functionError": "Unhandled"} if failed else {}),
        "responsePayload": json.loads(answer or b"null"),
    }


def event_invoke_types() -> dict[str, Any]:
    """Moto's model of the type in CloudFormation, which it lacks, by its name."""
    from moto.core.common_models import CloudFormationModel  # noqa: PLC0415 - slow

    class EventInvokes(CloudFormationModel):
        """Settings of a function for asynchronous calls."""

        def __init__(self, name: str, function: str) -> None:
            self.name, self.function = name, function

        @property
        def physical_resource_id(self) -> str:
            return self.name

        @classmethod
        def cloudformation_type(cls) -> str:
            return "AWS::Lambda::EventInvokeConfig"

        @staticmethod
        def cloudformation_name_type() -> str:
            return ""

        @classmethod
        def create_from_cloudformation_json(
            cls,
            resource_name: str,
            cloudformation_json: dict[str, Any],
            account_id: str,
            region_name: str,
            **_: Any,
        ) -> Any:
            properties = cloudformation_json["Properties"]
            name = str(properties["FunctionName"])
            config = {k: v for k, v in properties.items() if k not in {"FunctionName", "Qualifier"}}
            _backend(account_id, region_name).put_function_event_invoke_config(name, config)
            return cls(resource_name, name)

        @classmethod
        def update_from_cloudformation_json(  # type: ignore[override]
            cls,
            original_resource: Any,
            cloudformation_json: dict[str, Any],
            account_id: str,
            region_name: str,
            **_: Any,
        ) -> Any:
            return cls.create_from_cloudformation_json(
                original_resource.name, cloudformation_json, account_id, region_name
            )

        def delete(self, account_id: str, region_name: str) -> None:
            """The function goes too."""

    return {"AWS::Lambda::EventInvokeConfig": EventInvokes}


def _backend(account: str, region: str) -> Any:
    from moto.awslambda.models import lambda_backends  # noqa: PLC0415 - slow

    return lambda_backends[account][region]
