from __future__ import annotations

from dataclasses import replace

import pytest

from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.runs import RunRequest
from pennsieve_agent.domain.workflows import StepKind, Workflow
from pennsieve_agent.engine.compile import compile_run
from pennsieve_agent.engine.run_parameters import check_parameters, undeclared_notes
from pennsieve_agent.errors import UsageProblem
from tests.engine.make import make_request, make_step

THRESHOLD = Parameter("threshold", ParameterType.NUMBER, default="3")
FILTER = Parameter("filter", ParameterType.BOOLEAN, default="false")
MODE = Parameter("mode", ParameterType.ENUM, default="a", allowed=("a", "b"))
WORKFLOW = Workflow(
    uuid="w",
    name="spikes",
    steps=(
        make_step("src", kind=StepKind.SOURCE),
        replace(make_step("detect.v2"), parameters=(THRESHOLD, FILTER)),
        replace(make_step("sort"), parameters=(THRESHOLD, MODE), default_params={"EXTRA": "x"}),
        make_step("out", kind=StepKind.TARGET),
    ),
)


def test_a_name_goes_to_every_step_that_declares_it() -> None:
    assert check_parameters(WORKFLOW, ["threshold=5", "filter=yes", "EXTRA=a=b="]) == {
        "detect.v2": {"threshold": "5", "filter": "true"},
        "sort": {"threshold": "5", "EXTRA": "a=b="},
    }


@pytest.mark.parametrize("order", [1, -1])
def test_a_name_with_its_step_wins_there(order: int) -> None:
    given = ["threshold=5", "detect.v2.threshold=7"][::order]
    assert check_parameters(WORKFLOW, given) == {
        "detect.v2": {"threshold": "7"},
        "sort": {"threshold": "5"},
    }


def test_nothing_given_is_nothing() -> None:
    assert check_parameters(WORKFLOW, []) == {}


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ("threshold", "'threshold' is not a valid parameter", "write it as NAME=VALUE"),
        ("=5", "'=5' is not a valid parameter", "write it as NAME=VALUE"),
        (
            "treshold=5",
            "no step of the workflow has a parameter called 'treshold'",
            "did you mean 'threshold'? (to pass it anyway: --undeclared)",
        ),
        ("Threshold=5", "has a parameter called 'Threshold'", "did you mean 'threshold'"),
        ("zzz=5", "has a parameter called 'zzz'", "their parameters: EXTRA, filter, mode"),
        ("sort.filter=1", "step 'sort' has no parameter called 'filter'", "its parameters: EXTRA"),
        ("short.mode=a", "no processor of the workflow is called 'short'", "did you mean 'sort'"),
        ("out.mode=a", "no processor of the workflow is called 'out'", ""),
        ("threshold=ten", "'threshold' of step '.*' must be a number, not 'ten'", "--param"),
        ("mode=c", "'mode' of step 'sort' must be one of a, b, not 'c'", "--param"),
        ("filter=maybe", "'filter' of step 'detect.v2' must be true or false", "--param"),
    ],
)
def test_what_cannot_be_meant(given: str, message: str, hint: str) -> None:
    with pytest.raises(UsageProblem, match=message) as caught:
        check_parameters(WORKFLOW, [given])
    assert hint in str(caught.value.hint)


def test_a_workflow_that_declares_nothing_takes_any_name() -> None:
    free = Workflow("w", "free", steps=(make_step("a"), make_step("b")))
    chosen = check_parameters(free, ["SCALE=3", "b.DEPTH=2"])
    assert chosen == {"a": {"SCALE": "3"}, "b": {"SCALE": "3", "DEPTH": "2"}}
    assert undeclared_notes(free, chosen) == [
        "no step declares parameter 'SCALE'; it is passed unchanged to steps a, b",
        "no step declares parameter 'DEPTH'; it is passed unchanged to step b",
    ]
    request = replace(make_request(*free.steps), parameters=chosen)
    assert dict(compile_run("r", request, {}).job("b").environment)["SCALE"] == "3"


def test_a_name_that_looks_like_a_mistake_can_be_meant() -> None:
    chosen = check_parameters(WORKFLOW, ["treshold=5", "sort.more=1"], undeclared=True)
    assert chosen == {
        "detect.v2": {"treshold": "5"},
        "sort": {"treshold": "5", "more": "1"},
    }
    assert len(undeclared_notes(WORKFLOW, chosen)) == 2
    request = RunRequest(WORKFLOW, "n", "d", ("p",), parameters=chosen)
    with pytest.raises(UsageProblem, match="has no parameter called 'treshold'"):
        compile_run("r", request, {})
    plan = compile_run("r", replace(request, undeclared=True), {})
    assert plan.job("sort").environment["more"] == "1"


def test_what_is_declared_needs_no_note() -> None:
    assert undeclared_notes(WORKFLOW, check_parameters(WORKFLOW, ["mode=b", "EXTRA=1"])) == []


@pytest.mark.parametrize("name", ["INPUT_DIR", "SESSION_TOKEN", "LAYERS_DIR"])
def test_the_platforms_own_names_are_never_taken(name: str) -> None:
    for workflow in (WORKFLOW, Workflow("w", "free", steps=(make_step("a"),))):
        with pytest.raises(UsageProblem, match="the platform uses that name"):
            check_parameters(workflow, [f"{name}=x"], undeclared=True)


def test_twice_is_a_mistake() -> None:
    with pytest.raises(UsageProblem, match="'mode' was given twice"):
        check_parameters(WORKFLOW, ["mode=a", "mode=b"])
