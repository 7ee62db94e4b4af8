from __future__ import annotations

from typing import Any

import pytest

from pennsieve_agent.domain.profile import Workspace
from pennsieve_agent.domain.repeats import same_code
from pennsieve_agent.domain.runs import RunLimits, StepCode
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services.runs.repeat_receipt import Here, repeated_receipt
from pennsieve_agent.services.runs.run_request import RunOptions
from tests.domain.receipt.examples import (
    COMMIT,
    DATASET,
    DIGEST,
    ORGANIZATION,
    batch_receipt,
    run_receipt,
)

WORKFLOW = "77777777-2222-4333-8444-555555555555"
NOTHING = RunOptions("")


def here(**changed: Any) -> Here:
    values = {
        "host": "https://api.pennsieve.io",
        "workspace": Workspace(ORGANIZATION, "Lovelace lab"),
        "nodes": {"a1b2c3d4"},
        "own": {"a1b2c3d4", "lab-node"},
        "workflows": {WORKFLOW: "spike-rate"},
    }
    return Here(**{**values, **changed})


def test_all_of_the_run_is_taken_from_its_receipt() -> None:
    options, notes = repeated_receipt(run_receipt(), "receipt.json", NOTHING, here())
    assert (options.dataset, options.workflow, options.node) == (DATASET, WORKFLOW, "a1b2c3d4")
    assert (options.versions, options.layout) == (("v1.2.0",), "tree")
    assert options.limits == RunLimits(max_cost=2, retries=1, memory_on_oom=2)
    assert options.again is not None
    assert options.again.parameters == {"spikes": {"THRESHOLD": "5", "BAND": "300-6000"}}
    assert [file.path for file in options.again.files] == ["raw/sub-01/a.edf", "raw/sub-01/b.edf"]
    assert options.again.code == {"spikes": StepCode(COMMIT, DIGEST)}
    assert notes == ()


def test_what_is_typed_wins_over_the_receipt() -> None:
    typed = RunOptions("Copy", "mine", limits=RunLimits(max_cost=5), layout="flat")
    options, _ = repeated_receipt(run_receipt(), "receipt.json", typed, here())
    assert (options.dataset, options.workflow, options.versions) == ("Copy", "mine", ())
    assert options.limits == RunLimits(max_cost=5, retries=1, memory_on_oom=2)
    assert options.layout == "flat"


def test_a_node_that_is_not_known_here_is_said() -> None:
    options, notes = repeated_receipt(
        run_receipt(), "receipt.json", NOTHING, here(nodes={"ffff0000"}, own={"ffff0000"})
    )
    assert options.node is None
    assert notes == ("the run was on compute node 'lab-node', which is not where this one is",)


def test_a_node_of_pennsieves_gets_no_limits_and_no_layout() -> None:
    typed = RunOptions("", node="theirs")
    options, _ = repeated_receipt(run_receipt(), "receipt.json", typed, here())
    assert (options.limits, options.layout, options.versions) == (RunLimits(), "", ())


def test_a_receipt_from_another_workspace_says_what_must_be_granted_first() -> None:
    other = here(workspace=Workspace("N:organization:other", "Hodgkin lab"), workflows={})
    with pytest.raises(UsageProblem) as caught:
        repeated_receipt(run_receipt(), "their receipt.json", NOTHING, other)
    problem = caught.value
    assert "is of workspace 'Lovelace lab', and you are in workspace 'Hodgkin lab'" in str(problem)
    assert "ask ada@example.org for dataset 'Mouse EEG'" in str(problem)
    assert problem.hint is not None
    for command in (
        "pennsieve workflow add https://github.com/lab/spike-rate@v1.2.0 --name spike-rate",
        "pennsieve dataset grant spike-rate -d DATASET",
        "pennsieve run start --repeat 'their receipt.json' -d DATASET",
    ):
        assert command in problem.hint
    with pytest.raises(UsageProblem, match="there is no workflow 'spike-rate'") as caught:
        repeated_receipt(run_receipt(), "receipt.json", RunOptions("Copy"), other)
    assert "pennsieve dataset grant spike-rate -d Copy" in str(caught.value.hint)


def test_code_whose_address_the_receipt_hides_is_asked_of_the_person() -> None:
    other = here(workspace=Workspace("N:organization:other", "Hodgkin lab"), workflows={})
    receipt = run_receipt()
    for step in receipt["steps"]:
        if step["source_url"]:
            step["source_url"] = "local:spike-rate"
    with pytest.raises(UsageProblem) as caught:
        repeated_receipt(receipt, "receipt.json", NOTHING, other)
    assert "pennsieve workflow add CODE --name spike-rate" in str(caught.value.hint)
    assert "local:" not in str(caught.value.hint)


def test_in_another_workspace_a_workflow_of_the_same_name_is_taken() -> None:
    other = here(
        workspace=Workspace("N:organization:other", "Hodgkin lab"),
        workflows={"elsewhere": "spike-rate"},
    )
    options, notes = repeated_receipt(run_receipt(), "receipt.json", RunOptions("Copy"), other)
    assert (options.dataset, options.workflow) == ("Copy", "spike-rate")
    assert "the run was in workspace 'Lovelace lab', and this one is in 'Hodgkin lab'" in notes


def test_a_receipt_of_another_pennsieve_is_not_taken_for_one_of_this() -> None:
    with pytest.raises(UsageProblem, match=r"on https://api.pennsieve.io'"):
        repeated_receipt(run_receipt(), "r.json", NOTHING, here(host="http://127.0.0.1:1"))


def test_a_receipt_that_cannot_be_repeated_says_why() -> None:
    with pytest.raises(UsageProblem, match="is that of the batch 'first-batch'"):
        repeated_receipt(batch_receipt(), "receipt.json", NOTHING, here())
    unknown = run_receipt()
    unknown["inputs"]["files"] = None
    with pytest.raises(UsageProblem, match="does not say which files"):
        repeated_receipt(unknown, "receipt.json", NOTHING, here())


def test_code_that_is_another_one_is_told() -> None:
    before = {"a": StepCode("a" * 40, "sha256:1"), "b": StepCode("b" * 40), "c": StepCode("c" * 40)}
    now = {"a": StepCode("a" * 40, "repo@sha256:2"), "b": StepCode("d" * 40)}
    assert same_code(before, now) == (
        "the image of step 'a' is another one, built from the same commit",
        "the code of step 'b' is dddddddddd; it was bbbbbbbbbb",
        "the workflow has no step 'c' any more",
    )
    assert same_code(before, before) == ()
