"""A node's CodeBuild project in an emulated account, with what its builds need."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path
from typing import Any

from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.template import node_template
from pennsieve_agent.source.commit_archive import pack
from tests.account.stack.specs import NAMES, node
from tests.sandbox.aws.account import Cloud

PARTS = ("Boundary", "BuilderRole", "BuildLogs", "Builder", "WorkflowImages", "Bucket")
PATIENCE = 60.0


def template(spec: NodeSpec) -> dict[str, Any]:
    """What of a node's stack a build needs."""
    resources = node_template(spec)["Resources"]
    return {name: resources[name] for name in PARTS}


class Bench:
    """A project with its surroundings."""

    def __init__(self, cloud: Cloud, folder: Path, **changes: Any) -> None:
        self.cloud, self.folder = cloud, folder
        resources = template(node())
        resources["Builder"]["Properties"] |= changes
        cloud.owner.client("cloudformation").create_stack(
            StackName=NAMES.stack,
            TemplateBody=json.dumps({"Resources": resources}),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        self.builds = cloud.owner.client("codebuild")

    def upload(self, files: dict[str, str]) -> str:
        """Put code into the node's bucket; the archive's SHA-256."""
        code = self.folder / hashlib.sha256(repr(files).encode()).hexdigest()[:8]
        code.mkdir()
        for name, text in files.items():
            (code / name).write_text(text)
        archive = pack(code, self.folder / f"{code.name}.tar.gz")
        self.cloud.owner.client("s3").upload_file(
            str(archive.path), NAMES.bucket, f"archives/{archive.sha256}.tar.gz"
        )
        return archive.sha256

    def start(self, archive: str = "0" * 64, earlier: str = "", **more: Any) -> str:
        variables = {"ARCHIVE": archive, "EARLIER": earlier}
        answer = self.builds.start_build(
            projectName=NAMES.builder,
            environmentVariablesOverride=[{"name": n, "value": v} for n, v in variables.items()],
            **more,
        )
        return str(answer["build"]["id"])

    def state(self, build: str) -> dict[str, Any]:
        (found,) = self.builds.batch_get_builds(ids=[build])["builds"]
        return dict(found)

    def ended(self, build: str) -> dict[str, Any]:
        pause = threading.Event()
        for _ in range(int(PATIENCE / 0.1)):
            if (state := self.state(build))["buildComplete"]:
                return state
            pause.wait(0.1)
        raise AssertionError(self.log(build))

    def log(self, build: str) -> list[str]:
        logs = self.state(build)["logs"]
        answer = self.cloud.owner.client("logs").get_log_events(
            logGroupName=logs["groupName"], logStreamName=logs["streamName"], startFromHead=True
        )
        return [event["message"] for event in answer["events"]]

    def tags(self) -> list[str]:
        rows = self.cloud.owner.client("ecr").describe_images(repositoryName=NAMES.workflow_images)
        return sorted(tag for row in rows["imageDetails"] for tag in row["imageTags"])


def commands(*lines: str) -> dict[str, str]:
    """The source of a project that runs these commands."""
    spec = {"version": "0.2", "phases": {"build": {"commands": list(lines)}}}
    return {"Type": "NO_SOURCE", "BuildSpec": json.dumps(spec)}
