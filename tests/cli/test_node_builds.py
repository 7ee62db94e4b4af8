"""``--build node``: an own node builds images in its AWS account, with a real engine."""

from __future__ import annotations

import configparser
import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest

from pennsieve_agent.domain.image_names import archive_key
from pennsieve_agent.node.role_permissions import BUILDER
from pennsieve_agent.sandbox.aws.codebuild.builds import QUOTA
from pennsieve_agent.sandbox.aws.registry.image_scans import FINDINGS
from pennsieve_agent.sandbox.aws.rights.used_rights import read
from tests.cli.conftest import MANIFEST, PROGRAM, commit, repository
from tests.cli.following import imported, wait_for
from tests.cli.harness import Agent
from tests.engine.images import python_image
from tests.prepared import Prepared
from tests.registries import needs_registry

pytestmark = [pytest.mark.docker, needs_registry]
SCAN = {
    "imageScanStatus": {"status": "COMPLETE"},
    "imageScanFindings": {
        "findings": [
            {"name": "CVE-2024-2", "severity": "LOW"},
            {
                "name": "CVE-2024-1",
                "severity": "CRITICAL",
                "attributes": [
                    {"key": "package_name", "value": "openssl"},
                    {"key": "package_version", "value": "3.0.1"},
                ],
            },
        ],
        "findingSeverityCounts": {"CRITICAL": 1, "LOW": 7},
    },
}


class Scene:
    """A machine whose sandbox runs steps, and builds, in containers."""

    def __init__(self, folder: Path, prepared: Prepared) -> None:
        raw = folder / "box" / "datasets" / "Data" / "raw"
        raw.mkdir(parents=True)
        (raw / "a.txt").write_text("one two three\n")
        self.folder = folder
        self.box = prepared.into(folder / "box")
        assert self.box.start_detached(0, None).engine == "docker"
        self.agent = Agent({**self.box.environment(), "HOME": str(folder)})

    def code(self, more: str = "") -> Path:
        base = f"FROM {python_image()}\n{more}COPY main.py /app/\n"
        text = f'{base}RUN python3 -m py_compile /app/main.py\nCMD ["python3", "/app/main.py"]\n'
        files = {"Dockerfile": text, "app.yml": MANIFEST, "main.py": PROGRAM}
        return repository(self.folder / "code", files)

    def did(self, *words: str) -> Any:
        result = self.agent(*words)
        assert result.code == 0, result.err
        return result

    def aws(self, service: str) -> Any:
        """A client of the account's owner."""
        read = configparser.ConfigParser()
        read.read([self.box.data / "aws" / "config", self.box.data / "aws" / "credentials"])
        keys = read["default"]
        session = boto3.session.Session(
            keys["aws_access_key_id"], keys["aws_secret_access_key"], region_name=keys["region"]
        )
        return session.client(service, endpoint_url=keys["endpoint_url"])

    def forget(self, archive: str) -> None:
        """Delete an archive from the node's bucket, as the lifecycle does after 30 days."""
        s3 = self.aws("s3")
        (bucket,) = [row["Name"] for row in s3.list_buckets()["Buckets"] if "node" in row["Name"]]
        s3.delete_object(Bucket=bucket, Key=archive_key(archive))

    def builds(self, *words: str) -> list[dict[str, Any]]:
        return list(self.did("workflow", "build", "list", *words, "--json").document)


