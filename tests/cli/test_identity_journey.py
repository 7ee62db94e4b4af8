"""A workflow's own identity from the first grant to the last run, in a real sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.platform.client import Platform
from tests.cli.conftest import DATASET, Lab, made, repository
from tests.cli.following import imported
from tests.cli.harness import Agent, Result

ASKS = """\
import json, os, urllib.request
hosts, token = os.environ["PENNSIEVE_API_HOST"], os.environ.get("SESSION_TOKEN")
if not token:
    raise SystemExit("no SESSION_TOKEN")
for name in ("SESSION_TOKEN", "PENNSIEVE_API_KEY", "PENNSIEVE_API_SECRET", "DATASET_ID"):
    print(name, os.environ[name], flush=True)

def ask(path):
    headers = {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(hosts + path, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)

datasets = ask("/datasets/paginated?limit=100&offset=0")["datasets"]
seen = {"user": ask("/user")["id"], "datasets": [d["content"]["name"] for d in datasets]}
with open(os.path.join(os.environ["OUTPUT_DIR"], "seen.json"), "w") as out:
    json.dump(seen, out)
"""
DOCKERFILE = 'FROM python:3.12-slim\nCOPY main.py /\nCMD ["python3", "/main.py"]\n'


@dataclass
class Owner:
    """The owner of a node of their own, at a machine without a keychain."""

    lab: Lab
    agent: Agent

    def good(self, *words: str) -> Result:
        result = self.agent(*words)
        assert result.code == 0, (words, result.err)
        return result

    def run(self, name: str) -> dict[str, Any]:
        words = ("run", "start", "--workflow", "asks", "--dataset", DATASET, "--files", "raw/*.txt")
        self.agent(*words, "--name", name, "--wait")
        document: dict[str, Any] = self.good("run", "show", name, "--json").document
        return document

    def platform(self) -> Platform:
        """Pennsieve as the owner sees it, beside the commands."""
        return Context(Streams.for_test(), self.agent.environ).platform


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A sandbox of its own: what is made here is not in the way of other tests."""
    found = made(tmp_path_factory.mktemp("own"))
    yield found
    found.box.stop()


@pytest.fixture(scope="module")
def owner(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    home = tmp_path_factory.mktemp("owner")
    owner = Owner(lab, Agent({**lab.box.environment(), "HOME": str(home)}))
    for name in ("Shared with all", "Nobody else"):
        folder = lab.box.data / "datasets" / name
        folder.mkdir()
        (folder / "x.txt").write_text("x")
    code = repository(home / "asks", {"Dockerfile": DOCKERFILE, "main.py": ASKS})
    for words in (
        ("compute", "register", "--yes", "--name", "identity-node"),
        ("dataset", "share", "Shared with all", "--workspace"),
        ("workflow", "add", str(code), "--name", "asks", "--needs-pennsieve"),
        ("dataset", "grant", "asks", "--dataset", DATASET),
    ):
        owner.good(*words)
    yield owner
    owner.agent("compute", "delete", "identity-node", "--yes")


@pytest.mark.slow
def test_a_step_reaches_what_was_told_and_its_log_has_no_key(owner: Owner) -> None:
    document = owner.run("first")
    assert document["status"] == "succeeded", document
    seen = json.loads(imported(owner.lab.dataset / "results" / "first" / "seen.json"))
    assert seen["datasets"] == [DATASET, "Shared with all"]
    rows = owner.good("workflow", "show", "asks", "--json").document["identity"]
    assert seen["user"] == rows[0]["user_id"]  # the one that reads
    log = owner.good("run", "logs", "first").out
    for name in ("SESSION_TOKEN", "PENNSIEVE_API_KEY", "PENNSIEVE_API_SECRET"):
        assert f"{name} ***" in log
    assert "DATASET_ID N:dataset:" in log


@pytest.mark.slow
def test_a_key_that_was_deleted_on_pennsieve_ends_a_run_and_is_renewed(owner: Owner) -> None:
    rows = owner.good("workflow", "show", "asks", "--json").document["identity"]
    with owner.platform() as platform:
        platform.webhooks.delete(rows[0]["integration"])
    document = owner.run("second")
    assert document["status"] == "failed"
    assert "its key was deleted on Pennsieve" in json.dumps(document)
    assert "pennsieve workflow update 'asks' --renew-identity" in json.dumps(document)
    owner.good("workflow", "update", "asks", "--renew-identity")
    assert owner.run("third")["status"] == "succeeded"


@pytest.mark.slow
def test_a_workflow_that_was_removed_has_no_user_left(owner: Owner) -> None:
    owner.good("workflow", "archive", "asks", "--delete", "--yes")
    with owner.platform() as platform:
        assert [hook.name for hook in platform.webhooks.list() if "asks" in hook.name] == []
    refused = owner.agent("run", "start", "--workflow", "asks", "--dataset", DATASET, "--dry-run")
    assert refused.code != 0


@pytest.mark.slow
def test_with_its_only_node_a_workflow_loses_its_users(owner: Owner) -> None:
    owner.good("workflow", "add", f"{owner.agent.environ['HOME']}/asks", "--name", "alone")
    owner.good("dataset", "grant", "alone", "--dataset", DATASET)
    with owner.platform() as platform:
        assert [hook for hook in platform.webhooks.list() if "alone" in hook.name]
    shown = owner.good("compute", "delete", "identity-node", "--dry-run").out
    assert "workflow 'alone' is on no other node: it is deleted, and its users" in shown
    owner.good("compute", "delete", "identity-node", "--yes")
    with owner.platform() as platform:
        assert [hook for hook in platform.webhooks.list() if "alone" in hook.name] == []
