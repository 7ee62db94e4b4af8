"""A node that Pennsieve runs: made with the role it was given, used, and taken away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.sandbox.aws.rights.role_sessions import Keys, session
from tests.cli.conftest import WORD_COUNT, repository
from tests.cli.following import imported, wait_for
from tests.cli.harness import Agent
from tests.github import git_settings, on_github
from tests.quick_sandbox import quick


class Place:
    """A sandbox, its owner at a keyboard, and its owner's AWS account."""

    def __init__(self, root: Path) -> None:
        raw = root / "box" / "datasets" / "Data" / "raw"
        raw.mkdir(parents=True)
        (raw / "a.txt").write_text("one two three\n")
        self.box = quick(root / "box")
        self.state = self.box.start_detached(0, "process")
        self.agent = Agent({**self.box.environment(), "HOME": str(root)})
        self.code = on_github(self.box.data, repository(root / "code", WORD_COUNT))

    def client(self, service: str) -> Any:
        keys = (self.box.data / "aws" / "credentials").read_text().split()
        owner = Keys(keys[keys.index("aws_access_key_id") + 2], keys[-1], "", 0)
        return session(owner, "us-east-1", self.state.aws).client(service)

    def held(self) -> dict[str, list[str]]:
        """What of a node of Pennsieve's own is in the account."""
        found = {
            "roles": [r["RoleName"] for r in self.client("iam").list_roles()["Roles"]],
            "policies": [
                r["PolicyName"] for r in self.client("iam").list_policies(Scope="Local")["Policies"]
            ],
            "functions": [
                f["FunctionName"] for f in self.client("lambda").list_functions()["Functions"]
            ],
            "buckets": [b["Name"] for b in self.client("s3").list_buckets()["Buckets"]],
            "tables": self.client("dynamodb").list_tables()["TableNames"],
            "files": [
                f["fileSystemId"] for f in self.client("s3files").list_file_systems()["fileSystems"]
            ],
            "queues": [
                q["jobQueueName"] for q in self.client("batch").describe_job_queues()["jobQueues"]
            ],
            "groups": [
                g["logGroupName"] for g in self.client("logs").describe_log_groups()["logGroups"]
            ],
            "rules": [r["Name"] for r in self.client("events").list_rules()["Rules"]],
            "secrets": [
                s["Name"] for s in self.client("secretsmanager").list_secrets()["SecretList"]
            ],
        }
        mine = ("pennsieve-hosted-", "pennsieve-boundary-", "/pennsieve/hosted/", "fs-", "fsap-")
        held = {kind: [n for n in names if n.startswith(mine)] for kind, names in found.items()}
        return {kind: names for kind, names in held.items() if names}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("hosted"))
    yield made
    made.box.stop()


def counted(dataset: Path, run: str) -> str:
    """The one result of a run, which Pennsieve imports a moment after the run."""

    def results() -> list[Path]:
        return list(dataset.rglob(f"{run}/*.count"))

    wait_for(lambda: len(results()) == 1, lambda: f"{results()} are the results of {run}")
    return imported(results()[0])


@pytest.mark.parametrize("rights", ["--harden", "--as-served"])
def test_its_whole_life(place: Place, monkeypatch: pytest.MonkeyPatch, rights: str) -> None:
    for name, value in git_settings(place.box.data).items():
        monkeypatch.setenv(name, value)
    agent = place.agent
    words = ("--as-served",) if rights == "--as-served" else ()
    made = agent("compute", "register", "--provisioner", "platform", "--yes", *words)
    assert made.code == 0, made.err
    assert place.held()["functions"]
    first = agent("workflow", "list", "--json").document
    if not first:
        assert agent("workflow", "add", place.code).code == 0
    secret = agent("compute", "secret", "set", "my-compute", "WORD", "--stdin", answers="hidden\n")
    assert secret.code == 0, secret.err
    run = agent("run", "start", "-d", "Data", "--files", "raw", "--name", rights[2:], "--wait")
    assert run.code == 0, run.err
    log = agent("run", "logs", rights[2:]).out
    assert "counting raw/a.txt" in log or "counting a.txt" in log
    assert "tokens seen: ['REFRESH_TOKEN', 'SESSION_TOKEN']" in log  # it acts as who started it
    assert counted(place.box.data / "datasets" / "Data", rights[2:]) == "3\n"

    removed = agent("compute", "delete", "my-compute", "--yes")
    assert removed.code == 0, removed.err
    assert place.held() == {}
