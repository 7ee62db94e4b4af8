"""A sandbox's parts in this process, with a clock of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.data.tables import SCHEMA
from pennsieve_agent.sandbox.host.store import Store
from pennsieve_agent.sandbox.host.world import Urls, World
from pennsieve_agent.sandbox.http.tokens import KEY_FILE, Signer
from tests.sandbox.clock import Clock
from tests.sandbox.platform import Platform


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def signing_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key pair for all tests, as making one takes a while."""
    folder = tmp_path_factory.mktemp("key")
    Signer(folder)
    return folder / KEY_FILE


@pytest.fixture
def world(tmp_path: Path, clock: Clock, signing_key: Path) -> Iterator[World]:
    shutil.copy(signing_key, tmp_path)
    store = Store(tmp_path / "sandbox.db", [SCHEMA])
    directory.seed(store, clock())
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


@pytest.fixture
def platform(world: World, files: DatasetFiles) -> Platform:
    return Platform(world, files)
