"""Answers to transfer jobs that are larger than a function's answer may be.

A list of a folder's files, or a receipt with all of them, goes by way of the node's bucket, where
only transfers and the relay read it. It holds signed addresses, so it is deleted the next
day, by the bucket's own rules.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.node.node import Node

MOST_BYTES = 5 * 1024 * 1024
"""Of an answer; a synchronous invocation takes 6 MB
(https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""
ANSWERS = "runs/answers/"


def as_sent(node: Node, answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as a function gives it; the body of a large one is ``place``, its key."""
    data = json.dumps(answer.get("body")).encode()
    if len(data) <= MOST_BYTES:
        return dict(answer)
    bucket, place = node.settings.bucket, f"{ANSWERS}{hashlib.sha256(data).hexdigest()}.json"
    node.client("s3").put_object(Bucket=bucket, Key=place, Body=data)
    return {name: value for name, value in answer.items() if name != "body"} | {
        "bucket": bucket,
        "place": place,
    }
