"""As much of Pennsieve as preparing a run asks for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from pennsieve_agent.domain.datasets import DataFile, Dataset, Role
from tests.fakes.run_node import DATASET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.domain.compute import ComputeNode
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
) -> Platform:
    """A workspace with one dataset, ``Mouse EEG``."""
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
    )
    return cast("Platform", found)
