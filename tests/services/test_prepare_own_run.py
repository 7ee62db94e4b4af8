"""Preparing a run on an own node: what is refused before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.domain.compute import ComputeNode, NodeStatus
from pennsieve_agent.domain.datasets import DataFile, Role
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.domain.runs import RunLimits
from pennsieve_agent.domain.workflows import Step, StepKind, Workflow
from pennsieve_agent.engine.run_parameters import MissingValueError
from pennsieve_agent.errors import Forbidden, SeveralProblems, UsageProblem
from pennsieve_agent.services.runs.prepare_run import prepare
from pennsieve_agent.services.runs.run_request import Prepared, RunOptions
from tests.fakes.earlier import Earlier
from tests.fakes.pennsieve import FILES, pennsieve
from tests.fakes.run_node import DATASET, NODE, VERSION, WORKFLOW, FakeNode

THEIRS = ComputeNode("n-1", "theirs", NodeStatus.ENABLED, "a", "123456789012", "N:user:o")
ELSEWHERE = Workflow(
    "22222222-2222-4222-8222-222222222222",
    "word-count-two",
    steps=(
        Step("in", StepKind.SOURCE),
        Step("p", StepKind.PROCESSOR, ("in",), source_url="https://github.com/lab/two"),
        Step("out", StepKind.TARGET, ("p",), target_type="Pennsieve Dataset"),
    ),
)


def prepared(
    node: FakeNode | None = None,
    own: tuple[OwnNode, ...] = (NODE,),
    theirs: tuple[ComputeNode, ...] = (),
    content: tuple[DataFile, ...] = FILES,
    role: Role = Role.MANAGER,
    node_name: str | None = None,
    **options: Any,
) -> Prepared:
    earlier = options.pop("earlier", Earlier())
    there = pennsieve(nodes=theirs, workflows=[ELSEWHERE], files=content, role=role)
    wanted = RunOptions("Mouse EEG", node=node_name, **options)
    fake = node or FakeNode()
    return prepare(there, own, lambda _: fake, wanted, 1_000_000.0, earlier=earlier)


def test_the_plan_has_what_the_node_knows() -> None:
    ready = prepared()
    assert (ready.node, ready.version, ready.layout) == (NODE, "v1.0.0", "tree")
    assert ready.request.workflow.uuid == WORKFLOW
    assert ready.input.is_whole
    assert [f.path for f in ready.files or ()] == ["notes.md", "raw/a.txt", "raw/deep/b.txt"]
    assert ready.request.package_ids == ("N:package:3", "N:package:1", "N:package:2")
    assert [job.id for job in ready.plan.jobs] == ["input", "count", "output"]
    assert ready.plan.job("count").environment["STYLE"] == "plain"


def test_chosen_files_and_parameters() -> None:
    ready = prepared(files=("raw/**",), parameters=("STYLE=fancy",))
    assert ready.request.package_ids == ("N:package:1", "N:package:2")
    assert ready.request.parameters == {"count": {"STYLE": "fancy"}}
    with pytest.raises(UsageProblem, match="must be one of plain, fancy"):
        prepared(parameters=("STYLE=odd",))


@pytest.mark.parametrize(
    ("access", "message"),
    [
        ({}, "workflow 'word-count' has no access to dataset 'Mouse EEG'"),
        ({DATASET: "read"}, "may only read dataset 'Mouse EEG', and it writes results there"),
    ],
)
def test_without_a_sufficient_grant_nothing_is_sent(access: dict[str, str], message: str) -> None:
    node = FakeNode()
    node.access = access
    with pytest.raises(Forbidden, match=message) as caught:
        prepared(node, workflow="word-count")
    assert caught.value.hint == (
        "grant it with: pennsieve dataset grant word-count --dataset 'Mouse EEG'; "
        "or start it with --grant"
    )
    assert not node.starts


def test_somebody_the_node_was_shared_with_is_sent_to_its_owner() -> None:
    node = FakeNode()
    node.access = {}
    with pytest.raises(Forbidden) as caught:
        prepared(node, own=(replace(NODE, admin=""),), workflow="word-count")
    assert str(caught.value.hint).startswith("ask the node's owner for: pennsieve dataset grant")


def test_a_workflow_that_is_only_on_pennsieve_is_handed_over_first() -> None:
    with pytest.raises(
        UsageProblem, match="'word-count-two' is not on compute node 'my-node'"
    ) as c:
        prepared(workflow="word-count-two")
    assert "'run start' registers it there" in str(c.value.hint)

    fake = FakeNode()
    fake.workflows = False

    def hand_over(node: OwnNode, workflow: Workflow) -> None:
        assert (node, workflow) == (NODE, ELSEWHERE)
        fake.workflows = True
        fake.version = {**VERSION, "workflow": ELSEWHERE.uuid, "name": ELSEWHERE.name}

    there = pennsieve(workflows=[ELSEWHERE])
    options = RunOptions("Mouse EEG", workflow="word-count-two")
    ready = prepare(
        there, [NODE], lambda _: fake, options, 0.0, earlier=Earlier(), hand_over=hand_over
    )
    assert ready.request.workflow.uuid == ELSEWHERE.uuid


def test_parameters_that_nothing_declares() -> None:
    with pytest.raises(UsageProblem, match=r"no step of the workflow has|has no parameter"):
        prepared(parameters=("STILE=fancy",))
    ready = prepared(parameters=("STILE=fancy",), undeclared=True)
    assert ready.request.parameters == {"count": {"STILE": "fancy"}}
    assert ready.request.undeclared


def test_a_name_is_never_taken_for_another_one() -> None:
    with pytest.raises(UsageProblem, match="2 workflows match 'word'"):
        prepared(workflow="word")
    assert prepared(workflow="word-count").request.workflow.name == "word-count"


def test_equal_names_cannot_lie_flat() -> None:
    twins = (DataFile("p-1", "a/x.txt", 1), DataFile("p-2", "b/x.txt", 1))
    with pytest.raises(UsageProblem, match=r"two selected files are called 'x\.txt'"):
        prepared(content=twins, layout="flat")
    assert prepared(content=twins, layout="tree").layout == "tree"
    node = FakeNode()
    node.version = {**VERSION, "layout": "flat"}
    assert prepared(node).layout == "flat"
    with pytest.raises(UsageProblem, match="there is no layout 'round'"):
        prepared(layout="round")


def test_one_node_is_taken_and_of_several_one_is_asked_for() -> None:
    with pytest.raises(UsageProblem) as caught:
        prepared(theirs=(THEIRS,))
    assert caught.value.message == (
        "which compute node? There are my-node, theirs (run by Pennsieve)"
    )
    assert caught.value.hint == "add: --node NAME"
    assert wanted_node("my-node").own_node == NODE
    assert wanted_node(NODE.token).own_node == NODE
    assert wanted_node("theirs").own_node is None
    with pytest.raises(UsageProblem, match="there is no compute node yet"):
        prepared(own=())


def wanted_node(name: str) -> Prepared:
    there = pennsieve(nodes=[THEIRS], workflows=[ELSEWHERE])
    options = RunOptions("Mouse EEG", node=name)
    return prepare(there, [NODE], lambda _: FakeNode(), options, 1_000_000.0, earlier=Earlier())


def test_two_nodes_of_one_name_are_told_apart() -> None:
    twin = replace(THEIRS, name="my-node")
    there = pennsieve(nodes=[twin], workflows=[ELSEWHERE])
    options = RunOptions("M", node="my-node")
    with pytest.raises(UsageProblem) as caught:
        prepare(there, [NODE], lambda _: FakeNode(), options, 0.0, earlier=Earlier())
    assert "0a1b2c3d on your account 123456789012" in caught.value.message
    assert "n-1 on Pennsieve" in caught.value.message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limits": RunLimits(max_cost=1.0)}, "does not support limits for a run"),
        ({"layout": "flat"}, "decides the layout of the input itself"),
    ],
)
def test_what_pennsieves_nodes_do_not_do_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageProblem, match=message):
        prepared(own=(), theirs=(THEIRS,), **options)


def test_a_node_that_is_not_enabled_is_refused() -> None:
    paused = replace(THEIRS, status=NodeStatus.PAUSED)
    for wanted in (None, "theirs"):
        with pytest.raises(UsageProblem, match="'theirs' is paused, not enabled"):
            prepared(own=(), theirs=(paused,), node_name=wanted)


def test_on_pennsieves_node_the_persons_role_counts() -> None:
    assert prepared(own=(), theirs=(THEIRS,)).node == THEIRS
    with pytest.raises(Forbidden, match="acts as you, and could not write its results"):
        prepared(own=(), theirs=(THEIRS,), role=Role.VIEWER)


def needy() -> FakeNode:
    """A node whose workflow has two parameters without a default."""
    node = FakeNode()
    whole: Any = VERSION
    steps = [dict(step) for step in whole["steps"]]
    more = [{"name": "LOW", "type": "number"}, {"name": "SITE", "required": True, "default": ""}]
    steps[1]["parameters"] = [*steps[1]["parameters"], *more]
    node.version = {**VERSION, "steps": steps}
    return node


def test_all_that_is_wrong_is_told_at_once() -> None:
    node = needy()
    node.access = {}
    node.hindrances = [
        {"code": "unfit", "message": "this month's budget of the compute node is used up"},
        {"code": "unhealthy", "message": "compute environment x is disabled"},
    ]
    with pytest.raises(SeveralProblems) as caught:
        prepared(
            node,
            workflow="word-count",
            name="?",
            folder="../up",
            files=("none/**",),
            layout="round",
            parameters=("STYLE=odd", "LEAST=-1", "odd", "STILE=x"),
        )
    said = [problem.message for problem in caught.value.problems]
    for number, words in enumerate(
        (
            "'odd' is not a valid parameter",
            "parameter 'LEAST' of step 'count' must be at least 0, not -1",
            "step 'count' has no parameter called 'STILE'",
            "parameter 'STYLE' of step 'count' must be one of plain, fancy",
            "'?' is not a valid name for a run",
            "'../up' is not a valid folder for results",
            "on compute node 'my-node', workflow 'word-count' has no access",
            "no file of dataset 'Mouse EEG' matches 'none/**'",
            "there is no layout 'round'",
            "compute node 'my-node': this month's budget of the compute node is used up",
            "compute node 'my-node': compute environment x is disabled",
        )
    ):
        fitting = [one for one in said if words in one]
        assert len(fitting) == 1, (number, words, said)
    assert len(said) == 11
    assert all(problem.hint for problem in caught.value.problems)
    assert caught.value.exit_code == 1, "what failed is graver than what was typed"
    assert not node.starts


def test_the_gravest_of_what_was_typed_is_what_is_not_allowed() -> None:
    node = FakeNode()
    node.access = {}
    with pytest.raises(SeveralProblems) as caught:
        prepared(node, workflow="word-count", name="?")
    assert (caught.value.code, caught.value.exit_code) == ("not_allowed", 4)


def test_a_dataset_and_a_node_that_are_not_there_are_told_together() -> None:
    there = pennsieve(nodes=(), workflows=[ELSEWHERE], files=FILES, role=Role.MANAGER)
    options = RunOptions("No such", workflow="word-count", node="none", name="fine")
    with pytest.raises(SeveralProblems) as caught:
        prepare(there, [NODE], lambda _: FakeNode(), options, 0.0, earlier=Earlier())
    assert len(caught.value.problems) == 2
    wrong = replace(options, node=None, parameters=("STYLE=odd",))
    with pytest.raises(SeveralProblems) as caught:
        prepare(there, [NODE], lambda _: FakeNode(), wrong, 0.0, earlier=Earlier())
    assert [type(one).__name__ for one in caught.value.problems] == ["UnknownName", "UsageProblem"]


def test_missing_values_are_told_together_and_not_beside_mistyped_names() -> None:
    with pytest.raises(SeveralProblems) as caught:
        prepared(needy(), workflow="word-count")
    missing = [one for one in caught.value.problems if isinstance(one, MissingValueError)]
    assert [(one.step, one.parameter.name) for one in missing] == [
        ("count", "LOW"),
        ("count", "SITE"),
    ]
    with pytest.raises(UsageProblem, match="has no parameter called 'LOE'"):
        prepared(needy(), workflow="word-count", parameters=("LOE=3",))


def test_what_hinders_the_node_alone_leaves_a_run_that_goes_on() -> None:
    node = FakeNode()
    node.hindrances = [{"code": "unfit", "message": "the budget is used up"}]
    ready = prepared(node, workflow="word-count")
    assert "the budget is used up" in str(ready.hindrance)


def test_a_grant_that_has_ended_is_told_with_its_date() -> None:
    node = FakeNode()
    node.access, node.ended = {}, {DATASET: "2026-11-30T00:00:00.000Z"}
    with pytest.raises(Forbidden, match=r"has no access to .*: its grant ended on 2026-11-29"):
        prepared(node, workflow="word-count")
