"""All that is wrong with a run, told at once; and what is asked for before it starts."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run.missing_answers import with_answers
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.workflows import Step, StepKind
from pennsieve_agent.engine.run_parameters import MissingValueError
from pennsieve_agent.errors import AgentError, SeveralProblems, UsageProblem, together
from pennsieve_agent.services.runs.run_request import Prepared, RunOptions
from tests.cli.conftest import DATASET, Lab
from tests.cli.harness import Agent

LOW = Parameter("LOW", ParameterType.NUMBER, description="lowest frequency in Hz")
SITE = Parameter("SITE", ParameterType.ENUM, allowed=("east", "west"))
SORT, MERGE = Step("sort", StepKind.PROCESSOR), Step("merge", StepKind.PROCESSOR)
MISSING = (
    MissingValueError(SORT, LOW),
    MissingValueError(SORT, SITE),
    MissingValueError(MERGE, LOW),
)


@dataclass
class Prepares:
    """Raises what is wrong the first time, and keeps what it was asked for."""

    wrong: AgentError
    asked: list[RunOptions] = field(default_factory=list)

    def __call__(self, request: RunOptions) -> Prepared:
        self.asked.append(request)
        if len(self.asked) == 1:
            raise self.wrong
        return cast("Prepared", "prepared")


def answered(wrong: AgentError, answers: str, *, terminal: bool = True) -> tuple[Prepares, str]:
    streams = Streams.for_test(answers, terminal=terminal)
    prepares = Prepares(wrong)
    ready, request = with_answers(
        Context(streams, {}), prepares, RunOptions("d", parameters=("A=1",)), dry_run=False
    )
    assert cast("Any", ready) == "prepared"
    assert request is prepares.asked[-1]
    assert isinstance(streams.err, io.StringIO)
    return prepares, streams.err.getvalue()


def test_missing_values_are_asked_for_once_each() -> None:
    prepares, said = answered(together(MISSING), "3\nwest\n")
    assert prepares.asked[-1].parameters == ("A=1", "sort.LOW=3", "sort.SITE=west", "merge.LOW=3")
    assert said.count("LOW, lowest frequency in Hz: ") == 1
    assert "SITE (east, west): " in said


def test_nothing_is_asked_where_nobody_can_answer_or_something_else_is_wrong() -> None:
    with pytest.raises(SeveralProblems):
        answered(together(MISSING), "3\nwest\n", terminal=False)
    with pytest.raises(SeveralProblems, match="2 problems were found"):
        answered(together([MISSING[0], UsageProblem("there is no layout 'round'")]), "3\n")


@pytest.mark.usefixtures("ready")
def test_all_that_is_wrong_with_a_run_is_told_at_once(agent: Agent) -> None:
    words = (
        *("run", "start", "-d", DATASET, "-w", "word-count", "--layout", "round"),
        *("--files", "none/**", "--name", "?", "-p", "STILE=x"),
    )
    refused = agent(*words)
    assert refused.code == 2
    assert refused.err.startswith("error: this run cannot start")
    for line in ("1. ", "2. ", "3. ", "4. ", "has no parameter called 'STILE'", "layout 'round'"):
        assert line in refused.err
    document = agent(*words, "--json").document["error"]
    assert (document["exit_code"], document["code"]) == (2, "invalid_option")
    assert len(document["problems"]) == 4
    assert all(problem["hint"] for problem in document["problems"])
    planned = agent(*words, "--dry-run")
    assert planned.err == refused.err, "a dry run says the same"


@pytest.mark.usefixtures("ready")
def test_parameters_from_a_file(agent: Agent, tmp_path: Path) -> None:
    file = tmp_path / "p.yml"
    file.write_text("STYLE: fancy\n")
    words = ("run", "start", "-d", DATASET, "-w", "word-count", "--files", "raw", "--dry-run")
    assert "STYLE\tfancy" in agent(*words, "--params-file", str(file)).out
    assert "STYLE\tplain" in agent(*words, "--params-file", str(file), "-p", "STYLE=plain").out
    other = tmp_path / "p.json"
    other.write_text(json.dumps({"STYLE": "odd"}))
    refused = agent(*words, "--params-file", str(other))
    assert (refused.code, "must be one of" in refused.err) == (2, True), refused.err
    missing = agent(*words, "--params-file", str(tmp_path / "none.yml"))
    assert (missing.code, "none.yml cannot be read: No such file" in missing.err) == (2, True)


def test_of_a_sandbox_the_folder_of_the_results_is_told(ready: Lab, agent: Agent) -> None:
    shown = agent("run", "show", "zeroth", "--web", "--json")
    assert shown.code == 0, shown.err
    document = shown.document
    assert document["address"] == (ready.dataset / document["folders"][0]).as_uri()
    settings, other = Path(agent.environ["PENNSIEVE_CONFIG"]).parent, ready.root / "elsewhere"
    other.mkdir()
    for file in settings.glob("*.*"):
        if file.is_file() and file.name != "state.json":
            shutil.copy(file, other)
    elsewhere = Agent({**agent.environ, "PENNSIEVE_CONFIG": str(other / "config.ini")})
    refused = elsewhere("run", "show", "zeroth", "--web")
    assert (refused.code, "a sandbox has no web application" in refused.err) == (2, True), (
        refused.err
    )
    assert "pennsieve sandbox status --data DIR" in refused.err
    both = agent("run", "show", "zeroth", "--web", "--status")
    assert (both.code, "cannot be given together" in both.err) == (2, True)
