from __future__ import annotations

import errno
import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from pennsieve_agent.domain.plans import JobKind, RunPlan
from pennsieve_agent.engine.backend import Log, Outcome, Task
from pennsieve_agent.engine.files import job_folders
from pennsieve_agent.engine.runner import Observer, RunResult, execute
from pennsieve_agent.errors import EngineError, SourceError
from tests.engine.make import (
    LIMIT_SECONDS,
    FakeBackend,
    FakeMover,
    Heard,
    make_plan,
    programs,
)

CHAIN = make_plan(
    {"src": (), "first": ("src",), "second": ("first",), "out": ("second",)},
    src=JobKind.STAGE_IN,
    out=JobKind.TARGET,
)
DIAMOND = make_plan({"top": (), "left": ("top",), "right": ("top",), "end": ("left", "right")})
PAIR = make_plan({"one": (), "two": ()})


@dataclass
class Bench:
    """Everything a run needs, in a folder of its own."""

    workdir: Path
    backend: FakeBackend
    mover: FakeMover
    heard: Heard
    stop: threading.Event

    def execute(self, plan: RunPlan, done: frozenset[str] = frozenset()) -> RunResult:
        observer: Observer = self.heard
        return execute(
            plan,
            self.backend,
            programs(plan),
            self.mover,
            self.workdir,
            observer,
            self.stop,
            done,
            workers=4,
        )

    def output(self, job_id: str) -> Path:
        return job_folders(self.workdir, job_id).output


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "work", FakeBackend(), FakeMover(), Heard(), threading.Event())


def job_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("job")]


def until_stopped(task: Task, log: Log, stop: threading.Event) -> Outcome:
    log(f"{task.job.id} waits")
    return Outcome(143, "stopped") if stop.wait(LIMIT_SECONDS) else Outcome(0)


def test_a_chain_runs_in_order_and_hands_files_on(bench: Bench) -> None:
    def first(task: Task, log: Log, _: threading.Event) -> Outcome:
        log(f"found {sorted(p.name for p in task.input.rglob('*'))}")
        (task.output / "deep").mkdir()
        (task.output / "deep" / "a.csv").write_text("1")
        return Outcome(0)

    bench.backend.behaviours["first"] = first
    assert bench.execute(CHAIN) == RunResult(ok=True)
    steps = ("src", "first", "second", "out")
    assert bench.heard.events == [(what, n) for n in steps for what in ("started", "finished")]
    assert ("first", "found ['a.edf', 'raw']") in bench.heard.lines
    assert bench.mover.delivered == ["second"]
    assert not job_folders(bench.workdir, "first").input.exists()


def test_independent_jobs_run_at_once(bench: Bench) -> None:
    both = threading.Barrier(2, timeout=LIMIT_SECONDS)

    def meet(task: Task, _: Log, __: threading.Event) -> Outcome:
        both.wait()
        (task.output / task.job.id).touch()
        return Outcome(0)

    bench.backend.behaviours |= {"left": meet, "right": meet}
    assert bench.execute(DIAMOND).ok
    assert bench.backend.ran[0] == "top"
    assert bench.backend.ran[-1] == "end"


def test_a_child_sees_the_files_of_all_parents(bench: Bench) -> None:
    seen: list[str] = []

    def look(task: Task, _: Log, __: threading.Event) -> Outcome:
        seen.extend(sorted(path.name for path in task.input.iterdir()))
        return Outcome(0)

    bench.backend.behaviours["end"] = look
    assert bench.execute(DIAMOND).ok
    assert seen == ["left", "right"]


def test_a_child_cannot_change_its_parents_files(bench: Bench) -> None:
    def scribble(task: Task, _: Log, __: threading.Event) -> Outcome:
        with (task.input / "top").open("a") as file:
            file.write(" changed")
        return Outcome(0)

    bench.backend.read_only_input = False
    bench.backend.behaviours |= {"left": scribble, "right": scribble}
    assert bench.execute(DIAMOND).ok
    assert (bench.output("top") / "top").read_text() == "top"


def test_equal_names_of_two_parents_clash(bench: Bench) -> None:
    def same(task: Task, _: Log, __: threading.Event) -> Outcome:
        (task.output / "result").mkdir()
        (task.output / "result" / "x.csv").touch()
        return Outcome(0)

    bench.backend.behaviours |= {"left": same, "right": same}
    result = bench.execute(DIAMOND)
    assert result.failed_job == "end"
    assert "both 'left' and 'right' made 'result/x.csv'" in result.reason
    assert ("end", "hint: let one of the two use another name") in bench.heard.lines
    assert "end" not in bench.backend.ran


def test_a_failure_stops_the_rest(bench: Bench) -> None:
    def fail(_: Task, __: Log, ___: threading.Event) -> Outcome:
        assert bench.heard.begins("right").wait(LIMIT_SECONDS)
        return Outcome(3)

    bench.backend.behaviours |= {"left": fail, "right": until_stopped}
    result = bench.execute(DIAMOND)
    assert result == RunResult(ok=False, failed_job="left", reason="it ended with exit code 3")
    assert bench.heard.outcomes["right"] == Outcome(143, "stopped", canceled=True)
    assert ("started", "end") not in bench.heard.events


