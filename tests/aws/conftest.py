"""One emulated AWS for all tests here, empty at the beginning of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pennsieve_agent.account.rights.installer import all_nodes, installer_rights
from pennsieve_agent.account.rights.stack_rights import Place
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.aws.values import AwsIdentity
from pennsieve_agent.domain.iam_policies import Ask
from tests.aws.emulator import emulated, reset, settings
from tests.aws.recorder import RecordingAws

_NODES = all_nodes(AwsIdentity("123456789012", "arn:aws:iam::1:user/ada", "U", "us-east-1", ""))
_ACTIONS = {a for right in installer_rights(Place(_NODES)) for a in right.actions}


def check(ask: Ask) -> None:
    """Fail where the program uses an action that the installer's policy does not name."""
    assert ask.action in _ACTIONS, ask.action


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    with emulated() as url:
        yield url


@pytest.fixture
def aws(emulator: str, tmp_path: Path) -> Iterator[Aws]:
    reset(emulator)
    with RecordingAws(settings(tmp_path, emulator), check) as session:
        yield session
