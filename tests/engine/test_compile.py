from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.plans import JobKind
from pennsieve_agent.domain.workflows import Step, StepKind
from pennsieve_agent.engine.compile import compile_run
from pennsieve_agent.engine.run_parameters import RESERVED_NAMES, SECRET_NAMES
from pennsieve_agent.errors import UsageProblem
from tests.engine.make import HOSTS, make_request, make_step

SOURCE, TARGET = StepKind.SOURCE, StepKind.TARGET
WINDOW = Parameter("WINDOW", ParameterType.NUMBER, default="10", minimum=1)


def chain(processor: Step) -> tuple[Step, Step, Step]:
    return (
        make_step("out", processor.id, kind=TARGET),
        replace(processor, depends_on=("src",)),
        make_step("src", kind=SOURCE),
    )


def test_one_job_for_each_step_in_order() -> None:
    step = replace(make_step("sum"), cpu=1024, memory=2048, parameters=(WINDOW,))
    request = replace(
        make_request(*chain(step)), target_params={"out": {"TARGET_FOLDER": "/results//x/"}}
    )

    plan = compile_run("r-1", request, {**HOSTS, "SESSION_TOKEN": "t", "HOME": "/root"})

    assert [(job.id, job.kind) for job in plan.jobs] == [
        ("src", JobKind.STAGE_IN),
        ("sum", JobKind.PROCESSOR),
        ("out", JobKind.TARGET),
    ]
    assert plan.job("src").package_ids == ("N:package:1",)
    job = plan.job("sum")
    assert (job.cpu, job.memory, job.tag, job.source_url) == (1024, 2048, "v1", step.source_url)
    assert job.environment == {
        **HOSTS,
        "EXECUTION_RUN_ID": "r-1",
        "INTEGRATION_ID": "r-1",
        "WORKFLOW_INSTANCE_ID": "r-1",
        "WINDOW": "10",
    }
    assert plan.job("out").target_folder == "results/x"


def test_later_parameters_win() -> None:
    names = tuple(Parameter(name, default="app") for name in ("A", "B", "C"))
    step = replace(
        make_step("p"), parameters=names, default_params={"B": "definition", "C": "definition"}
    )
    request = replace(make_request(step), parameters={"p": {"C": "run"}})
    found = compile_run("r", request, {}).job("p").environment
    assert {n: found[n] for n in "ABC"} == {"A": "app", "B": "definition", "C": "run"}


def test_a_targets_definition_defaults_do_not_count() -> None:
    target = replace(
        make_step("out", kind=TARGET), default_params={"TARGET_FOLDER": "x", "UPLOAD_BUCKET": "b"}
    )
    job = compile_run("r", make_request(target), {}).job("out")
    assert job.target_folder == ""
    assert "UPLOAD_BUCKET" not in job.environment


def test_a_kind_nobody_knows_is_code() -> None:
    step = replace(make_step("p"), kind=StepKind.UNKNOWN)
    assert compile_run("r", make_request(step), {}).job("p").kind is JobKind.PROCESSOR


def test_old_definitions_depend_on_empty_names() -> None:
    plan = compile_run("r", make_request(make_step("b", "a", "", "a"), make_step("a")), {})
    assert plan.job("b").depends_on == ("a",)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ((make_step("a", "b"), make_step("b", "a")), "circle: a -> b -> a|circle: b -> a -> b"),
        ((make_step("a", "a"),), "circle: a -> a"),
        ((make_step("a", "nowhere"),), "'a' depends on 'nowhere'"),
        ((make_step("a"), make_step("a")), "two steps called 'a'"),
        ((make_step(""),), "a step without a name"),
        ((replace(make_step("a"), source_url=""),), "'a' names no repository"),
    ],
)
def test_a_graph_that_cannot_run(steps: tuple[Step, ...], message: str) -> None:
    with pytest.raises(UsageProblem, match=message):
        compile_run("r", make_request(*steps), {})


