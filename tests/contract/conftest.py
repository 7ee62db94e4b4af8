"""A real sandbox in its own process, with a run in it."""

from __future__ import annotations

import pytest

from pennsieve_agent.domain.identity import ApiKey, Hosts
from tests.cli.conftest import Lab, lab, ready
from tests.cli.harness import Agent

__all__ = ["lab", "ready"]


@pytest.fixture(scope="session")
def box(ready: Lab) -> Lab:
    """The lab after a run, which the checks may ask about."""
    agent = Agent({**ready.box.environment(), "HOME": str(ready.root)})
    done = agent("run", "start", "-w", "word-count", "-d", "Mouse EEG", "--wait", "--files", "**")
    assert done.code == 0, done.err
    return ready


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
