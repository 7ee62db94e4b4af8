"""How much one request may hold: keys to delete, and events of a log.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html: "up to 1000 keys", and
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html. That a
request has 10,000 events at most is in the model.
"""

from __future__ import annotations

from itertools import pairwise

from pennsieve_agent.sandbox.aws.limits.refused import Refused
from pennsieve_agent.sandbox.aws.wire import AwsRequest

MOST_KEYS = 1000
MOST_BATCH = MOST_LINE = 1_048_576
"""Bytes of all events and of one, in UTF-8; each counts 26 more in a batch."""
EVENT_OVERHEAD = 26
DAY_MS = 24 * 3600 * 1000


def _delete(request: AwsRequest, _: str, __: bytes) -> None:
    if len(request.parameters.get("Objects") or ()) > MOST_KEYS:
        text = "The XML you provided was not well-formed or did not validate against our published"
        raise Refused("MalformedXML", f"{text} schema")


def _log(request: AwsRequest, _: str, __: bytes) -> None:
    events = request.parameters.get("logEvents") or ()
    sizes = [len(str(event["message"]).encode()) for event in events]
    batch = sum(sizes) + EVENT_OVERHEAD * len(sizes)
    times = [int(event["timestamp"]) for event in events]
    if max(sizes, default=0) > MOST_LINE:
        raise Refused("InvalidParameterException", f"Log event too large: {max(sizes)} bytes")
    if batch > MOST_BATCH:
        text = f"Upload too large: {batch} bytes exceeds limit of {MOST_BATCH}"
        raise Refused("InvalidParameterException", text)
    if any(later < earlier for earlier, later in pairwise(times)):
        text = "Log events in a single PutLogEvents request must be in chronological order."
        raise Refused("InvalidParameterException", text)
    if times and times[-1] - times[0] > DAY_MS:
        text = "The batch of log events in a single PutLogEvents request cannot span more than 24"
        raise Refused("InvalidParameterException", f"{text} hours.")


RULES = {("s3", "DeleteObjects"): _delete, ("logs", "PutLogEvents"): _log}
