"""A machine with an own node that keeps batches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pennsieve_agent.settings.own_nodes_file import OwnNodes
from tests.cli.batches.scene import START, SUBJECTS, Scene
from tests.cli.conftest import DATASET, Lab, made
from tests.cli.harness import Agent
from tests.fakes.batch_node import BatchNode
from tests.fakes.run_node import NODE, VERSION
from tests.prepared import Prepared


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Lab]:
    """A lab with a folder for each of three subjects."""
    root = tmp_path_factory.mktemp("batches")
    for subject in SUBJECTS:
        for name in ("eeg/a.txt", "notes.md"):
            path = root / "sandbox" / "datasets" / DATASET / "subjects" / subject / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{subject} {name}\n")
    lab = made(root, prepared)
    yield lab
    lab.box.stop()


@pytest.fixture
def scene(lab: Lab, agent: Agent) -> Iterator[Scene]:
    del lab
    node = BatchNode()
    rows = agent("dataset", "list", "--json").document
    node.access = {next(r["id"] for r in rows if r["name"] == DATASET): "read-write"}
    node.version = {**VERSION, "name": "own-count"}
    config = Path(agent.environ["PENNSIEVE_CONFIG"])
    OwnNodes.beside(config).put("sandbox", NODE)
    scene = Scene(agent, node)
    agent.nodes = scene.calls
    yield scene
    OwnNodes.beside(config).remove("sandbox", NODE.token)
    for path in (config.parent / "batch-starts").glob("*"):
        path.unlink()


@pytest.fixture
def started(scene: Scene) -> Scene:
    scene(*START, "--each", "subjects/*", "--name", "first batch")
    return scene
