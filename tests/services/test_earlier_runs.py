"""What earlier runs delivered is theirs: no input by itself, and no other run's output."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from pennsieve_agent.domain.datasets import DataFile, Dataset
from pennsieve_agent.domain.run_filter import RunFilter, Someone
from pennsieve_agent.domain.run_results import Delivered, Input, is_receipt
from pennsieve_agent.domain.runs import OutputFile, Run, RunStatus
from pennsieve_agent.domain.workflows import Step, StepKind
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.platform.data.datasets import HeldFiles
from pennsieve_agent.services.runs import run_outputs
from pennsieve_agent.services.runs.all_runs import AllRuns
from pennsieve_agent.services.runs.earlier_runs import EarlierRuns
from pennsieve_agent.services.runs.node_runs import NodeRuns
from pennsieve_agent.services.runs.pennsieve_runs import PennsieveRuns
from pennsieve_agent.services.runs.run_outputs import ImportWait
from pennsieve_agent.services.runs.run_request import Prepared, RunOptions
from tests.fakes.clock import Clock
from tests.fakes.earlier import Earlier
from tests.fakes.pennsieve import FILES
from tests.fakes.run_node import DATASET, NODE, FakeNode, summary
from tests.services.test_prepare_own_run import prepared

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform

MOUSE = Dataset(DATASET, 1, "Mouse EEG")
ONE, TWO = "1" * 8, "2" * 8
RESULTS = (
    DataFile("N:package:r1", "results/first-run/a.txt", 1),
    DataFile("N:package:r2", "results/first-run/pennsieve-run.json", 1),
)
RUNS = Delivered(frozenset({"results/first-run"}))


def own(node: FakeNode) -> NodeRuns:
    return NodeRuns(NODE, node, lambda: 1_700_100_000.0)


def holding(files: Sequence[DataFile]) -> Platform:
    """A platform that tells which files packages hold."""

    def files_of(_: str, ids: AbstractSet[str]) -> HeldFiles:
        held = tuple(file for file in files if file.package_id in ids)
        return HeldFiles(held, tuple(ids - {file.package_id for file in held}))

    return cast("Platform", SimpleNamespace(datasets=SimpleNamespace(files_of=files_of)))


def earlier(node: FakeNode, platform: Any = None) -> EarlierRuns:
    me = Someone("N:user:a", "ada@example.org")
    runs = AllRuns([own(node)], me=lambda: me, note=lambda _: None)
    clock = Clock()
    wait = ImportWait(clock.now, clock.sleep, lambda _: None)
    return EarlierRuns(cast("Platform", platform), runs, wait)


def test_the_same_command_twice_takes_the_same_files() -> None:
    for patterns in (("**/*.txt",), ()):
        before = prepared(files=patterns)
        after = prepared(files=patterns, content=(*FILES, *RESULTS), earlier=Earlier(RUNS))
        assert after.files == before.files
        assert after.request.package_ids == before.request.package_ids
        assert after.input.left_out == (1 if patterns else 2)
        assert after.input.is_whole is not bool(patterns)


def test_results_are_taken_where_they_are_asked_for() -> None:
    known = Earlier(RUNS, {"first run": RESULTS[:1]})

    def paths(**options: Any) -> list[str]:
        ready = prepared(content=(*FILES, *RESULTS), earlier=known, **options)
        return [file.path for file in ready.files]

    everything = sorted(file.path for file in (*FILES, *RESULTS))
    assert paths(include_results=True) == everything
    assert paths(files=("results/first-run/*.txt",)) == ["results/first-run/a.txt"]
    assert paths(input_runs=("first run",)) == ["results/first-run/a.txt"]
    assert paths(input_runs=("first run",), files=("notes.md",)) == [
        *("notes.md", "results/first-run/a.txt"),
    ]


def test_nothing_but_results_is_no_input_and_says_what_to_type() -> None:
    with pytest.raises(UsageProblem, match="all 2 files that fit are from earlier runs") as caught:
        prepared(content=RESULTS, earlier=Earlier(RUNS))
    assert "--input-run RUN" in str(caught.value.hint)


def test_an_own_node_tells_whole_folders_and_what_lies_beside_other_files() -> None:
    node = FakeNode()
    node.runs = {
        ONE: summary(ONE, 1, name="first run", folder="results/first-run"),
        TWO: summary(TWO, 2, name="second", folder="raw"),
        "3" * 8: summary("3" * 8, 3, name="third", folder="gone"),
        "4" * 8: summary("4" * 8, 4, name="other", folder="results/other", dataset="N:dataset:e"),
    }
    node.files = [{"path": "raw/x", "package": "N:package:x", "size": 1}, {"path": "raw/y"}]
    found = own(node).delivered(DATASET, {"raw", "results/first-run"}.__contains__)
    assert found == Delivered(frozenset({"results/first-run"}), frozenset({"N:package:x"}))
    assert [path for _, path, _ in node.asked if "outputs" in path] == [f"/runs/{TWO}/outputs"]


def test_the_results_of_a_run_are_those_of_its_dataset() -> None:
    node = FakeNode()
    node.runs = {ONE: summary(ONE, 1, name="first run")}
    node.files = [
        {"path": "results/a", "package": "N:package:a", "size": 7},
        {"path": "results/pennsieve-run.json", "package": "N:package:b", "size": 9},
    ]
    there = DataFile("N:package:a", "results/a", 7)
    assert earlier(node, holding([there])).outputs("first run", MOUSE) == [there]
    with pytest.raises(UsageProblem, match="wrote its results to another dataset, not to 'Rats'"):
        earlier(node).outputs("first run", Dataset("N:dataset:rats", 2, "Rats"))
    node.files = []
    with pytest.raises(UsageProblem, match="has delivered no file") as refused:
        earlier(node).outputs("first run", MOUSE)
    assert refused.value.hint == "see its state with: pennsieve run show 'first run'"


def refuse(node: FakeNode, ready: Prepared, **options: Any) -> None:
    earlier(node).refuse_taken(ready.dataset, ready.input, ready.folder, RunOptions("M", **options))


@pytest.mark.parametrize("name", ["first run", "first-run", "First run"])
def test_a_name_that_a_run_has_is_refused(name: str) -> None:
    node = FakeNode()
    node.runs = {ONE: summary(ONE, 1, name="first run")}
    with pytest.raises(UsageProblem, match="there is a run called 'first run' already"):
        refuse(node, prepared(name=name), name=name)
    refuse(node, prepared())
    refuse(node, prepared(name="other"), name="other")


def test_a_folder_with_files_means_that_the_name_was_taken() -> None:
    node = FakeNode()
    ready = prepared(name="first run", content=(*FILES, *RESULTS))
    assert ready.input.in_folder == 2
    with pytest.raises(UsageProblem, match="has a folder 'results/first-run' with files already"):
        refuse(node, ready, name="first run")
    refuse(
        node, ready, name="first run", folder="results/first-run"
    )  # who types a folder has chosen it
    similar = DataFile("p", "results/first-run-2/a", 1)
    assert prepared(name="first run", content=(*FILES, similar)).input == Input(
        (*sorted((*FILES, similar), key=lambda file: file.path),), 0, 0, is_whole=True
    )


def run(number: int, begins: str, folder: str = "results/first", **more: Any) -> Run:
    return Run(
        f"r-{number}",
        RunStatus.SUCCEEDED,
        name=f"n {number}",
        dataset_id=DATASET,
        started_at=begins,
        steps=(Step("p", StepKind.PROCESSOR),),
        target_params={"out": {"TARGET_FOLDER": folder}},
        **more,
    )


def theirs(runs: Sequence[Run], files: Sequence[DataFile], details: Sequence[Run] = ()) -> Any:
    by_id = {one.uuid: one for one in details}
    asked: list[str] = []

    def get(uuid: str) -> Run:
        asked.append(uuid)
        return by_id[uuid]

    def listed(_: str, *, only: RunFilter) -> list[Run]:
        return [one for one in runs if only.takes(one) and one.started_at >= only.since]

    platform = SimpleNamespace(
        workspace_id=lambda: "w",
        datasets=SimpleNamespace(files=lambda _: iter(files)),
        runs=SimpleNamespace(list=listed, get=get),
    )
    return PennsieveRuns(cast("Platform", platform)), asked


def at(minute: int) -> str:
    return f"2026-11-28T10:{minute:02}:00.000Z"


def test_two_runs_with_one_folder_on_pennsieve_have_each_their_own_outputs() -> None:
    first, second = run(1, at(0)), run(2, at(10), "results/first/")
    other = run(3, at(5), "results/first-2")
    files = [
        DataFile("p0", "results/first/mine.txt", 1, created_at="2026-11-28T09:00:00.000Z"),
        DataFile("p1", "results/first/a.txt", 1, created_at=at(3)),
        DataFile("p2", "results/first/b.txt", 1, created_at=at(12)),
        DataFile("p3", "results/first-2/c.txt", 1, created_at=at(6)),
        DataFile("p4", "results/first/untold.txt", 1),
    ]
    backend, _ = theirs([first, second, other], files)
    assert [f.package_id for f in backend.outputs(first)] == ["p1", "p4"]
    assert [f.package_id for f in backend.outputs(second)] == ["p2", "p4"]
    assert [f.package_id for f in backend.outputs(other)] == ["p3"]


def test_of_runs_on_pennsieve_only_those_without_a_folder_of_their_name_are_asked() -> None:
    rows = [Run(f"r-{n}", RunStatus.SUCCEEDED, name=f"n {n}", dataset_id=DATASET) for n in (1, 2)]
    backend, asked = theirs(rows, [], [run(2, at(0), "derived/x")])
    found = backend.delivered(DATASET, {"results/n-1"}.__contains__)
    assert found == Delivered(frozenset({"results/n-1"}))
    assert asked == ["r-2"]


def test_what_was_in_a_chosen_folder_before_a_run_on_pennsieve_is_not_its_result() -> None:
    files = [
        DataFile("p0", "raw/1.nii", 1, created_at="2026-11-28T09:00:00.000Z"),
        DataFile("p1", "raw/1.csv", 1, created_at=at(3)),
        DataFile("p2", "raw/deep/2.csv", 1, created_at=at(13)),
        DataFile("p3", "raw-2/3.csv", 1, created_at=at(13)),
    ]
    runs = [run(1, at(0), "raw"), run(2, at(10), "raw/deep")]
    backend, _ = theirs(runs, files, runs)
    found = backend.delivered(DATASET, {"raw", "raw/deep"}.__contains__)
    assert found == Delivered(frozenset(), frozenset({"p1", "p2"}))
    assert found.results(files) == {"raw/1.csv", "raw/deep/2.csv"}


def test_a_file_whose_name_was_taken_is_told_by_its_package() -> None:
    files = (
        DataFile("p1", "shared/a.txt", 1),
        DataFile("p2", "shared/a (1).txt", 1),
        DataFile("p3", "shared/pair/x", 1),
        DataFile("p3", "shared/pair/y", 1),
    )
    delivered = [
        *(OutputFile("shared/a.txt", 1, "p2"), OutputFile("shared/x", 1, "p3")),
        OutputFile("shared/new.txt", 1, "p4"),
    ]
    platform = holding(files)
    of = run(2, at(0), "shared")
    paths = ["shared/a (1).txt", "shared/x", "shared/new.txt"]
    assert [f.path for f in run_outputs.in_dataset(platform, of, delivered)] == paths


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("pennsieve-run.json", True),
        ("pennsieve-run (2).json", True),
        ("21734dac-a6b3-43c1-bb0d-31532511ab55-pennsieve-run.json", True),
        ("my pennsieve-run.json", False),
        ("pennsieve-run (x).json", False),
    ],
)
def test_a_receipt_is_known_by_its_name(name: str, is_one: bool) -> None:  # noqa: FBT001
    assert is_receipt(f"shared/{name}") is is_one
