"""An emulated AWS account, a platform in memory and a journal, all empty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pennsieve_agent.account.rights.installer import all_nodes, installer_policy
from pennsieve_agent.account.world.clients import Clients
from pennsieve_agent.account.world.registration_journal import Journal
from pennsieve_agent.aws.values import AwsIdentity
from pennsieve_agent.domain.iam_policies import Ask, Verdict, decide
from pennsieve_agent.sandbox.aws.s3files.file_systems import know_pending
from pennsieve_agent.settings.own_nodes_file import OwnNodes
from tests.account.registry import FakeRegistry
from tests.account.scene import BUNDLE, Node, Scene, Transfer
from tests.account.served import served_scene
from tests.aws.emulator import NUMBER, emulated, reset, settings
from tests.aws.recorder import RecordingAws

_WHO = AwsIdentity(NUMBER, f"arn:aws:iam::{NUMBER}:user/ada", "U", "us-east-1", "")
_POLICY = installer_policy(all_nodes(_WHO), f"arn:aws:iam::{NUMBER}:policy/org/everything-bounded")
heard: list[Ask] = []
"""What the program asked of AWS, in the tests of this process."""


def check(ask: Ask) -> None:
    """Fail where the program does what the installer's policy does not allow."""
    heard.append(ask)
    assert decide(ask, [_POLICY]) is Verdict.ALLOWED, ask


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    with emulated() as url:
        yield url


@contextmanager
def fresh(emulator: str, folder: Path) -> Iterator[Scene]:
    """The account emptied, a platform that knows nothing, and no journal."""
    reset(emulator)
    registry = FakeRegistry()
    with RecordingAws(settings(folder, emulator), check) as aws:
        journal = Journal(folder / "journal", "default", "lab")
        nodes = OwnNodes(folder / "own-nodes.json").of("default")
        rows: dict[str, list[str]] = {}
        clients = Clients(
            *(aws, registry, journal, lambda _: None, nodes),
            client=lambda node: Node(aws, node, rows),
            bundle=BUNDLE,
            transfer=Transfer(),
        )
        yield Scene(clients, registry, rows=rows)


@pytest.fixture
def scene(emulator: str, tmp_path: Path) -> Iterator[Scene]:
    with fresh(emulator, tmp_path) as found:
        yield found


@pytest.fixture
def unexported() -> Iterator[None]:
    """Each file system has changes that are not in its bucket yet."""
    know_pending(lambda _: True)
    yield
    know_pending(lambda _: False)


@pytest.fixture
def lab(emulator: str, tmp_path: Path) -> Iterator[Scene]:
    """The same for nodes that Pennsieve itself runs, with the rights that those take."""
    with served_scene(emulator, tmp_path) as found:
        yield found
