"""The commands of the GitHub Action, typed as GitHub's machines do, against a sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from pennsieve_agent.settings.config_file import ConfigFile
from tests.cli.conftest import WORD_COUNT, Lab, commit, made, prepare, repository
from tests.examples.running import EXAMPLES
from tests.examples.test_repositories import ONE_SCREEN
from tests.github import git_settings
from tests.prepared import Prepared

FOLDER = EXAMPLES / "github-action"
KEYS = {
    "PENNSIEVE_API_KEY": "api_token",
    "PENNSIEVE_API_SECRET": "api_secret",
    "PENNSIEVE_API_HOST": "api_host",
    "PENNSIEVE_API2_HOST": "api2_host",
    "PENNSIEVE_COGNITO_ENDPOINT": "cli_cognito_endpoint",
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Lab]:
    """A lab of its own: workflows are added to it."""
    one = made(tmp_path_factory.mktemp("action"), prepared)
    yield one
    one.box.stop()


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    jobs: dict[str, Any] = yaml.safe_load((FOLDER / "pennsieve.yml").read_text())["jobs"]
    return jobs


def run(job: Mapping[str, Any], folder: Path, environ: Mapping[str, str]) -> list[str]:
    """What each line of a job prints; installing is done already."""
    said = []
    for step in job["steps"]:
        if "pip install" in (line := step.get("run", "pip install")):
            continue
        # As GitHub runs it ("Workflow syntax", jobs.<job_id>.steps[*].shell).
        words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", line]
        result = subprocess.run(
            words, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=300
        )
        assert result.returncode == 0, f"{line}: {result.stderr}"
        said.append(result.stdout)
    return said


def machine(home: Path, **more: str) -> dict[str, str]:
    """The variables of a fresh machine without a container engine."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    python = os.environ.get("PYTHONPATH", "")
    docker = "unix:///nowhere/docker.sock"
    return {"HOME": str(home), "PATH": path, "PYTHONPATH": python, "DOCKER_HOST": docker, **more}


def test_a_pull_request_is_checked_and_run(jobs: dict[str, Any], tmp_path: Path) -> None:
    files = {**WORD_COUNT, "LICENSE": "MIT", "data/input/a.txt": "one two\n"}
    code = repository(tmp_path / "word-count", files)
    assert "env" not in jobs["check"], "a pull request of a stranger sees no key"
    assert len(run(jobs["check"], code, machine(tmp_path))) == 2


def test_each_tag_is_registered_once(jobs: dict[str, Any], lab: Lab, tmp_path: Path) -> None:
    code = repository(tmp_path / "counted", {**WORD_COUNT, "LICENSE": "MIT"})
    file = ConfigFile.load(lab.box.data / "config.ini")
    keys = {name: file.get("sandbox", key) or "" for name, key in KEYS.items()}
    register = jobs["register"]
    assert {f"${{{{ secrets.{name} }}}}" for name in list(KEYS)[:2]} < set(register["env"].values())

    def tagged(tag: str) -> list[str]:
        lab.publish(code)
        about = {"REPOSITORY": "lab/counted", "TAG": tag, "WORKFLOW": "counted"}
        assert set(about) < set(register["env"])
        environ = machine(tmp_path, **keys, **about, **git_settings(lab.box.data))
        return run(register, tmp_path, environ)

    added, same = tagged("v1.0.0")
    assert "Added workflow 'counted'" in added
    assert "has the newest code: v1.0.0" in same
    commit(code, {"more.txt": "more"}, "v1.1.0")
    known, updated = tagged("v1.1.0")
    assert "is there already" in known
    assert "Updated workflow 'counted': v1.0.0" in updated
    prepare(lab, ("workflow", "show", "counted"))
    again = tagged("v1.1.0")
    assert "has the newest code: v1.1.0" in again[1]


def test_its_readme_is_one_screen_and_names_what_is_typed(jobs: dict[str, Any]) -> None:
    text = (FOLDER / "README.md").read_text()
    assert len(text.splitlines()) <= ONE_SCREEN
    lines = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
    commands = {" ".join(line.split()[:3]) for line in lines if line.startswith("pennsieve ")}
    assert commands == {f"pennsieve workflow {w}" for w in ("check", "test", "add", "update")}
    assert all(f"`{command}" in text for command in commands)
