"""Access points of nodes that share an AWS account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pennsieve_agent.node.jobs.access_points import AccessPoints
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import RunRecord
from tests.node.world import SETTINGS


class Files:
    """As AWS does, answers the same token with the same access point, whoever asks."""

    def __init__(self) -> None:
        self.made: dict[str, str] = {}

    def create_access_point(self, **asked: Any) -> dict[str, str]:
        asked = {key.lower(): value for key, value in asked.items()}
        made = self.made.setdefault(
            asked["clienttoken"], f"{asked['filesystemid']}/{len(self.made)}"
        )
        return {"AccessPointId": made, "accessPointArn": made}


def test_each_node_of_an_account_has_its_own_layers() -> None:
    """And its own runs, should two of them have the same id."""
    files = Files()
    made = []
    for file_system in ("fs-1", "fs-2", "fs-1"):
        node = Node(replace(SETTINGS, file_system=file_system), lambda *_: files)
        record = RunRecord(run="r-1", created=0.0, access_points={"layers": "", "run": ""})
        AccessPoints(node, record).create()
        made.append(record.access_points)
    first, second, again = made
    assert first == again
    assert [name.partition("/")[0] for name in first.values()] == ["fs-1"] * 2
    assert [name.partition("/")[0] for name in second.values()] == ["fs-2"] * 2