@pytest.fixture
def scene(tmp_path: Path, prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setenv(FINDINGS, str(tmp_path / "findings.json"))
    made = Scene(tmp_path, prepared)
    yield made
    made.box.stop()


def test_a_node_builds_code_once_and_a_changed_script_in_the_layers_below_it(scene: Scene) -> None:
    code = scene.code(f"RUN echo {uuid.uuid4()} > /above\n")
    added = scene.did("workflow", "add", str(code), "--build", "node", "--build-size", "medium")
    assert "your own compute node builds it: as asked" in added.err
    assert "at 0.010 USD a minute" in added.err
    assert "Step 1/" in added.err
    assert "[Container]" not in added.err
    (build,) = scene.builds("word-count")
    assert build["status"] == "succeeded"
    assert (build["size"], build["node"], build["failed"]) == ("medium", "my-compute", False)
    assert build["cost_usd"] == 0.01
    shown = " ".join(scene.did("workflow", "show", "word-count").out.split())
    assert "not scanned (unsupported image): the sandbox has no list" in shown
    (scene.folder / "findings.json").write_text(json.dumps(SCAN))
    shown = " ".join(scene.did("workflow", "show", "word-count").out.split())
    assert "1 critical, 7 low CVE-2024-1 openssl 3.0.1; CVE-2024-2" in shown
    (scan,) = scene.did("workflow", "show", "word-count", "--json").document["scans"]
    assert (scan["node"], scan["status"]) == ("my-compute", "complete")
    assert scan["counts"] == {"critical": 1, "low": 7}
    assert scan["worst"][0]["package"] == "openssl"
    scene.did("dataset", "grant", "word-count", "-d", "Data", "--access", "read-write")
    scene.did("run", "start", "-d", "Data", "--files", "raw", "--name", "boxed", "--wait")
    assert imported(scene.folder / "box/datasets/Data/results/boxed/a-plain.count") == "3\n"

    commit(code, {"main.py": f"{PROGRAM}\n# changed\n"}, "v2.0.0")
    scene.did("workflow", "update", "word-count", "--build", "node", "--yes")
    newest, oldest = scene.builds("word-count")
    assert oldest["id"] == build["id"]
    log = scene.did("workflow", "build", "logs", newest["id"][:8]).out
    assert log.count("Using cache") == 1, log  # of what is above the script
    assert log.count("Running in") == 2, log  # of RUN and of CMD, below it

    # The same files again, elsewhere: the image is there.
    same = scene.did("workflow", "add", str(code), "--name", "twin", "--build", "node")
    assert "USD a minute" not in same.err
    assert len(scene.builds()) == 2
    refused = scene.agent("workflow", "build", "again", "code")
    assert refused.code == 1
    assert "the same code is not built twice" in refused.err
    assert f"use the image: pennsieve workflow add {code} --build node" in refused.err

    used = {action for name, action in read(scene.box.data / "aws") if name.endswith("-builder")}
    # A layer that the engine has, as a run of it was here, is not fetched once more.
    rights = {action for right in BUILDER for action in right.actions}
    assert rights - {"ecr:GetDownloadUrlForLayer"} <= used <= rights


def test_a_build_that_fails_says_the_line_and_is_repeated(scene: Scene) -> None:
    code = scene.code("RUN echo no such package; exit 3\n")
    failed = scene.agent("workflow", "add", str(code), "--build", "node")
    assert failed.code == 2
    assert "the image could not be built on node 'my-compute': The command" in failed.err
    assert "returned a non-zero code: 3" in failed.err
    (build,) = scene.builds()
    assert (build["status"], build["failed"]) == ("failed", True)
    assert build["problem"] == "exit status 1"
    assert "no such package" in scene.did("workflow", "build", "logs", "code").out
    again = scene.agent("workflow", "build", "again", "code")
    assert again.code == 2
    assert "returned a non-zero code: 3" in again.err
    assert len(scene.builds()) == 2
    scene.forget(build["archive"])
    gone = scene.agent("workflow", "build", "again", "code")
    assert gone.code == 2
    assert "it no longer has this code: code that was sent to be built is kept 30" in gone.err
    assert "pennsieve workflow add FOLDER --build node (the folder of code)" in gone.err
    assert len(scene.builds()) == 2
    listed = scene.did("workflow", "build", "list").out
    assert "failed" in listed
    assert "node 'my-compute'" in listed


def test_what_an_account_without_builds_is_told(
    tmp_path: Path, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(QUOTA, "0")
    scene = Scene(tmp_path, prepared)
    try:
        result = scene.agent("workflow", "add", str(scene.code()), "--build", "node")
        assert result.code == 1
        assert (
            "AWS does not start a build in its account: Cannot have more than 0 builds"
            in result.err
        )
        assert "--build here" in result.err
        assert json.dumps(scene.builds()) == "[]"
        scene.did("workflow", "add", str(scene.folder / "code"), "--build", "here")
    finally:
        scene.box.stop()


def test_a_build_that_goes_on_is_stopped_with_its_node(scene: Scene) -> None:
    code = scene.code("RUN sleep 600\n")
    with ThreadPoolExecutor() as at_once:
        added = at_once.submit(scene.agent, "workflow", "add", str(code), "--build", "node")
        wait_for(lambda: any(b["status"] == "in_progress" for b in scene.builds()), lambda: "none")
        (build,) = scene.builds()
        (node,) = scene.did("compute", "list", "--json").document
        scene.did("compute", "delete", "my-compute", "--yes")
        assert added.result(60).code != 0
    ids = [f"pennsieve-node-{node['id']}-builder:{build['id']}"]
    assert scene.aws("codebuild").batch_get_builds(ids=ids)["builds"][0]["buildStatus"] == "STOPPED"
