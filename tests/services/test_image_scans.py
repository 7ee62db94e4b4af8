"""Which images a node is asked about, and what is typed after a build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from pennsieve_agent.domain.image_builds import BuildSize, BuildState, NodeBuild
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import NodeOlder, NotFound
from pennsieve_agent.services.workflows.find_builds import add_command
from pennsieve_agent.services.workflows.image_scans import image_scans

HEX = "a" * 64
OWN = OwnNode("0a1b2c3d", "mine", "", "123456789012", "us-east-1", "", "admin")
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
IMAGE = f"{REGISTRY}/pennsieve-node-0a1b2c3d/workflows@sha256:{HEX}"
OTHERS = f"{REGISTRY}/pennsieve-app-store@sha256:{HEX}"


@dataclass
class Calls:
    """A node with one workflow, whose steps have these images."""

    images: tuple[str, ...]
    error: Exception | None = None
    asked: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, *_: Any, admin: bool = False) -> Mapping[str, Any]:
        assert (method, admin) == ("GET", True)
        if path == "/workflows":
            return {"workflows": [{"id": "w", "name": "w", "versions": ["1"], "newest": "1"}]}
        if path.startswith("/workflows/"):
            steps = enumerate(self.images)
            return {"steps": [{"id": f"s{n}", **({"image": i} if i else {})} for n, i in steps]}
        self.asked.append(path)
        if self.error:
            raise self.error
        return {"status": "COMPLETE", "counts": {"HIGH": 2}}


def test_images_of_the_node_are_asked_once_each_and_no_others() -> None:
    calls = Calls(("", IMAGE, IMAGE, OTHERS, f"archive@sha256:{HEX}"))
    notes: list[str] = []
    rows = image_scans([(OWN, calls)], "w", notes.append)
    assert [(row.node, row.step, row.scan.words) for row in rows] == [
        ("mine", "s1", "2 high"),
        ("mine", "s2", "2 high"),
    ]
    assert {row.image for row in rows} == {f"sha256:{HEX}"}
    assert calls.asked == [f"/images/{HEX}/findings"]
    assert notes == []


@pytest.mark.parametrize("error", [NodeOlder("it is older"), NotFound("no such image")])
def test_a_node_that_cannot_say_is_noted_and_the_others_are_told(error: Exception) -> None:
    older = Calls((IMAGE,), error)
    notes: list[str] = []
    nodes = [(OWN, older), (replace(OWN, name="two"), Calls((IMAGE,)))]
    rows = image_scans(nodes, "w", notes.append)
    assert [row.node for row in rows] == ["two"]
    assert len(notes) == 1
    assert "node 'mine'" in notes[0]


def test_a_node_of_somebody_else_is_not_asked() -> None:
    assert image_scans([(replace(OWN, admin=""), Calls((IMAGE,)))], "w", lambda _: None) == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("https://github.com/lab/spikes", "https://github.com/lab/spikes --build node"),
        ("local:spikes", "'/home/ada/my code/spikes' --build node"),
        ("git:spikes", "https://git.lab.example/spikes.git --build node"),
        ("local:other", "FOLDER --build node (the folder of spikes)"),
    ],
)
def test_a_build_is_registered_by_where_its_code_is(source: str, words: str) -> None:
    build = NodeBuild("b", HEX, "spikes", source, "", BuildSize.SMALL, BuildState.SUCCEEDED)
    known = ("file:///home/ada/my%20code/spikes", "https://git.lab.example/spikes.git")
    assert add_command(build, known) == f"pennsieve workflow add {words}"
