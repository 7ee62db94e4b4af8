from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws.emulator import emulated, reset
from tests.node.own_world import OwnWorld, own_world
from tests.node.owned import Owned, owned


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    with emulated() as url:
        yield url


@pytest.fixture
def own(moto_url: str) -> Iterator[OwnWorld]:
    reset(moto_url)
    with own_world(moto_url) as world:
        yield world


@pytest.fixture
def node() -> Iterator[Owned]:
    with owned() as found:
        yield found
