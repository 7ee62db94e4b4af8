"""An image of a BIDS App as a workflow: added, granted, run, in containers of a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.following import imported
from tests.cli.harness import Agent
from tests.cli.images_world import bids_app, bids_dataset
from tests.prepared import Prepared
from tests.registries import needs_registry, registry

pytestmark = [pytest.mark.docker, needs_registry]


@pytest.fixture
def agent(tmp_path: Path, prepared: Prepared) -> Iterator[Agent]:
    bids_dataset(tmp_path / "box" / "datasets" / "Phantoms" / "bids")
    box = prepared.into(tmp_path / "box")
    assert box.start_detached(0, None).engine == "docker"
    yield Agent({**box.environment(), "HOME": str(tmp_path)})
    box.stop()


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """An image of the BIDS App on loopback."""
    with registry(tmp_path / "registry") as url:
        yield bids_app(tmp_path / "app", f"{url.removeprefix('http://')}/lab/tiny-bids")


def test_a_bids_app_in_three_commands(agent: Agent, address: str, tmp_path: Path) -> None:
    added = agent("workflow", "add", address, "--bids", "group")
    assert added.code == 0, added.err
    grant = ("dataset", "grant", "tiny-bids", "-d", "Phantoms", "--access", "read-write")
    assert agent(*grant).code == 0
    start = ("run", "start", "-d", "Phantoms", "--all", "--name", "two", "--wait")
    run = agent(*start)
    assert run.code == 0, run.err + agent("run", "logs", "two").out
    results = tmp_path / "box/datasets/Phantoms/results/two"
    assert imported(results / "group_sizes.tsv") == "3\n19\n"
    assert imported(results / "sub-01/anat/sub-01_size.txt") == "3\n"
