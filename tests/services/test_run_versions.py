"""Which version of a workflow a run takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pennsieve_agent.domain.workflows import Step, StepKind, Workflow
from pennsieve_agent.errors import NotFound, UsageProblem
from pennsieve_agent.services.nodes.node_documents import NodeWorkflow, WorkflowVersion
from pennsieve_agent.services.runs.run_versions import on_pennsieve, version_on_node

STEPS = (
    Step("input", StepKind.SOURCE),
    Step("clean", StepKind.PROCESSOR, ("input",), "https://github.com/lab/clean", "v2"),
    Step("count", StepKind.PROCESSOR, ("clean",), "https://github.com/lab/count", "v1"),
)
FLOW = Workflow("w-1", "flow", steps=STEPS)
TAGS = {
    "v1+v1": ("v1", "v1"),
    "v2+v1": ("v2", "v1"),
    "v2+v1-2": ("v2", "v1"),
    "v2+v3": ("v2", "v3"),
}
ROW = NodeWorkflow("w-1", "flow", tuple(TAGS), "v2+v3", {})


def read(version: str) -> WorkflowVersion:
    tags = iter(TAGS[version])
    steps = tuple(replace(s, tag=next(tags)) if s.source_url else s for s in STEPS)
    return WorkflowVersion(replace(FLOW, steps=steps), version, "tree", {})


@pytest.mark.parametrize(
    ("typed", "version"),
    [
        ((), "v2+v3"),
        (("v2+v1",), "v2+v1"),
        (("v1",), "v1+v1"),
        (("count=v1",), "v2+v1-2"),
        (("count=v1", "clean=v1"), "v1+v1"),
        (("v2+v1", "count=v1"), "v2+v1"),
    ],
)
def test_an_own_node_runs_a_registered_version(typed: tuple[str, ...], version: str) -> None:
    assert version_on_node(ROW, typed, read).version == version


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("v2",), "several versions begin with 'v2'"),
        (("v9",), "no version is called"),
        (("count=v9",), "has count=v9"),
        (("v2+v3", "count=v1"), "has count=v1"),
        (("v1+v1", "v2+v3"), "given twice"),
        (("count=v1", "count=v3"), "given twice for step 'count'"),
        (("count=",), "does not name a version"),
    ],
)
def test_what_a_node_does_not_have_is_refused(typed: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageProblem, match=said):
        version_on_node(ROW, typed, read)


def test_the_newest_version_is_read_alone_where_nothing_was_typed() -> None:
    asked: list[str] = []

    def noted(name: str) -> WorkflowVersion:
        asked.append(name)
        return read(name)

    version_on_node(ROW, (), noted)
    assert asked == ["v2+v3"]


def test_a_run_on_pennsieves_node_names_a_version_of_a_step() -> None:
    asked: list[tuple[str, str]] = []
    chosen = on_pennsieve(FLOW, ("clean=v1",), lambda url, tag: asked.append((url, tag)))
    assert [step.tag for step in chosen.steps] == ["", "v1", "v1"]
    assert asked == [("https://github.com/lab/clean", "v1")], "of what changes, and no more"
    with pytest.raises(UsageProblem, match="does not say which step") as problem:
        on_pennsieve(FLOW, ("v1",), lambda *_: None)
    assert problem.value.hint == "for example: --version clean=v1"
    one = replace(FLOW, steps=STEPS[:2])
    assert on_pennsieve(one, ("v1",), lambda *_: None).processors[0].tag == "v1"


def test_what_pennsieve_has_not_built_is_refused() -> None:
    def image(_url: str, _tag: str) -> str:
        raise NotFound("version not found for this application")

    with pytest.raises(UsageProblem, match="no version v9 of the code of step 'clean'"):
        on_pennsieve(FLOW, ("clean=v9",), image)