def test_a_source_needs_files() -> None:
    with pytest.raises(UsageProblem, match="reads files, but no file was chosen"):
        compile_run("r", make_request(make_step("s", kind=SOURCE), packages=()), {})


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"q": {}}, "no processor of the workflow is called 'q'"),
        ({"out": {}}, "no processor of the workflow is called 'out'"),
        ({"p": {"WINDOWS": "1"}}, "step 'p' has no parameter called 'WINDOWS'"),
        ({"p": {"WINDOW": "ten"}}, "'WINDOW' of step 'p' must be a number, not 'ten'"),
        ({"p": {"WINDOW": "0"}}, "'WINDOW' of step 'p' must be at least 1, not 0"),
        ({"p": {"SESSION_TOKEN": "x"}}, "'SESSION_TOKEN' cannot be a parameter"),
        ({"p": {"WINDOW": "1\0"}}, "must not hold a NUL"),
    ],
)
def test_parameters_that_do_not_fit(parameters: dict[str, dict[str, str]], message: str) -> None:
    steps = (replace(make_step("p"), parameters=(WINDOW,)), make_step("out", "p", kind=TARGET))
    with pytest.raises(UsageProblem, match=message):
        compile_run("r", replace(make_request(*steps), parameters=parameters), {})


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_no_parameter_takes_a_reserved_name(name: str) -> None:
    declared = replace(make_step("p"), parameters=(Parameter(name, default="x"),))
    default = replace(make_step("p"), default_params={name: "x"})
    for step in (declared, default):
        with pytest.raises(UsageProblem, match=f"'{name}' cannot be a parameter of step 'p'"):
            compile_run("r", make_request(step), {})
    target = replace(
        make_request(make_step("out", kind=TARGET)), target_params={"out": {name: "x"}}
    )
    with pytest.raises(UsageProblem, match=f"'{name}' cannot be a parameter of step 'out'"):
        compile_run("r", target, {})


@pytest.mark.parametrize("given", [{}, {"p": {"MODEL": " "}}])
def test_a_parameter_without_a_default_must_be_given(given: dict[str, dict[str, str]]) -> None:
    step = replace(make_step("p"), parameters=(Parameter("MODEL", required=True),))
    with pytest.raises(UsageProblem, match="'MODEL' of step 'p' needs a value") as caught:
        compile_run("r", replace(make_request(step), parameters=given), {})
    assert caught.value.hint == "add --param MODEL=VALUE"


@pytest.mark.parametrize("folder", ["../x", "a/../../b", "..\\x", "a\0b"])
def test_results_stay_inside_the_dataset(folder: str) -> None:
    request = replace(
        make_request(make_step("out", kind=TARGET)),
        target_params={"out": {"TARGET_FOLDER": folder}},
    )
    with pytest.raises(UsageProblem, match="must stay inside the dataset"):
        compile_run("r", request, {})


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Step, ...]:
    """Any graph without a circle, its steps in any order."""
    names = draw(st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=8))
    kinds = st.sampled_from([StepKind.PROCESSOR, SOURCE, TARGET])
    steps = [
        make_step(name, *draw(st.sets(st.sampled_from(names[:i])) if i else st.just(set())), kind=k)
        for i, name in enumerate(names)
        for k in [draw(kinds)]
    ]
    return tuple(draw(st.permutations(steps)))


@given(graphs())
def test_any_graph_becomes_a_plan(steps: tuple[Step, ...]) -> None:
    tokens = dict.fromkeys(SECRET_NAMES, "secret")
    plan = compile_run("r-1", make_request(*steps), {**HOSTS, **tokens})

    assert {job.id for job in plan.jobs} == {step.id for step in steps}
    seen: set[str] = set()
    for job in plan.jobs:
        assert seen.issuperset(job.depends_on)
        assert not SECRET_NAMES & set(job.environment)
        seen.add(job.id)
