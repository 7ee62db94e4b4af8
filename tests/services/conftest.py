from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.emulator import emulated, reset
from tests.services.granting import GrantWorld
from tests.services.pennsieve import PennsieveWorld


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    with emulated() as url:
        yield url


@pytest.fixture
def granting(tmp_path: Path, moto_url: str) -> Iterator[GrantWorld]:
    reset(moto_url)
    pennsieve = PennsieveWorld(tmp_path)
    yield GrantWorld(pennsieve, moto_url, tmp_path / "home")
    pennsieve.close()
