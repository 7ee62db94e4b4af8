"""The receipt of a run, with its files as they are on Pennsieve now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pennsieve_agent import __version__
from pennsieve_agent.domain.receipt.context import Stated
from pennsieve_agent.domain.run_results import records
from pennsieve_agent.errors import PlatformError
from pennsieve_agent.services.runs import run_outputs

if TYPE_CHECKING:
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.domain.profile import Workspace
    from pennsieve_agent.domain.runs import OutputFile, Run, RunInput
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.runs.all_runs import Located

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Maker:
    """Where a receipt is made, and at what time (unix seconds).

    ``host`` is the address of Pennsieve's API, ``nodes`` are the own nodes.
    """

    platform: Platform
    host: str
    workspace: Workspace
    now: float
    nodes: Sequence[OwnNode] = ()
    _names: dict[str, str] = field(default_factory=dict)

    def stated(self, dataset: str, node: str) -> Stated:
        """What is known beside the run itself."""
        return Stated(
            written_at=datetime.fromtimestamp(self.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            version=__version__,
            host=self.host,
            workspace={"id": self.workspace.id, "name": self.workspace.name},
            dataset=self._dataset(dataset),
            node=self._node(node),
        )

    def _dataset(self, id_: str) -> str:
        """A dataset's name; empty where it is gone, or not shared with me."""
        if id_ and id_ not in self._names:
            try:
                self._names[id_] = self.platform.datasets.get(id_).name
            except PlatformError:
                self._names[id_] = ""
        return self._names.get(id_, "")

    def _node(self, token: str) -> Mapping[str, str]:
        node = next((one for one in self.nodes if one.token == token), None)
        if node is None:
            return {}
        return {
            "id": node.token,
            "name": node.name,
            "region": node.region,
            "account": node.account,
            "mode": node.mode,
        }


def run_receipt(maker: Maker, located: Located) -> dict[str, Any]:
    """The receipt of a run, without checksums."""
    run, backend = located.run, located.backend
    stated = maker.stated(run.dataset_id, run.node_uuid)
    read = backend.input(run)
    written = without_records(backend.outputs(run))
    outputs = output_rows(maker, run, written)
    stated = replace(stated, inputs=input_rows(read), outputs=outputs)
    receipt = backend.receipt(run, stated)
    inputs = {**receipt["inputs"], "packages_missing": read.missing}
    return {**receipt, "inputs": inputs}


def without_records(files: Sequence[OutputFile]) -> list[OutputFile]:
    """What a run delivered but for what says what it did."""
    own = records(file.path for file in files)
    return [file for file in files if file.path not in own]


def input_rows(read: RunInput) -> Rows | None:
    """The files that a run reads; None where nobody can tell them any more."""
    if read.files is None:
        return [] if read.count == 0 else None
    return [
        {
            "path": file.path,
            "size": file.size,
            "checksum": file.checksum,
            "package": file.package_id,
        }
        for file in read.files
    ]


def output_rows(maker: Maker, run: Run, written: Sequence[OutputFile]) -> Rows:
    """What a run delivered, and what became of each file on Pennsieve."""
    try:
        placed = run_outputs.placed(maker.platform, run, written, maker.now)
    except PlatformError:  # the dataset is gone, or not shared with me
        placed = [run_outputs.Placed(file) for file in written]
    return [
        {
            "path": one.file.path,
            "size": one.file.size,
            "sha256": one.file.sha256,
            "package": one.file.package_id,
            "status": one.status,
            "why": one.why,
        }
        for one in placed
    ]
