"""``FilterLogEvents`` of CloudWatch Logs; moto ignores prefixes of streams and the order."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pennsieve_agent.sandbox.aws.batch.job_log import START, JobLog
from pennsieve_agent.sandbox.aws.rights.policy_check import Answer, failure
from pennsieve_agent.sandbox.aws.rights.role_sessions import Lock
from pennsieve_agent.sandbox.aws.wire import AwsRequest

MOST = 10_000
"""Events on a page (``FilterLogEvents``)."""
MOST_BYTES = 1_000_000
"""Of a page (the same); the first event is always on it."""
_OVERHEAD = 26
"""Bytes that each event counts beside its message (``PutLogEvents``)."""


def filter_log_events(request: AwsRequest, account: str, logs: JobLog, lock: Lock) -> Answer:
    """A page of the events of a group's streams, by time."""
    from moto.logs.models import logs_backends  # noqa: PLC0415 - slow

    name = request.text("logGroupName") or request.text("logGroupIdentifier").split(":")[-1]
    with lock:
        group = logs_backends[account][request.region].groups.get(name)
        if group is None:
            text = "The specified log group does not exist."
            return failure("logs", 400, "ResourceNotFoundException", text)
        chosen = _choice(
            request.parameters.get("logStreamNames"), request.text("logStreamNamePrefix")
        )
        events = _events_of_moto(group, chosen, request.parameters)
    streams = logs.streams(f"{account} {request.region} {name}", chosen)
    body = _page_of_jobs(logs, streams, request) if streams else _page(events, request)
    return Answer("200 OK", json.dumps({**body, "searchedLogStreams": []}).encode())


def _choice(names: Any, prefix: str) -> Callable[[str], bool]:
    return lambda stream: stream in names if names else stream.startswith(prefix)


def _events_of_moto(
    group: Any, chosen: Callable[[str], bool], parameters: Mapping[str, Any]
) -> list[Any]:
    start, end = int(parameters.get("startTime") or 0), int(parameters.get("endTime") or 0)
    events = [
        event
        for stream in group.streams.values()
        if chosen(stream.log_stream_name)
        for event in stream.filter_log_events(start, end, parameters.get("filterPattern") or "")
    ]
    return sorted(events, key=lambda event: int(event["timestamp"]))


def _page(events: list[Any], request: AwsRequest) -> dict[str, Any]:
    first, most = int(request.text("nextToken") or 0), _most(request)
    body: dict[str, Any] = {"events": events[first : first + most]}
    if first + most < len(events):
        body["nextToken"] = str(first + most)
    return body


def _page_of_jobs(logs: JobLog, streams: dict[int, str], request: AwsRequest) -> dict[str, Any]:
    parameters, token = request.parameters, request.text("nextToken")
    after = START
    if token:
        moment, part, line = (int(word) for word in token.split("."))
        after = (moment, part, line)
    begin, end = int(parameters.get("startTime") or 0), int(parameters.get("endTime") or 0)
    most, size, events = _most(request), 0, list[dict[str, Any]]()
    for at, stream, number, message in logs.lines(streams, after, begin, end, most + 1):
        size += len(message.encode()) + _OVERHEAD
        if events and (len(events) == most or size > MOST_BYTES):
            return {"events": events, "nextToken": ".".join(map(str, after))}
        after = (at, stream, number)
        event = {
            "logStreamName": streams[stream],
            "timestamp": at,
            "message": message,
            "ingestionTime": at,
            "eventId": f"{at:020d}{stream:010d}{number:026d}",
        }
        events.append(event)
    return {"events": events}


def _most(request: AwsRequest) -> int:
    return int(request.parameters.get("limit") or MOST)
