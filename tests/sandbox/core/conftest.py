"""A sandbox's parts in this process, with a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pennsieve_agent.sandbox import people
from pennsieve_agent.sandbox.files import DatasetFiles
from pennsieve_agent.sandbox.store import Store
from pennsieve_agent.sandbox.tables import SCHEMA
from pennsieve_agent.sandbox.world import Urls, World
from tests.sandbox.core.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(tmp_path: Path, clock: Clock) -> Iterator[World]:
    store = Store(tmp_path / "sandbox.db", [SCHEMA])
    people.seed(store, clock())
    urls = Urls("http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3")
    (tmp_path / "datasets").mkdir()
    yield World(tmp_path, store, urls, clock)
    store.close()


@pytest.fixture
def home(clean_machine: Path) -> Path:
    return clean_machine


@pytest.fixture
def files(world: World) -> DatasetFiles:
    return DatasetFiles(world)
