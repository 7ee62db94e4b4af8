"""``FilterLogEvents`` of CloudWatch Logs; moto ignores prefixes of streams and the order."""

from __future__ import annotations

import json
from typing import Any

from pennsieve_agent.sandbox.aws.rights.policy_check import Answer, failure
from pennsieve_agent.sandbox.aws.wire import AwsRequest

MOST = 10_000
"""Events on a page (``FilterLogEvents``)."""


def filter_log_events(request: AwsRequest, account: str) -> Answer:
    """A page of the events of a group's streams, by time. The caller holds the lock."""
    from moto.logs.models import logs_backends  # noqa: PLC0415 - slow

    parameters = request.parameters
    name = request.text("logGroupName") or request.text("logGroupIdentifier").split(":")[-1]
    group = logs_backends[account][request.region].groups.get(name)
    if group is None:
        text = "The specified log group does not exist."
        return failure("logs", 400, "ResourceNotFoundException", text)
    streams, prefix = parameters.get("logStreamNames"), request.text("logStreamNamePrefix")
    start, end = int(parameters.get("startTime") or 0), int(parameters.get("endTime") or 0)
    events = [
        event
        for stream in group.streams.values()
        if _is_selected(stream.log_stream_name, streams, prefix)
        for event in stream.filter_log_events(start, end, parameters.get("filterPattern") or "")
    ]
    events.sort(key=lambda event: int(event["timestamp"]))
    first, most = int(request.text("nextToken") or 0), int(parameters.get("limit") or MOST)
    page = events[first : first + most]
    body: dict[str, Any] = {"events": page, "searchedLogStreams": []}
    if first + most < len(events):
        body["nextToken"] = str(first + most)
    return Answer("200 OK", json.dumps(body).encode())


def _is_selected(stream: str, names: Any, prefix: str) -> bool:
    return stream in names if names else stream.startswith(prefix)
