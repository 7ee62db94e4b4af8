"""One emulated AWS for all tests here, empty at the beginning of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pennsieve_agent.aws.session import Aws
from tests.aws.emulator import emulated, reset, settings


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    with emulated() as url:
        yield url


@pytest.fixture
def aws(emulator: str, tmp_path: Path) -> Iterator[Aws]:
    reset(emulator)
    with Aws(settings(tmp_path, emulator)) as session:
        yield session
