"""Reading the log of a run by the streams of its attempts."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pennsieve_agent.node.records.run_record import JobKind, JobRecord, Phase, RunRecord
from pennsieve_agent.node.runs.run_logs import LATE_SECONDS, MOST_BYTES, LogReading
from pennsieve_agent.services.runs.follow_run import next_pause
from tests.node.world import RUN, World, step

SECOND = 1000
FOLLOWERS, CALLS_A_SECOND = 50, 10
"""Of GetLogEvents an account has at least as many in each Region."""


def attempt(log: str, began: float, ended: float) -> dict[str, Any]:
    return {"started": began, "ended": ended, "exitCode": 1, "reason": "", "log": log}


def job(name: str, began: float, ended: float = 0.0, *past: dict[str, Any]) -> JobRecord:
    status = "SUCCEEDED" if ended else "RUNNING"
    return JobRecord(
        name,
        name,
        JobKind.PROCESS,
        id=name,
        status=status,
        started=began,
        stopped=ended,
        log=f"run/{RUN}/{name}/default/last",
        past=list(past),
        attempts=[attempt(f"run/{RUN}/{name}/default/last", began, ended)] if ended else [],
    )


def read(world: World, record: RunRecord, limit: int = 10_000, **query: Any) -> list[str]:
    reading, told, token = LogReading(world.node(), record, **query), [], ""
    for _ in range(10_000):
        page = reading.page(limit, token, ())
        told += [f"{row['step']} {row['message']}" for row in page["messages"]]
        assert len(page["messages"]) <= limit
        token = page["next"]
        if not token:
            return told
    raise AssertionError("it has no end")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_all_lines_are_told_once_and_by_time(data: st.DataObject) -> None:
    """Of any streams, in pages of any size; of up to four at once by time."""
    world = World(page=data.draw(st.integers(1, 7)))
    jobs, lines = [], []
    for number in range(data.draw(st.integers(1, 4))):
        name = f"s{number}"
        times = sorted(data.draw(st.lists(st.integers(1, 40), max_size=12)))
        lines += [(f"run/{RUN}/{name}/default/last", at, f"{at} {i}") for i, at in enumerate(times)]
        jobs.append(job(name, 0.001, 1.0))
    world.lines = lines
    record = RunRecord(RUN, 0.0, jobs=jobs)
    told = read(world, record, data.draw(st.integers(1, 9)))
    assert sorted(told) == sorted(f"{stream.split('/')[2]} {text}" for stream, _, text in lines)
    times = [int(line.split()[1]) for line in told]
    assert times == sorted(times)


def test_many_streams_are_told_whole_and_each_in_order() -> None:
    world = World(page=3)
    chance = random.Random(7)  # noqa: S311 - no secret
    jobs = [job(f"s{n}", n / 10, n / 10 + 50) for n in range(30)]
    for row in jobs:
        times = sorted(chance.randrange(60_000) for _ in range(chance.randrange(9)))
        world.lines += [(row.log, at, f"{i}") for i, at in enumerate(times)]
    told = read(world, RunRecord(RUN, 0.0, jobs=jobs), 5)
    assert len(told) == len(world.lines)
    for row in jobs:
        own = [int(line.split()[1]) for line in told if line.startswith(f"{row.step} ")]
        assert own == list(range(len(own)))


def test_attempts_come_one_after_the_other_and_a_step_alone() -> None:
    world = World()
    first = f"run/{RUN}/a/default/first"
    record = RunRecord(RUN, 0.0, jobs=[job("a", 20, 30, attempt(first, 1, 9)), job("b", 2, 3)])
    world.lines = [
        (first, 5 * SECOND, "one"),
        (f"run/{RUN}/a/default/last", 25 * SECOND, "two"),
        (f"run/{RUN}/b/default/last", 3 * SECOND, "other"),
    ]
    assert read(world, record) == ["b other", "a one", "a two"]
    assert read(world, record, step="a") == ["a one", "a two"]
    assert read(world, record, since=20 * SECOND)[-1:] == ["a two"]


def test_a_page_has_no_more_than_an_answer_takes() -> None:
    world = World()
    record = RunRecord(RUN, 0.0, jobs=[job("a", 1, 9), job("b", 1, 9)])
    text = "x" * (MOST_BYTES // 3)
    world.lines = [(row.log, number, text) for row in record.jobs for number in range(4)]
    page = LogReading(world.node(), record).page(10_000, "", ())
    assert sum(len(row["message"]) for row in page["messages"]) <= MOST_BYTES
    assert len(read(world, record)) == 8


def test_fifty_people_follow_within_what_an_account_may_ask() -> None:
    """Each a run with a step that runs and a hundred that are over."""
    world = World()
    done = [job(f"s{n}", n, n + 1) for n in range(100)]
    record = RunRecord(RUN, 0.0, Phase.RUNNING, jobs=[*done, job("now", 200)])
    now = int(world.clock)
    for row in done:
        row.attempts[0]["ended"] = row.stopped = now - 3 * LATE_SECONDS
    seconds = 60
    looks = int(seconds / next_pause(0.0, 60.0))
    for look in range(looks * FOLLOWERS):
        world.lines.append((record.jobs[-1].log, now * SECOND + look, "."))
        LogReading(world.node(), record, since=int(now - LATE_SECONDS) * SECOND).page(9, "", ())
    assert world.calls["logs.get_log_events"] <= CALLS_A_SECOND * seconds
    assert not world.calls["logs.filter_log_events"]


def test_a_token_of_another_log_is_refused() -> None:
    world = World()
    world.start_own()
    with pytest.raises(ValueError, match="token"):
        LogReading(world.node(), RunRecord(RUN, 0.0)).page(1, "[1]", ())


def test_the_log_of_a_run_of_the_former_version_is_read() -> None:
    world = World(dag=[step("in", kind="data-source"), step("work", "in")])
    old = job("work", 1, 9)
    old.log = ""
    del old.attempts[0]["log"]
    world.lines = [(f"run/{RUN}/work/default/{n}", n, f"line {n}") for n in range(9)]
    told = read(world, RunRecord(RUN, 0.0, jobs=[old]), 4)
    assert told == [f"work line {n}" for n in range(9)]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_filter_answers_what_all_lines_have_that_fit(data: st.DataObject) -> None:
    """Whatever the bounds, the attempt and the pages."""
    world = World(page=data.draw(st.integers(1, 7)))
    first, last = (f"run/{RUN}/a/default/{name}" for name in ("first", "last"))
    begun = {first: 100, last: 300, f"run/{RUN}/b/default/last": 200}
    for stream, at in begun.items():
        times = sorted(data.draw(st.lists(st.integers(1, 99), max_size=9)))
        words = data.draw(st.lists(st.sampled_from("xyz"), min_size=9, max_size=9))
        rows = zip(times, words, strict=False)
        world.lines += [(stream, (at + t) * SECOND, f"{word} {t}") for t, word in rows]
    tried = attempt(first, 100, 199)
    record = RunRecord(RUN, 0.0, jobs=[job("a", 300, 399, tried), job("b", 200, 299)])
    since, until = (data.draw(st.integers(0, 450)) * SECOND for _ in range(2))
    number, word = data.draw(st.integers(0, 2)), data.draw(st.sampled_from(["", "x"]))
    told = read(world, record, 3, since=since, until=until, attempt=number, word=word)
    attempts = {first: 1, last: 2}
    fit = [
        (at, f"{stream.split('/')[2]} {text}")
        for stream, at, text in world.lines
        if at >= since
        and (not until or at < until)
        and number in {0, attempts.get(stream, 1)}
        and word in text
    ]
    assert sorted(told) == sorted(text for _, text in fit)
    count = data.draw(st.integers(1, 12))
    if not word:
        reading = LogReading(world.node(), record, "", since, until, number)
        answered = reading.last(count, ())["messages"]
        times = [row["timestamp"] for row in answered]
        assert times == sorted(at for at, _ in fit)[-count:]


def test_what_is_masked_cannot_be_searched_for() -> None:
    world = World()
    record = RunRecord(RUN, 0.0, jobs=[job("a", 1, 9)])
    world.lines = [
        (record.jobs[0].log, 2 * SECOND, "key hunter22 read"),
        (record.jobs[0].log, 3 * SECOND, "end"),
    ]
    for word, count in (("hunter", 0), ("key", 1)):
        page = LogReading(world.node(), record, word=word).page(9, "", ["hunter22"])
        assert len(page["messages"]) == count


def test_the_last_lines_need_no_stream_that_ended_long_before() -> None:
    world = World()
    record = RunRecord(RUN, 0.0, jobs=[job(f"s{n}", n * 1000, n * 1000 + 9) for n in range(20)])
    for row in record.jobs:
        world.lines += [(row.log, int(row.started + n) * SECOND, f"{n}") for n in range(9)]
    answered = LogReading(world.node(), record).last(5, ())["messages"]
    assert [row["message"] for row in answered] == ["4", "5", "6", "7", "8"]
    assert world.calls["logs.get_log_events"] == 1