def test_a_waiting_job_never_begins_after_a_failure(bench: Bench) -> None:
    plan = make_plan({"a": (), "b": (), "c": ()})
    bench.backend.behaviours = dict.fromkeys("abc", lambda _, __, ___: Outcome(1))
    heard = bench.heard
    result = execute(
        plan,
        bench.backend,
        programs(plan),
        bench.mover,
        bench.workdir,
        heard,
        bench.stop,
        workers=1,
    )
    assert result.failed_job == "a"
    assert bench.backend.ran == ["a"]


def test_cancel_stops_what_runs_and_starts_nothing_more(bench: Bench) -> None:
    bench.backend.behaviours["left"] = until_stopped
    bench.backend.behaviours["right"] = until_stopped

    def cancel() -> None:
        for name in ("left", "right"):
            assert bench.heard.begins(name).wait(LIMIT_SECONDS)
        bench.stop.set()

    thread = threading.Thread(target=cancel)
    thread.start()
    result = bench.execute(DIAMOND)
    thread.join()
    assert result == RunResult(ok=False, canceled=True, reason="canceled")
    assert bench.heard.outcomes["left"].canceled
    assert ("started", "end") not in bench.heard.events
    assert not job_threads()


def test_cancelled_before_it_began(bench: Bench) -> None:
    bench.stop.set()
    assert bench.execute(CHAIN).canceled
    assert bench.heard.events == []


def test_finished_jobs_are_not_done_again(bench: Bench) -> None:
    assert bench.execute(DIAMOND).ok
    bench.backend.ran.clear()
    (bench.output("right") / "half").touch()

    assert bench.execute(DIAMOND, done=frozenset({"top", "left"})).ok
    assert sorted(bench.backend.ran) == ["end", "right"]
    assert not (bench.output("right") / "half").exists()


def test_a_finished_job_whose_files_are_gone_runs_again(bench: Bench) -> None:
    done = frozenset({"src", "first", "second", "out"})
    assert bench.execute(CHAIN, done=done).ok
    assert bench.backend.ran == ["first", "second"]
    assert bench.mover.delivered == []


def test_a_full_disk_is_said_in_words(bench: Bench) -> None:
    bench.mover.fault = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/mnt/x")
    result = bench.execute(CHAIN)
    assert result.failed_job == "src"
    assert result.reason == "no space left on device while staging input"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/x/y"), "permission denied .* /x/y"),
        (SourceError("a file cannot be had", where="raw/a"), r"a file cannot be had \(raw/a\)"),
        (ZeroDivisionError("oops"), "unexpected failure while running: ZeroDivisionError: oops"),
        (EngineError("the engine went away"), "the engine went away"),
    ],
)
def test_an_exception_ends_its_job_with_a_reason(
    bench: Bench, error: Exception, reason: str
) -> None:
    def broken(_: Task, __: Log, ___: threading.Event) -> Outcome:
        raise error

    bench.backend.behaviours["first"] = broken
    result = bench.execute(CHAIN)
    assert result.failed_job == "first"
    assert re.search(reason, result.reason), result.reason
    assert bench.heard.outcomes["first"].exit_code == 125


def test_a_job_without_a_program_fails(bench: Bench) -> None:
    result = execute(
        PAIR, bench.backend, {}, bench.mover, bench.workdir, bench.heard, bench.stop, workers=1
    )
    assert (result.failed_job, result.reason) == ("one", "no program was prepared for it")


def test_a_link_out_of_the_output_fails_its_job(bench: Bench) -> None:
    def link(task: Task, _: Log, __: threading.Event) -> Outcome:
        (task.output / "passwords").symlink_to("/etc/passwd")
        return Outcome(0)

    bench.backend.behaviours["first"] = link
    result = bench.execute(CHAIN)
    assert result.failed_job == "first"
    assert result.reason == "the link 'passwords' leads out of its folder"
    assert bench.mover.delivered == []


def test_an_observer_that_cannot_take_a_line_is_no_jobs_failure(bench: Bench) -> None:
    class Broken(Heard):
        def line(self, job_id: str, text: str) -> None:
            raise OSError(errno.ENOSPC, "No space left on device", f"{job_id}/{text}")

    bench.heard = Broken()
    with pytest.raises(OSError, match="No space left"):
        bench.execute(CHAIN)
    assert bench.heard.outcomes == {}


def test_an_observers_failure_ends_the_run_and_is_raised(bench: Bench) -> None:
    class Broken(Heard):
        def finished(self, job_id: str, outcome: Outcome) -> None:
            super().finished(job_id, outcome)
            if job_id == "one":
                raise RuntimeError("the store is gone")

    heard = Broken()

    def one(_: Task, __: Log, ___: threading.Event) -> Outcome:
        assert heard.begins("two").wait(LIMIT_SECONDS)
        return Outcome(0)

    bench.heard = heard
    bench.backend.behaviours |= {"one": one, "two": until_stopped}
    with pytest.raises(RuntimeError, match="the store is gone"):
        bench.execute(PAIR)
    assert not job_threads()
