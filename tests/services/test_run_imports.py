"""Results that Pennsieve has not imported yet are waited for, and told from what will not come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from pennsieve_agent.domain.datasets import DataFile, Dataset
from pennsieve_agent.domain.runs import OutputFile, Run, RunDetails, RunStatus
from pennsieve_agent.domain.transfers import QueuedFile
from pennsieve_agent.errors import NotFound, StillRunning, UsageProblem
from pennsieve_agent.platform.data.datasets import HeldFiles
from pennsieve_agent.services.files import upload
from pennsieve_agent.services.files.choose_files import choose, coming_notes
from pennsieve_agent.services.runs import run_outputs
from pennsieve_agent.services.runs.all_runs import AllRuns, Located
from pennsieve_agent.services.runs.earlier_runs import EarlierRuns
from pennsieve_agent.services.runs.run_outputs import ImportWait, Results
from tests.fakes.clock import Clock

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform

NEVER = float("inf")
ENDED = 1_764_410_460.0  # 2025-11-29T10:01:00Z
OWN = Run(
    "r",
    RunStatus.SUCCEEDED,
    name="first",
    dataset_id="N:dataset:d",
    created_at="2025-11-29T10:00:00.000Z",
    completed_at="2025-11-29T10:01:00.000Z",
    details=RunDetails(folder="results/first"),
)
SERVED = replace(OWN, details=None, target_params={"out": {"TARGET_FOLDER": "results/first"}})


@dataclass
class Imports:
    """A dataset whose files come at a time: ``comes`` by path; ``deleted`` are no more."""

    clock: Clock
    comes: dict[str, float]
    deleted: set[str] = field(default_factory=set)
    uploads_listed: int = 0

    def files(self, _: str = "") -> list[DataFile]:
        return [
            DataFile(f"N:package:{path}", path, 1)
            for path, at in self.comes.items()
            if at <= self.clock.time and path not in self.deleted
        ]

    def files_of(self, _: str, ids: AbstractSet[str]) -> HeldFiles:
        held = tuple(file for file in self.files() if file.package_id in ids)
        return HeldFiles(held, tuple(ids - {file.package_id for file in held}))

    def unfinished(self, _: str, since: float, until: float) -> Iterator[QueuedFile]:
        assert since < until
        self.uploads_listed += 1
        for path, at in self.comes.items():
            if at > self.clock.time:
                yield QueuedFile(f"N:package:{path}", path)

    @property
    def platform(self) -> Platform:
        files = SimpleNamespace(files=self.files, files_of=self.files_of)
        uploads = SimpleNamespace(unfinished=self.unfinished)
        return cast("Platform", SimpleNamespace(datasets=files, uploads=uploads))

    def outputs(self, run: Run) -> Sequence[OutputFile]:
        """As an own node, which knows all, or as Pennsieve, which lists what is there."""
        if run.details is not None:
            return [OutputFile(path, 1, f"N:package:{path}") for path in self.comes]
        return [OutputFile(f.path, f.size, f.package_id) for f in self.files()]


def dataset(after: float, **comes: float) -> tuple[Imports, list[int], ImportWait]:
    """A dataset so many seconds after the run's end; files come so many seconds after it."""
    clock = Clock(ENDED + after)
    paths = {f"results/first/{name}": ENDED + at for name, at in comes.items()}
    counts: list[int] = []
    return Imports(clock, paths), counts, ImportWait(clock.now, clock.sleep, counts.append)


def read(run: Run, data: Imports, wait: ImportWait) -> Results:
    located = Located(run, cast("Any", SimpleNamespace(outputs=data.outputs)))
    return run_outputs.on_pennsieve(data.platform, located, wait)


def names(results: Results) -> list[str]:
    return [file.path.rpartition("/")[2] for file in results.files]


@pytest.mark.parametrize("run", [OWN, SERVED])
def test_what_is_on_its_way_is_waited_for(run: Run) -> None:
    data, counts, wait = dataset(1, a=0, b=20, c=90)
    results = read(run, data, wait)
    assert names(results) == ["a", "b", "c"]
    assert (results.importing, results.missing) == ((), ())
    assert (counts[0], counts[-2:]) == (2, [1, 0])
    assert 90 <= data.clock.time - ENDED < 95


def test_nothing_is_asked_where_all_is_there() -> None:
    data, counts, wait = dataset(1, a=0)
    assert names(read(OWN, data, wait)) == ["a"]
    assert (data.uploads_listed, counts) == (0, [])
    data, _, wait = dataset(3600, a=0)
    assert names(read(SERVED, data, wait)) == ["a"]
    assert data.uploads_listed == 0


