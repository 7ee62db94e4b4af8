"""``FilterLogEvents`` and ``GetLogEvents`` of CloudWatch Logs, of jobs' streams and moto's own.

moto ignores prefixes of streams and the order of events.
"""

from __future__ import annotations

import json
import re
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
_FORWARD = re.compile(r"f/(\d+)\.(\d+)", re.ASCII)
_BACKWARD = re.compile(r"b/\d+", re.ASCII)
_ALL = 10**9
_TOKEN = re.compile(r"\d+", re.ASCII)
_TOKEN_OF_JOBS = re.compile(r"\d+\.\d+\.\d+", re.ASCII)


def log_events(request: AwsRequest, account: str, logs: JobLog, lock: Lock) -> Answer | None:
    """What either operation answers; None leaves it to moto."""
    if request.operation == "GetLogEvents":
        return get_log_events(request, account, logs)
    return filter_log_events(request, account, logs, lock)


def filter_log_events(request: AwsRequest, account: str, logs: JobLog, lock: Lock) -> Answer:
    """A page of the events of a group's streams, by time."""
    from moto.logs.models import logs_backends  # noqa: PLC0415 - slow

    name = request.text("logGroupName") or request.text("logGroupIdentifier").split(":")[-1]
    chosen = _choice(request.parameters.get("logStreamNames"), request.text("logStreamNamePrefix"))
    streams = logs.streams(f"{account} {request.region} {name}", chosen)
    if fault := _fault(request, of_jobs=bool(streams)):
        return failure("logs", 400, "InvalidParameterException", fault)
    with lock:
        group = logs_backends[account][request.region].groups.get(name)
        if group is None:
            text = "The specified log group does not exist."
            return failure("logs", 400, "ResourceNotFoundException", text)
        events = [] if streams else _events_of_moto(group, chosen, request.parameters)
    body = _page_of_jobs(logs, streams, request) if streams else _page(events, request)
    return Answer("200 OK", json.dumps({**body, "searchedLogStreams": []}).encode())


def get_log_events(request: AwsRequest, account: str, logs: JobLog) -> Answer | None:
    """A page of one stream from its beginning or end on; None for a stream that no job writes.

    The token of its end is answered again when nothing follows (``GetLogEvents``).
    """
    name = request.text("logGroupName") or request.text("logGroupIdentifier").split(":")[-1]
    stream = request.text("logStreamName")
    places = logs.streams(f"{account} {request.region} {name}", lambda other: other == stream)
    if not places:
        return None
    token = request.text("nextToken")
    if not request.parameters.get("startFromHead"):
        return _from_the_end(request, logs, places, token)
    if token and not _FORWARD.fullmatch(token):
        return failure("logs", 400, "InvalidParameterException", "nextToken is invalid.")
    if not 1 <= _most(request) <= MOST:
        return failure("logs", 400, "InvalidParameterException", "limit is invalid.")
    (number,) = places
    moment, last = (int(word) for word in _FORWARD.fullmatch(token or "f/0.0").groups())  # type: ignore[union-attr]
    parameters = request.parameters
    begin, end = int(parameters.get("startTime") or 0), int(parameters.get("endTime") or 0)
    rows = logs.lines(
        places, (moment, number, last - 1), begin, end - 1 if end else 0, _most(request)
    )
    events, size = list[dict[str, Any]](), 0
    for at, _, seq, message in rows:
        size += len(message.encode()) + _OVERHEAD
        if events and size > MOST_BYTES:
            break
        moment, last = at, seq + 1
        events.append({"timestamp": at, "message": message, "ingestionTime": at})
    tokens = {"nextForwardToken": f"f/{moment}.{last}", "nextBackwardToken": "b/0.0"}
    return Answer("200 OK", json.dumps({"events": events, **tokens}).encode())


def _from_the_end(request: AwsRequest, logs: JobLog, places: Any, token: str) -> Answer:
    """The page before a token, or the last; its lines are by time, too (``GetLogEvents``)."""
    if (token and not _BACKWARD.fullmatch(token)) or not 1 <= _most(request) <= MOST:
        return failure("logs", 400, "InvalidParameterException", "nextToken is invalid.")
    (number,) = places
    begin, end = (int(request.parameters.get(name) or 0) for name in ("startTime", "endTime"))
    rows = list(logs.lines(places, (0, number, -1), begin, end - 1 if end else 0, _ALL))
    stop = min(int(token[2:]), len(rows)) if token else len(rows)
    first, size = stop, 0
    while first > max(stop - _most(request), 0):
        size += len(rows[first - 1][3].encode()) + _OVERHEAD
        if first < stop and size > MOST_BYTES:
            break
        first -= 1
    events = [
        {"timestamp": at, "message": message, "ingestionTime": at}
        for at, _, _, message in rows[first:stop]
    ]
    tokens = {"nextForwardToken": "f/0.0", "nextBackwardToken": f"b/{first}"}
    return Answer("200 OK", json.dumps({"events": events, **tokens}).encode())


def _fault(request: AwsRequest, *, of_jobs: bool) -> str:
    """Why AWS refuses a request; empty if it does not (``FilterLogEvents``)."""
    if request.parameters.get("logStreamNames") and request.text("logStreamNamePrefix"):
        return "LogStreamNames and logStreamNamePrefix cannot be given together."
    if not 1 <= _most(request) <= MOST:
        return f"'limit' must have a value from 1 to {MOST}."
    token = request.text("nextToken")
    if token and not (_TOKEN_OF_JOBS if of_jobs else _TOKEN).fullmatch(token):
        return "The specified nextToken is invalid."
    return ""


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
    from moto.logs.utils import EventMessageFilter  # noqa: PLC0415 - slow

    parameters, token = request.parameters, request.text("nextToken")
    after = START
    if token:
        moment, part, line = (int(word) for word in token.split("."))
        after = (moment, part, line)
    begin, end = int(parameters.get("startTime") or 0), int(parameters.get("endTime") or 0)
    pattern = EventMessageFilter(request.text("filterPattern"))
    most, size, events = _most(request), 0, list[dict[str, Any]]()
    rows = logs.lines(streams, after, begin, end, most + 1)
    for read, (at, stream, number, message) in enumerate(rows):
        matches = pattern.matches(message)
        size += len(message.encode()) + _OVERHEAD if matches else 0
        if read == most or (events and size > MOST_BYTES):
            return {"events": events, "nextToken": ".".join(map(str, after))}
        after = (at, stream, number)
        if not matches:
            continue
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
    return int(request.parameters.get("limit", MOST))
