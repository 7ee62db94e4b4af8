"""The log of a job's container: its two ends are kept, and pages are as large as AWS's."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.logs.models import logs_backends

from pennsieve_agent.sandbox.aws.batch import job_log
from pennsieve_agent.sandbox.aws.batch.job_log import START, JobLog
from pennsieve_agent.sandbox.aws.batch.jobs import Job
from pennsieve_agent.sandbox.aws.log_events import filter_log_events, get_log_events
from pennsieve_agent.sandbox.aws.wire import AwsRequest
from pennsieve_agent.sandbox.host.store import Store

ACCOUNT, REGION, GROUP = "111122223333", "us-east-1", "/lab"
PLACE = f"{ACCOUNT} {REGION} {GROUP}"
LOCK = threading.RLock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    logs_backends[ACCOUNT][REGION].create_log_group(GROUP, {})
    store = Store(tmp_path / "state.db", [job_log.SCHEMA])
    yield store
    store.close()
    logs_backends[ACCOUNT][REGION].delete_log_group(GROUP)


def job(step: str) -> Job:
    container = {"logConfiguration": {"options": {"awslogs-group": GROUP}}}
    arn = f"arn:aws:batch:{REGION}:{ACCOUNT}:job/{step}"
    stream = f"run/r/{step}/default/1"
    return Job(step, arn, step, "q", "d", 0, container, stream=stream)


def write(logs: JobLog, step: str, *lines: str) -> None:
    with logs.writer(job(step)) as take:
        for line in lines:
            take(line)


def texts(logs: JobLog) -> list[str]:
    streams = logs.streams(PLACE, lambda _: True)
    return [line[-1] for line in logs.lines(streams, START, 0, 0, 1 << 30)]


def pages(logs: JobLog, **more: Any) -> Iterator[list[dict[str, Any]]]:
    parameters: dict[str, Any] = {"logGroupName": GROUP, "logStreamNamePrefix": "run/r/", **more}
    while True:
        request = AwsRequest("logs", REGION, "", "", "FilterLogEvents", parameters)
        body = json.loads(filter_log_events(request, ACCOUNT, logs, LOCK).body)
        yield body["events"]
        if "nextToken" not in body:
            return
        parameters["nextToken"] = body["nextToken"]


def test_the_beginning_and_the_end_are_kept(store: Store) -> None:
    logs = JobLog(store, LOCK, lambda: 1e9, kept=100_000)
    write(logs, "work", *(f"{number:09}" for number in range(40_000)), "ValueError: THE REASON")
    lines = texts(logs)
    assert lines[0] == f"{0:09}"
    assert lines[-1] == "ValueError: THE REASON"
    assert sum(map(len, lines)) < 250_000
    (gap,) = [line for line in lines if "left out" in line]
    kept = [int(line) for line in lines if line.isdigit()]
    assert f" {40_000 - len(kept)} lines are left out here" in gap
    at = lines.index(gap)
    assert kept == [*range(at), *range(40_000 - (len(kept) - at), 40_000)]


def test_the_lines_of_a_small_log_are_all_there(store: Store) -> None:
    logs = JobLog(store, LOCK, lambda: 1e9)
    write(logs, "work", "x" * 250_000, "", "\udcff")
    assert texts(logs) == ["x" * 250_000, " ", "?"]


def test_pages_follow_each_other_without_a_gap(store: Store) -> None:
    times = iter(range(10_000))
    logs = JobLog(store, LOCK, lambda: 1e9 + next(times) // 7)
    write(logs, "one", *(f"one {number}" for number in range(50)))
    write(logs, "two", *(f"two {number}" for number in range(50)))
    whole = [event for page in pages(logs) for event in page]
    parts = list(pages(logs, limit=7))
    assert [len(page) for page in parts] == [7] * 14 + [2]
    assert [event for page in parts for event in page] == whole
    assert [e["message"] for e in whole if "one" in e["message"]] == [f"one {n}" for n in range(50)]
    assert len({event["eventId"] for event in whole}) == 100
    (late,) = pages(logs, startTime=whole[60]["timestamp"])
    assert late == [event for event in whole if event["timestamp"] >= whole[60]["timestamp"]]


def test_a_page_has_a_megabyte_at_most(store: Store) -> None:
    logs = JobLog(store, LOCK, lambda: 1e9)
    write(logs, "work", *("x" * 240_000 for _ in range(9)), "z")
    sizes = [[len(event["message"]) for event in page] for page in pages(logs)]
    assert sizes == [[240_000] * 4, [240_000] * 4, [240_000, 1]]


def test_no_event_is_larger_than_the_log_driver_makes_them(store: Store) -> None:
    logs = JobLog(store, LOCK, lambda: 1e9)
    line = "x" + "\ufffd" * 400_000
    write(logs, "work", line, "z")
    *pieces, last = texts(logs)
    assert ("".join(pieces), last) == (line, "z")
    assert [len(piece.encode()) for piece in pieces] == [262_117, *[262_116] * 3, 151_536]


def test_the_bytes_of_the_two_ends_are_counted(store: Store) -> None:
    logs = JobLog(store, LOCK, lambda: 1e9, kept=2_000_000)
    write(logs, "work", *("\ufffd" * 300_000 for _ in range(20)))
    assert sum(len(line.encode()) for line in texts(logs)) < 6_000_000


def test_words_are_looked_for(store: Store) -> None:
    logs = JobLog(store, LOCK, lambda: 1e9)
    write(logs, "work", *("Error" if n % 5 == 4 else "fine" for n in range(10)))
    found = list(pages(logs, limit=5, filterPattern="Error"))
    assert [[event["message"] for event in page] for page in found] == [["Error"], ["Error"]]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"limit": 10_001}, "from 1 to 10000"),
        ({"limit": 0}, "from 1 to 10000"),
        ({"nextToken": "next"}, "nextToken is invalid"),
        ({"nextToken": "1.2"}, "nextToken is invalid"),
        ({"nextToken": "7"}, "nextToken is invalid"),
        ({"logStreamNames": ["run/r/work/default/1"]}, "cannot be given together"),
    ],
)
def test_what_cloudwatch_refuses(store: Store, more: dict[str, Any], said: str) -> None:
    logs = JobLog(store, LOCK, lambda: 1e9)
    write(logs, "work", "line")
    parameters = {"logGroupName": GROUP, "logStreamNamePrefix": "run/r/", **more}
    request = AwsRequest("logs", REGION, "", "", "FilterLogEvents", parameters)
    answer = filter_log_events(request, ACCOUNT, logs, LOCK)
    assert answer.status.startswith("400")
    assert json.loads(answer.body)["__type"] == "InvalidParameterException"
    assert said in json.loads(answer.body)["message"]


def test_lines_of_an_earlier_version_are_kept(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "old.db") as old:
        old.execute(
            "CREATE TABLE job_log (seq INTEGER PRIMARY KEY, place, stream, timestamp, message)"
        )
        old.execute("INSERT INTO job_log VALUES (5, ?, 'run/r/s/default/1', 9, 'old')", (PLACE,))
    old.close()
    for _ in range(2):
        store = Store(tmp_path / "old.db", [job_log.SCHEMA])
        assert texts(JobLog(store, LOCK, lambda: 1e9)) == ["old"]
        store.close()


def test_lines_of_a_group_that_is_gone_are_dropped(store: Store) -> None:
    logs = JobLog(store, LOCK, lambda: 1e9)
    write(logs, "work", "kept")
    logs.start()
    assert texts(logs) == ["kept"]
    logs_backends[ACCOUNT][REGION].delete_log_group(GROUP)
    logs.start()
    assert texts(logs) == []
    logs_backends[ACCOUNT][REGION].create_log_group(GROUP, {})


def of_stream(logs: JobLog, **more: Any) -> dict[str, Any]:
    parameters = {"logGroupName": GROUP, "logStreamName": "run/r/work/default/1", **more}
    request = AwsRequest("logs", REGION, "", "", "GetLogEvents", parameters)
    answer = get_log_events(request, ACCOUNT, logs)
    assert answer is not None
    body: dict[str, Any] = json.loads(answer.body)
    return body


def test_one_stream_is_read_from_its_beginning_and_its_end_told_by_its_token(store: Store) -> None:
    logs = JobLog(store, LOCK, lambda: 1e9)
    write(logs, "work", *(f"line {number}" for number in range(5)))
    write(logs, "other", "another stream")
    told, token = [], ""
    while True:
        more = {"nextToken": token} if token else {}
        page = of_stream(logs, limit=2, startFromHead=True, **more)
        told += [event["message"] for event in page["events"]]
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]
    assert told == [f"line {number}" for number in range(5)]
    wrong = of_stream(logs, startFromHead=True, nextToken="x")
    assert "InvalidParameterException" in json.dumps(wrong)
