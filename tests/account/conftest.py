"""An emulated AWS account, a platform in memory and a journal, all empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pennsieve_agent.account.journal import Journal
from pennsieve_agent.account.worlds import Worlds
from pennsieve_agent.aws.session import Aws
from tests.account.registry import FakeRegistry
from tests.account.scene import Scene
from tests.aws.emulator import emulated, reset, settings


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    with emulated() as url:
        yield url


@pytest.fixture
def scene(emulator: str, tmp_path: Path) -> Iterator[Scene]:
    reset(emulator)
    registry = FakeRegistry()
    with Aws(settings(tmp_path, emulator)) as aws:
        journal = Journal(tmp_path / "journal", "default", "lab")
        yield Scene(Worlds(aws, registry, journal, lambda _: None), registry)
