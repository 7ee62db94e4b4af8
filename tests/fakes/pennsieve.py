"""As much of Pennsieve as preparing a run asks for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from pennsieve_agent.domain.datasets import DataFile, Dataset, Role
from pennsieve_agent.domain.metrics import Counters
from tests.fakes.run_node import DATASET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.platform.client import Platform

FILES = (
    DataFile("N:package:1", "raw/a.txt", 10),
    DataFile("N:package:2", "raw/deep/b.txt", 20),
    DataFile("N:package:3", "notes.md", 5),
)


def pennsieve(
    *,
    files: Sequence[DataFile] = FILES,
    nodes: Sequence[ComputeNode] = (),
    workflows: Sequence[Workflow] = (),
    role: Role = Role.MANAGER,
    runs: Sequence[Run] = (),
    counters: Counters = Counters(),  # noqa: B008 - it is frozen
) -> Platform:
    """A workspace with one dataset, ``Mouse EEG``; ``runs`` are on Pennsieve's nodes."""
    dataset = Dataset(DATASET, 1, "Mouse EEG", role)
    by_id = {workflow.uuid: workflow for workflow in workflows}
    roots = {f.path.split("/")[0]: f.package_id for f in files}
    found = SimpleNamespace(
        workspace_id=lambda: "N:organization:w",
        datasets=SimpleNamespace(
            list=lambda: iter([dataset]),
            get=lambda _: dataset,
            files=lambda _: iter(files),
            root_ids=lambda _: tuple(roots.values()),
        ),
        workflows=SimpleNamespace(
            list=lambda _, archived=False: [w for w in workflows if w.is_active is not archived],
            get=by_id.__getitem__,
        ),
        upload_bucket="uploads",
        uploads=SimpleNamespace(unfinished=lambda *_: iter(())),
        compute=SimpleNamespace(nodes=lambda _: list(nodes)),
        runs=SimpleNamespace(list=lambda *_, **__: iter(runs)),
        metrics=SimpleNamespace(counters=lambda *_, **__: counters),
    )
    return cast("Platform", found)
