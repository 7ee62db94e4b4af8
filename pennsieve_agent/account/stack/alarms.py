"""What tells that the node fails: a queue for events that were not handled, and alarms.

An event that failed three times is kept in the queue for two weeks (AWS Lambda Developer Guide,
"Adding a dead-letter queue",
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html). The alarms call
nobody by themselves: they are seen in CloudWatch, where anybody can be added to them.
"""

from __future__ import annotations

from typing import Any

from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.template_parts import (
    Resource,
    Resources,
    attribute,
    deleted_with_the_stack,
    has_key,
    tags,
)

KEPT_SECONDS = 14 * 24 * 3600
"""The longest that Amazon SQS keeps a message (Amazon SQS API, "SetQueueAttributes")."""
PERIOD_SECONDS = 300


def alarms(spec: NodeSpec) -> Resources:
    """The queue and the alarms; they come with the functions."""
    names = spec.names
    return {
        "DeadLetters": _queue(spec),
        "ReconcilerFails": _failing(
            spec, "reconciler", "The reconciler fails: runs may not get on. See its log"
        ),
        "RelayFails": _failing(
            spec, "relay", "The relay fails: transfers may not get on. See its log"
        ),
        "EventsAreLost": _alarm(
            spec,
            names.alarm("dead-letters"),
            "Events were not handled in three tries; they are in the queue of dead letters",
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfMessagesVisible",
            Statistic="Maximum",
            Dimensions=[{"Name": "QueueName", "Value": names.dead_letters}],
        ),
    }


def _failing(spec: NodeSpec, word: str, about: str) -> Resource:
    name = spec.names.alarm(word)  # a function and its alarm have one name
    return _alarm(
        spec,
        name,
        about,
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Statistic="Sum",
        Dimensions=[{"Name": "FunctionName", "Value": name}],
    )


def dead_letters() -> dict[str, Any]:
    """The property of a function that sends to the queue what failed."""
    return {"DeadLetterConfig": {"TargetArn": attribute("DeadLetters", "Arn")}}


def _queue(spec: NodeSpec) -> Resource:
    # Events of jobs name runs and images, so they are encrypted as everything else is.
    how: dict[str, Any] = {"SqsManagedSseEnabled": True}
    if has_key(spec):
        how = {"KmsMasterKeyId": attribute("Key", "Arn")}
    return {
        "Type": "AWS::SQS::Queue",
        **deleted_with_the_stack(),
        "Properties": {
            "QueueName": spec.names.dead_letters,
            "MessageRetentionPeriod": KEPT_SECONDS,
            **how,
            "Tags": tags(spec),
        },
    }


def _alarm(spec: NodeSpec, name: str, about: str, **metric: Any) -> Resource:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": name,
            "AlarmDescription": f"Pennsieve node '{spec.names.token}': {about}",
            **metric,
            "Period": PERIOD_SECONDS,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",  # nothing is reported while nothing runs
            "Tags": tags(spec),
        },
    }