@pytest.mark.parametrize("run", [OWN, SERVED])
def test_the_wait_ends_ten_minutes_after_the_run(run: Run) -> None:
    data, counts, wait = dataset(590, a=0, b=NEVER)
    results = read(run, data, wait)
    assert (names(results), results.missing) == (["a"], ())
    assert results.importing == ("results/first/b",)
    assert 600 <= data.clock.time - ENDED < 605
    assert counts[-1] == 0


def test_a_deleted_file_is_not_waited_for() -> None:
    data, _, wait = dataset(1, a=0, b=0)
    data.deleted.add("results/first/b")
    results = read(OWN, data, wait)
    assert (names(results), results.importing) == (["a"], ())
    assert results.missing == (("results/first/b", run_outputs.NOT_THERE),)
    assert data.clock.slept == []


def test_after_hours_an_import_has_failed() -> None:
    data, _, wait = dataset(7 * 3600, a=0, b=NEVER)
    results = read(OWN, data, wait)
    assert (names(results), results.importing) == (["a"], ())
    assert results.missing == (("results/first/b", run_outputs.NOT_IMPORTED),)
    assert data.clock.slept == []


def test_a_failed_run_of_pennsieve_may_never_have_sent_the_rest() -> None:
    data, _, wait = dataset(1, a=0, b=NEVER)
    results = read(replace(SERVED, status=RunStatus.FAILED), data, wait)
    assert (names(results), results.importing, data.clock.slept) == (["a"], (), [])


@pytest.mark.parametrize(
    ("run", "after", "paths"),
    [
        (OWN, 1, ["results/first/b"]),
        (SERVED, 1, ["results/first/b"]),
        (OWN, 3600, []),
        (replace(SERVED, status=RunStatus.FAILED), 1, []),
    ],
)
def test_a_list_of_results_says_what_is_on_its_way(
    run: Run, after: float, paths: list[str]
) -> None:
    data, _, _ = dataset(after, a=0, b=NEVER)
    written = data.outputs(run)
    found = run_outputs.on_their_way(data.platform, run, written, data.clock.time)
    assert (found, data.clock.slept) == (paths, [])


def test_a_run_reads_all_results_of_another_or_none() -> None:
    where = Dataset("N:dataset:d", 1, "Mouse EEG")

    def outputs(data: Imports, wait: ImportWait) -> list[str]:
        located = Located(OWN, cast("Any", SimpleNamespace(outputs=data.outputs)))
        runs = cast("AllRuns", SimpleNamespace(find=lambda _: located))
        return [
            file.path for file in EarlierRuns(data.platform, runs, wait).outputs("first", where)
        ]

    data, _, wait = dataset(1, a=0, b=20)
    assert outputs(data, wait) == ["results/first/a", "results/first/b"]
    data, _, wait = dataset(1, a=0, b=NEVER)
    with pytest.raises(StillRunning, match="not imported all results of run 'first' yet"):
        outputs(data, wait)
    data, _, wait = dataset(1, a=0, b=0)
    data.deleted.add("results/first/b")
    with pytest.raises(NotFound, match="wrote 'results/first/b', but it is not in the dataset any"):
        outputs(data, wait)


def test_an_upload_says_what_it_waits_for() -> None:
    clock, counts = Clock(), list[int]()
    report = SimpleNamespace(package_ids={"a": "N:package:a", "b": "N:package:b"}, failed=[])
    journal = SimpleNamespace(manifest="m", finish=lambda: counts.append(-1))
    sending = SimpleNamespace(run=lambda _: report, journal=journal, sleep=clock.sleep)
    looks = iter([["a"], ["a"], ["a", "b"]])
    uploads = SimpleNamespace(imported=lambda _: next(looks))
    upload.run(cast("Any", sending), cast("Any", uploads), [], show=counts.append)
    assert counts == [1, 1, 0, -1]
    uploads.imported = lambda _: []
    counts.clear()
    with pytest.raises(StillRunning, match="2 of 2 files are uploaded, but not in the dataset"):
        upload.run(cast("Any", sending), cast("Any", uploads), [], 1.0, show=counts.append)
    assert counts == [2, 2, 2, 0]


def test_a_pattern_that_fits_only_what_is_on_its_way_is_not_wrong() -> None:
    where = Dataset("N:dataset:d", 1, "Mouse EEG")
    data, _, _ = dataset(1, a=0, b=NEVER)
    with pytest.raises(StillRunning, match="'results/first/b' does, but it is still being") as e:
        choose(data.platform, where, ["results/first/b*"])
    assert "again in a minute" in str(e.value.hint)
    with pytest.raises(UsageProblem, match="no file of dataset 'Mouse EEG' matches"):
        choose(data.platform, where, ["results/second/*"])
    (note,) = coming_notes(data.platform, where, ["results/**"])
    assert "left out: 'results/first/b', being uploaded or imported" in note
    assert coming_notes(data.platform, where, ["results/first/a"]) == []
