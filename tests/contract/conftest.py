"""A real sandbox in its own process, with a node that Pennsieve runs and a run on it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from pennsieve_agent.domain.profile import ApiKey, Hosts
from tests.cli.conftest import DATASET, Lab, copied, made, prepare
from tests.cli.harness import Agent

# The official client needs a numpy that does not install on newer Pythons.
collect_ignore = [] if sys.version_info < (3, 13) else ["test_official_client.py"]


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A sandbox after a run, which the checks may ask about."""
    register = ("compute", "register", "--provisioner", "platform", "--yes")
    found = copied(tmp_path_factory, "contract", made, register)
    prepare(
        found,
        ("workflow", "add", found.url, "--public"),
        ("run", "start", "-w", "word-count", "-d", DATASET, "--wait", "--files", "**"),
    )
    yield found
    found.box.stop()


@pytest.fixture
def agent(box: Lab) -> Agent:
    return Agent({**box.box.environment(), "HOME": str(box.root)})


@pytest.fixture(scope="session")
def hosts(box: Lab) -> Hosts:
    return Hosts(*box.state.urls)


@pytest.fixture(scope="session")
def key(box: Lab) -> ApiKey:
    values = box.box.profile_values()
    return ApiKey(values["api_token"], values["api_secret"])
