"""What is advised after a failure, told from the node's own words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pennsieve_agent.domain.failure_advice import ReadFiles, advice
from pennsieve_agent.domain.runs import Run, RunStatus
from pennsieve_agent.node.runs.batch_reasons import failure

RUN = Run("r", RunStatus.FAILED, workflow_name="spike rate", dataset_id="N:d", node_name="lab 1")
AGAIN = "pennsieve run retry r"


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ({"container": {"reason": "OutOfMemoryError: Container killed"}}, f"{AGAIN} --memory-on"),
        ({"container": {"exitCode": 137}}, f"{AGAIN} --memory-on-oom x2"),
        ({"statusReason": "Job attempt duration exceeded timeout"}, f"{AGAIN} --time-limit TIME"),
        ({"container": {"reason": "CannotPullContainerError: x"}}, "compute doctor 'lab 1'"),
        ({"container": {"reason": "Your Spot Task was interrupted."}}, "without --spot"),
        ({"container": {"exitCode": 127}}, "pennsieve workflow check"),
        ({"container": {"exitCode": 2}}, "pennsieve run start --local -w 'spike rate' -d N:d"),
        (
            {"container": {"reason": "ResourceInitializationError: unable to pull secrets"}},
            "pennsieve secret list 'lab 1'",
        ),
        ({"statusReason": "something new"}, ""),
    ],
)
def test_a_reason_of_aws_leads_to_something_to_try(job: dict[str, object], words: str) -> None:
    assert words in advice(failure(job), RUN)
    assert words or not advice(failure(job), RUN)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("the time limit of the run, 60 s, was reached", "--time-limit"),
        ("the cost limit of the run, 1.00 USD, was reached", "--max-cost USD"),
        ("step 'input': none of the input files is in the dataset any more", "dataset files N:d"),
        ("this month's budget of the compute node, 5.00 USD, is used up", "--monthly-budget USD"),
    ],
)
def test_a_limit_that_was_reached_can_be_raised(reason: str, words: str) -> None:
    assert words in advice(reason, RUN)


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (["raw/a b[1].edf"], "-d 'Mouse EEG' --files 'raw/a b\\[1\\].edf' -p 'count.STYLE=a b'"),
        (["a.edf", "b.edf"], "-d 'Mouse EEG' --files a.edf --files b.edf -p"),
        ([f"raw/sub-1/{n}.edf" for n in range(4)], "-d 'Mouse EEG' --files raw/sub-1 -p"),
        ([f"{n}.edf" for n in range(4)], "-d 'Mouse EEG' --all -p"),
        ([], "-d 'Mouse EEG' --all -p"),
    ],
)
def test_what_failed_is_repeated_here_on_its_files(paths: list[str], words: str) -> None:
    run = replace(RUN, parameters={"count": {"STYLE": "a b", "EMPTY": ""}})
    told = advice("it ended with exit code 3", run, lambda: ReadFiles("Mouse EEG", paths))
    assert f"pennsieve run start --local -w 'spike rate' {words}" in told
    assert "EMPTY" not in told
