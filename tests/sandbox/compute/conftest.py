"""A fresh lab for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.compute.lab import Lab, Ready, open_lab


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with open_lab(tmp_path / "data") as made:
        yield made


@pytest.fixture
def ready(lab: Lab) -> Ready:
    return Ready(lab)
