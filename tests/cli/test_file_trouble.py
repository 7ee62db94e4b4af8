"""A read-only home, a full disk, a current folder that is gone: one sentence, and nothing lost."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pennsieve_agent.cli.boundary import run
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.domain.profile import Profile
from tests.cli.conftest import DATASET, Lab
from tests.cli.harness import Agent

REFUSED = "/sys/kernel"
"""Where nobody can make a file, not even root."""
CONFIG = (
    "[global]\ndefault_profile=lab\n\n[lab]\napi_token=k\napi_secret=s\n\n[other]\napi_token=k2\n"
)


@contextmanager
def full_disk(size: int = 0) -> Iterator[None]:
    """Refuse to write more into any file than so many bytes, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere that folder is not there")
@pytest.mark.parametrize(
    "words",
    [
        ("sandbox", "start", "--detach"),
        ("sandbox", "start"),
        ("login", "--key", "k", "--secret-stdin", "--plaintext"),
        ("compute", "register", "--name", "x", "--yes"),
    ],
    ids=" ".join,
)
def test_a_home_that_cannot_be_written_to(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    values = lab.box.profile_values()
    environ = {
        "HOME": REFUSED,
        "PENNSIEVE_API_HOST": values["api_host"],
        "PENNSIEVE_API2_HOST": values["api2_host"],
        "PENNSIEVE_COGNITO_ENDPOINT": values["cli_cognito_endpoint"],
    }
    aws = {k: v for k, v in lab.box.environment().items() if k.startswith("AWS_")}
    if words[0] != "login":
        environ["PENNSIEVE_API_KEY"] = values["api_token"]
        environ["PENNSIEVE_API_SECRET"] = values["api_secret"]
    for name, value in aws.items():
        monkeypatch.setenv(name, value)
    key = [values["api_token"] if word == "k" else word for word in words]
    result = Agent({**environ, **aws})(*key, answers=f"{values['api_secret']}\n")
    assert result.code == 1, result
    assert "cannot be written: " in result.err or "cannot be used: " in result.err
    assert "hint: " in result.err
    assert "something unexpected" not in result.err


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere that folder is not there")
@pytest.mark.usefixtures("ready")
def test_a_folder_that_cannot_be_written_to(agent: Agent) -> None:
    for words in (
        ("run", "logs", "zeroth", "--archive", f"{REFUSED}/x.zip"),
        ("run", "download", "zeroth", "--to", f"{REFUSED}/x"),
        ("dataset", "download", DATASET, "--to", f"{REFUSED}/x"),
    ):
        result = agent(*words)
        assert result.code == 1, result
        assert "cannot be written" in result.err or "the disk has room for 0 bytes" in result.err
        assert "hint: make room" in result.err


def test_a_full_disk_changes_no_settings(tmp_path: Path) -> None:
    path = tmp_path / "config.ini"
    path.write_text(CONFIG)
    path.chmod(0o600)
    agent = Agent({"HOME": str(tmp_path), "PENNSIEVE_CONFIG": str(path)})
    for words in (("profile", "use", "other"), ("profile", "remove", "lab"), ("logout",)):
        with full_disk():
            result = agent(*words)
        assert (result.code, "cannot be written: File too large" in result.err) == (1, True), result
    assert path.read_text() == CONFIG
    assert list(tmp_path.iterdir()) == [path], "no half file stays"


@pytest.mark.usefixtures("ready")
def test_a_full_disk_is_said_before_anything_is_started_or_registered(
    agent: Agent, tmp_path: Path
) -> None:
    words = (
        ("compute", "register", "--name", "another", "--yes"),
        ("run", "start", "--dataset", DATASET, "--workflow", "word-count", "--all"),
    )
    before = agent("run", "list", "--json").document, agent("compute", "list", "--json").document
    for typed in words:
        with full_disk():
            result = agent(*typed)
        assert (result.code, "cannot be written" in result.err) == (1, True), result
        assert "something unexpected" not in result.err
    after = agent("run", "list", "--json").document, agent("compute", "list", "--json").document
    assert after == before
    with full_disk(10):
        archived = agent("run", "logs", "zeroth", "--archive", str(tmp_path / "x.zip"))
    assert (archived.code, "cannot be written" in archived.err) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_the_program_is_told_on_a_full_disk_too() -> None:
    class Broken(Context):
        @property
        def profile(self) -> Profile:
            raise RuntimeError("a bug")

    streams = Streams.for_test()
    with full_disk():
        code = run(["whoami"], Broken(streams, {}))
    assert code == 1
    text = streams.err.getvalue()  # type: ignore[attr-defined]
    assert "something unexpected went wrong in this program (RuntimeError)" in text
    assert "--debug" in text


@pytest.mark.usefixtures("ready")
def test_a_current_folder_that_was_deleted(
    agent: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    for words in (
        ("workflow", "add", "."),
        ("workflow", "add", "./code"),
        ("dataset", "download", DATASET, "--to", "y"),
        ("dataset", "upload", DATASET, "a.txt"),
        ("run", "download", "zeroth"),
        ("run", "logs", "zeroth", "--archive", "x.zip"),
        ("sandbox", "start", "--detach", "--data", "box"),
    ):
        result = agent(*words)
        assert (result.code, "the current folder was deleted" in result.err) == (2, True), result
        assert "hint: change to a folder that exists" in result.err
    for needs_no_folder in ("whoami", "dataset list", "run logs zeroth"):
        result = agent(*needs_no_folder.split())
        assert result.code == 0, result.err
