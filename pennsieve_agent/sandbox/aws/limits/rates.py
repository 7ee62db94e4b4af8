"""How often an account may ask: a bucket of tokens for each operation, account and region.

AWS gives each operation so many requests a second, and answers the others with a throttling error
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html,
https://docs.aws.amazon.com/general/latest/gr/cwl_region.html and
https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html). Where regions differ, the
smaller number counts.
"""

from __future__ import annotations

from collections.abc import Callable

from pennsieve_agent.sandbox.aws.rights.policy_check import Answer, failure
from pennsieve_agent.sandbox.aws.wire import AwsRequest

PER_SECOND = {
    ("logs", "FilterLogEvents"): 5,
    ("logs", "GetLogEvents"): 25,
    ("logs", "DescribeLogGroups"): 5,
    ("logs", "DescribeLogStreams"): 5,
    ("batch", "SubmitJob"): 50,
}
"""Requests a second, for each account and region."""
_CODES = {"logs": "ThrottlingException", "batch": "TooManyRequestsException"}


class Rates:
    """Counts requests. ``now`` is in seconds. The caller holds a lock."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._left: dict[tuple[str, str, str, str], tuple[float, float]] = {}

    def refusal(self, request: AwsRequest, account: str) -> Answer | None:
        """AWS's answer to one request too many; None while there is room."""
        most = PER_SECOND.get((request.service, request.operation))
        if most is None:
            return None
        place = (account, request.region, request.service, request.operation)
        now = self._now()
        left, then = self._left.get(place, (float(most), now))
        left = min(float(most), left + max(now - then, 0.0) * most)
        self._left[place] = (left - 1 if left >= 1 else left, now)
        if left >= 1:
            return None
        return failure(request.service, 400, _CODES[request.service], "Rate exceeded")
