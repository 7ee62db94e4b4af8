"""The trial run of a node: its documents, its program, its price, and what is read from its end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.domain import trial_run
from pennsieve_agent.domain.runs import RunState, RunStatus, StepState
from pennsieve_agent.domain.trial_run import PROGRAM, TrialRun, outcome
from pennsieve_agent.node.records.start_document import Start
from pennsieve_agent.node.records.version_document import check_reached, check_version, moves_files

RUN, PHRASE = "00000000-0000-4000-8000-000000000001", "0123456789abcdef"
IMAGE = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/pennsieve-node-0a/transfer@sha256:{'a' * 64}"


def test_the_node_takes_its_documents_in_every_mode() -> None:
    document = trial_run.version_document(IMAGE)
    check_version(document, trial_run.WORKFLOW, trial_run.VERSION)
    check_reached(document, "compliant", "us-east-1")
    assert not moves_files(document)
    asks = Start.of(trial_run.start_document(RUN, PHRASE))
    assert (asks.dataset, asks.packages, asks.parameters) == (
        *("", ()),
        {trial_run.STEP: {"PHRASE": PHRASE}},
    )


def test_its_program_writes_reads_and_says_so(tmp_path: Path) -> None:
    done = ran(tmp_path, PROGRAM)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(rf"{PHRASE} wrote and read 8 MB in \d+\.\d s\n", done.stdout)
    assert (tmp_path / "trial.bin").stat().st_size == 8_000_000


def test_its_program_fails_where_other_bytes_come_back(tmp_path: Path) -> None:
    done = ran(tmp_path, PROGRAM.replace("file.write(data)", "file.write(data[1:])"))
    assert done.returncode == 1
    assert "is not what was written" in done.stdout


def ran(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "OUTPUT_DIR": str(folder), "PHRASE": PHRASE}
    words = [sys.executable, "-I", "-c", program]
    return subprocess.run(words, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("mode", ["basic", "secure", "compliant"])
def test_it_costs_less_than_a_cent(mode: str) -> None:
    assert 0.0003 < trial_run.price(mode, "eu-central-1") < 0.01


def ended(
    status: RunStatus = RunStatus.SUCCEEDED, begun: str = "2026-11-29T02:00:45Z", why: str = ""
) -> RunState:
    end = "2026-11-29T02:00:50Z" if begun else ""
    return RunState(status, steps=(StepState(trial_run.STEP, status, begun, end, why),))


def seen(state: RunState, *lines: str, **changes: Any) -> TrialRun:
    answer = {
        "id": RUN,
        "created": "2026-11-29T02:00:00Z",
        "cost": 0.0012,
        "phase": "done",
        **changes,
    }
    return outcome(answer, state, lines, PHRASE, 75.0)


def test_the_times_are_those_of_its_parts() -> None:
    trial = seen(ended(), "other", f"{PHRASE} wrote and read 8 MB in 0.4 s")
    assert trial.passed
    assert (trial.start, trial.program, trial.clean) == (45.0, 5.0, 25.0)
    assert (trial.said, trial.usd) == ("wrote and read 8 MB in 0.4 s", 0.0012)


def test_a_node_that_has_not_deleted_its_files_has_not_passed() -> None:
    trial = seen(ended(), f"{PHRASE} wrote and read 8 MB in 0.4 s", phase="cleaning")
    assert (trial.clean, trial.passed) == (None, False)


def test_without_its_phrase_it_has_not_passed() -> None:
    """The run succeeded, but nothing shows that it was this program, or that logs come back."""
    assert not seen(ended(), "wrote and read 8 MB in 0.4 s").passed
    assert not seen(ended()).passed


def test_a_machine_that_never_started_has_no_time_of_its_own() -> None:
    trial = seen(ended(RunStatus.FAILED, "", "CannotPullContainerError"), cost=None)
    assert (trial.passed, trial.reason) == (False, "CannotPullContainerError")
    assert (trial.start, trial.program, trial.usd) == (None, None, None)
