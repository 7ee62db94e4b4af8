"""A real sandbox in its own process, with a run in it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from pennsieve_agent.domain.identity import ApiKey, Hosts
from pennsieve_agent.sandbox.control import Sandbox
from tests.cli.conftest import DATASET, FILES, WORD_COUNT, Lab, ready, repository
from tests.cli.harness import Agent

__all__ = ["ready"]

# The official client needs a numpy that does not install on newer Pythons.
collect_ignore = [] if sys.version_info < (3, 13) else ["test_official_client.py"]


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A sandbox on any free ports, beside those of other tests at the same time."""
    root = tmp_path_factory.mktemp("contract")
    for name, text in FILES.items():
        path = root / "sandbox" / "datasets" / DATASET / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    code = repository(root / "word-count", WORD_COUNT)
    made = Sandbox(root / "sandbox")
    state = made.start_detached(0, "process")
    yield Lab(made, state, code, root)
    made.stop()


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
