"""What runs do, whichever machine runs their steps: the same sentences for each."""

from __future__ import annotations

import sys

import pytest

from tests.sandbox.behaviours.bench import LAYER_TARGET, SECRET, Bench


def test_it_succeeds_and_delivers_once(bench: Bench) -> None:
    run = bench.run({"a": "", "b": "a"})
    assert set(bench.end(run).values()) == {"SUCCEEDED"}
    assert bench.results(1) == {"b-a-x.txt": "start.ab"}
    assert bench.lines(run, "b") == [
        *(f"line {number}" for number in range(20)),
        "tokens seen: []",
        "word: none",
        "done",
    ]


def test_a_failing_middle_step_fails_the_run_and_what_follows_never_starts(bench: Bench) -> None:
    run = bench.run({"a": "", "b": "a", "c": "b"}, b="fail")
    states = bench.end(run)
    shown = bench.agent("run", "show", run, "--json").document
    assert "exit code 3" in shown["reason"]
    assert "exit code 3" in bench.agent("run", "show", run).out
    assert states == {
        "": "FAILED",
        "in": "SUCCEEDED",
        "a": "SUCCEEDED",
        "b": "FAILED",
        "c": "SKIPPED",
        "out": "SKIPPED",
    }
    assert bench.results(0) == {}


def test_a_diamond_merges_what_its_branches_made(bench: Bench) -> None:
    run = bench.run({"a": "", "b": "a", "c": "a", "d": "b c"})
    assert bench.end(run)[""] == "SUCCEEDED"
    assert bench.results(2) == {"d-b-a-x.txt": "start.abd", "d-c-a-x.txt": "start.acd"}


def test_secrets_reach_the_program_and_no_log(bench: Bench) -> None:
    bench.set_secret(SECRET)
    assert bench.user.ask("GET", "/secrets", {"scope": "user"})["keys"] == ["WORD"]
    run = bench.run({"a": ""})
    assert bench.end(run)[""] == "SUCCEEDED"
    assert "word: ***" in bench.lines(run, "a")
    bench.user.ask("DELETE", "/secrets", {"scope": "user", "deleteAll": "true"})
    assert bench.user.ask("GET", "/secrets", {"scope": "user"})["keys"] == []


def test_cancel_ends_what_runs_and_what_waits(bench: Bench) -> None:
    run = bench.run({"a": "", "b": "a"}, a="hold")
    bench.started(run, "a")
    bench.runs.cancel(run)
    states = bench.end(run)
    assert (states[""], states["a"]) == ("CANCELED", "CANCELED")
    assert states["b"] in {"SKIPPED", "CANCELED"}
    assert bench.results(0) == {}


def test_two_hundred_files_arrive(bench: Bench) -> None:
    run = bench.run({"a": ""}, a="many")
    assert bench.end(run)[""] == "SUCCEEDED"
    found = bench.results(201)
    assert len(found) == 201
    assert found["199.dat"] == "199"


@pytest.mark.parametrize(("retries", "attempts"), [(0, 1), (1, 2)])
def test_a_failing_program_is_tried_as_often_as_was_asked_for(
    bench: Bench, retries: int, attempts: int
) -> None:
    run = bench.run({"a": "", "b": "a"}, {"retries": retries}, a="fail")
    states = bench.end(run)
    assert (states[""], states["a"], states["b"]) == ("FAILED", "FAILED", "SKIPPED")
    assert bench.lines(run, "a").count("line 0") == attempts
    assert "exit code 3" in bench.agent("run", "show", run, "--json").document["reason"]


def test_a_run_that_costs_too_much_ends_and_says_so(bench: Bench) -> None:
    run = bench.run({"a": ""}, {"maxCost": 0.000001}, a="hold")
    assert bench.end(run)[""] == "FAILED"
    shown = bench.agent("run", "show", run).out
    assert "the cost limit of the run, 0.000001 USD, was reached" in shown
    waited = bench.agent("run", "wait", run)
    assert (waited.code, "failed: the cost limit of the run" in waited.err) == (3, True)


def test_memory_is_bounded_where_the_machine_can_bound_it(bench: Bench) -> None:
    if bench.state.engine == "process" and sys.platform != "linux":  # nobody can tell its memory
        assert "memory" in bench.agent("sandbox", "status", "--data", str(bench.box.data)).out
        return
    run = bench.run({"a": ""}, a="hog")
    assert bench.end(run)["a"] == "FAILED"
    assert "memory" in bench.agent("run", "show", run, "--json").document["reason"]


def test_a_layer_is_filled_once_and_read_by_others(bench: Bench) -> None:
    run = bench.run({"a": ""}, target=(LAYER_TARGET, {"layerName": "atlas"}))
    assert bench.end(run)[""] == "SUCCEEDED"
    reading = bench.run({"b": ""}, layers=("atlas",))
    assert bench.end(reading)[""] == "SUCCEEDED"
    assert "layer atlas/a-x.txt start.a" in bench.lines(reading, "b")
