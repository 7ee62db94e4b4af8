"""Many runs at once on one node, with the calls counted against what AWS allows.

What AWS allows in one account and region ("Service quotas" of each service, 2026-11): Batch takes
50 ``SubmitJob`` a second and 20 dependencies of a job; ``DescribeJobs`` takes 100 ids; S3 Files
has 10,000 access points on a file system; a function runs for 900 seconds, and ours once at a time.
"""

from __future__ import annotations

import json
import os
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.node.world import FINAL, RUN, TOKEN, Reply, World

RUNS = 500 if "SOAK" in os.environ else 100
"""As many as ``make soak`` tries; what is counted is the same for each run."""
CALLS_A_RUN = 190
"""Two thirds of them are DynamoDB's, at a millionth of a dollar each."""
SUBMITS_A_SECOND = 50
ACCESS_POINTS = 10_000
FUNCTION_SECONDS = 900
CALL_SECONDS = 0.05
"""What a call to AWS takes at most, on the whole; DynamoDB's and Batch's take a fifth of it."""


def run_id(number: int) -> str:
    return f"{number:08x}{RUN[8:]}"


@dataclass
class Fleet(World):
    """A node with many runs."""

    statuses: dict[str, str] = field(default_factory=dict)
    finals: Counter[str] = field(default_factory=Counter)

    def begin_run(self, run: str) -> None:
        self.statuses[run] = "NOT_STARTED"
        body = {"runId": run, "token": TOKEN, "nodeId": "n"}
        assert self.ask("POST", "/runs", body)["status"] == 202

    def open_url(self, request: urllib.request.Request, seconds: float) -> Any:
        del seconds
        run = str(request.get_header("Authorization")).split(":")[1]
        return self.call("platform", lambda: self._of(run, request))

    def _of(self, run: str, request: urllib.request.Request) -> Any:
        path = request.full_url.removeprefix("http://api2").partition("?")[0]
        if path == "/applications/store/registry":
            return Reply({"imageUrl": "registry/image:1"})
        if request.get_method() == "GET":
            return Reply({**self.shown(), "uuid": run})
        assert self.statuses[run] not in FINAL, "told twice how it ended"
        if path.endswith(f"{run}/status"):
            assert isinstance(request.data, bytes)
            self.statuses[run] = json.loads(request.data)["status"]
            self.finals[run] += self.statuses[run] in FINAL
        return Reply({"message": "ok"})


def deliver_all(fleet: Fleet) -> None:
    """Hand over what waits, the oldest first."""
    while fleet.events:
        fleet.deliver(fleet.events.pop(0))


def aws(calls: Counter[str]) -> int:
    return sum(count for name, count in calls.items() if name != "platform")


def test_many_runs_at_once_end_once_each_with_few_calls() -> None:
    fleet = Fleet()
    runs = [run_id(number) for number in range(RUNS)]
    for run in runs:
        fleet.begin_run(run)
    deliver_all(fleet)
    assert fleet.calls["batch.submit_job"] == 3 * RUNS
    assert len(fleet.access_points) <= ACCESS_POINTS, "a node would need a second file system"
    # One after the other, by one function, no faster than its calls let it be.
    assert 3 * RUNS / (aws(fleet.calls) * CALL_SECONDS) < SUBMITS_A_SECOND

    before = fleet.calls.copy()
    fleet.tick()
    look = fleet.calls - before
    assert look["batch.describe_jobs"] <= RUNS
    assert aws(look) * CALL_SECONDS < FUNCTION_SECONDS, f"one look at all is too long: {look}"

    fleet.finish_all()
    fleet.tick()
    assert set(fleet.statuses.values()) == {"SUCCEEDED"}
    assert set(fleet.finals.values()) == {1}
    assert fleet.left() == {}
    assert not fleet.schedule
    each = aws(fleet.calls) / RUNS
    assert each < CALLS_A_RUN, f"{each} calls to AWS for each run: {fleet.calls}"
