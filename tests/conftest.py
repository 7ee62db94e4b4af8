"""Nothing of this machine reaches a test: no home, no AWS account, no keychain."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import keyring
import pytest
from hypothesis import HealthCheck, settings
from keyring.backends.fail import Keyring as NoKeyring

from pennsieve_agent.sandbox.aws.moto_speed import parse_one_at_a_time, read_descriptions_once
from pennsieve_agent.sandbox.aws.stack_changes import know_fixed_properties
from pennsieve_agent.sandbox.aws.stack_events import pace
from pennsieve_agent.sandbox.aws.stack_templates import check_also
from tests.aws.fixed_properties import fixed
from tests.aws.held_clients import hold_clients_to_the_models
from tests.aws.template_lint import lint
from tests.prepared import Prepared, prepare, session_folder


@pytest.fixture(autouse=True)
def clean_machine(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A home of its own for every test, and no settings from outside. Answers the home."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(("PENNSIEVE_", "AWS_", "XDG_", "GIT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Ada")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "ada@example.org")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Ada")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "ada@example.org")
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]
    return home


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A sandbox with a registered node, to be copied."""
    return prepare(session_folder(tmp_path_factory))


def _no_containers() -> str:
    """Why tests cannot run containers; empty where they can."""
    if shutil.which("busybox") is None:
        return "there is no busybox, of which images are made"
    if shutil.which("docker") is None:
        return "there is no docker"
    found = subprocess.run(["docker", "info"], capture_output=True, timeout=30, check=False)
    return "no Docker engine answers" if found.returncode else ""


# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("ci", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci")


def pytest_configure() -> None:
    """Make AWS's descriptions and syntax trees quick and safe, before moto is imported.

    And no emulated CloudFormation takes what AWS's schemas refuse, or takes its time.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        # A shell starts what is in the background so, and what tests start would inherit it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    read_descriptions_once()
    parse_one_at_a_time()
    check_also(lint)
    know_fixed_properties(fixed)
    pace(0)
    hold_clients_to_the_models()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip container tests without an engine, unless an engine is demanded."""
    containers = [item for item in items if item.get_closest_marker("docker")]
    if not containers or os.environ.get("REQUIRE_DOCKER") or not (reason := _no_containers()):
        return
    for item in containers:
        item.add_marker(pytest.mark.skip(reason=reason))
