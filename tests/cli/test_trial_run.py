"""``compute doctor --run``: its price first, then a question, then a run of which nothing stays."""

from __future__ import annotations

import configparser
import re
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from pennsieve_agent.account.doctor.node_health import Inspection
from pennsieve_agent.account.world.check_result import Check
from pennsieve_agent.cli.compute.trial import obstacle
from pennsieve_agent.domain.own_node import OwnNode
from tests.cli.conftest import Lab
from tests.cli.harness import Agent
from tests.cli.test_bad_input import refused

NODE = "my-compute"
DOCTOR = ("compute", "doctor", NODE)


def clients(lab: Lab) -> Callable[[str], Any]:
    read = configparser.ConfigParser()
    read.read([lab.box.data / "aws" / "config", lab.box.data / "aws" / "credentials"])
    keys = read["default"]
    session = boto3.session.Session(
        keys["aws_access_key_id"], keys["aws_secret_access_key"], region_name="us-east-1"
    )
    return lambda name: session.client(name, endpoint_url=keys["endpoint_url"])


def held(lab: Lab) -> dict[str, Any]:
    """What runs make in AWS: job definitions, parameters, secrets, images and objects."""
    client = clients(lab)
    batch, ssm, ecr = client("batch"), client("ssm"), client("ecr")
    repositories = ecr.describe_repositories()["repositories"]
    buckets = [row["Name"] for row in client("s3").list_buckets()["Buckets"]]
    return {
        "definitions": batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"],
        "parameters": [row["Name"] for row in ssm.describe_parameters()["Parameters"]],
        "secrets": [row["Name"] for row in client("secretsmanager").list_secrets()["SecretList"]],
        "images": {
            row["repositoryName"]: ecr.list_images(repositoryName=row["repositoryName"])["imageIds"]
            for row in repositories
        },
        "files": [
            row["Key"]
            for bucket in buckets
            for row in client("s3").list_objects_v2(Bucket=bucket).get("Contents", ())
            if row["Key"].startswith(("files/", "archives/"))
        ],
    }


def runs(agent: Agent) -> list[Any]:
    rows: list[Any] = agent("run", "list", "--json").document
    return [row for row in rows if row["workflow"] == "trial run"]


def test_the_price_is_said_and_a_no_starts_nothing(lab: Lab, agent: Agent) -> None:
    del lab
    before = runs(agent)
    no = agent(*DOCTOR, "--run", answers="n\n", terminal=True, width=400)
    assert no.code == 0, no.err
    assert no.err.index("and costs about 0.00") < no.err.index("Go on?")
    assert "no trial run was started" in no.err
    assert runs(agent) == before


def test_a_trial_run_tells_its_parts_and_leaves_nothing(lab: Lab, agent: Agent) -> None:
    before, workflows = held(lab), agent("workflow", "list", "--json").document
    grants, known = agent("dataset", "grants", "--json").document, len(runs(agent))
    answer = agent(*DOCTOR, "--run", "--yes", "--json")
    assert answer.code == 0, answer.err + answer.out
    document = answer.document
    assert document["passed"]
    machine, files, end = document["checks"][-3:]
    assert [check["name"] for check in (machine, files, end)] == [
        *("trial run: machine", "trial run: files and log", "trial run: end"),
    ]
    assert machine["finding"].startswith("started in ")
    assert "wrote and read 8 MB in" in files["finding"]
    assert end["finding"].startswith("its files and all that was made for it were deleted ")
    trial = document["trial_run"]
    assert 0 < trial["usd"] < 0.01
    assert min(trial[f"{part}_seconds"] for part in ("start", "program", "clean")) >= 0
    assert held(lab) == before
    assert agent("workflow", "list", "--json").document == workflows
    assert agent("dataset", "grants", "--json").document == grants
    new = runs(agent)
    assert len(new) == known + 1
    assert agent("run", "show", trial["run_id"], width=200).code == 0
    assert "input\t0 files" in agent("run", "show", trial["run_id"]).out
    text = agent("run", "logs", trial["run_id"]).out
    assert "wrote and read 8 MB" in text
    outputs = agent("run", "show", trial["run_id"], "--outputs", "--json")
    assert (outputs.code, outputs.document["files"]) == (0, []), outputs.err
    words = ("run", "download", trial["run_id"], "--to", "nowhere")
    refused = agent(*words)
    assert (refused.code, "had no dataset, so it delivered no files" in refused.err) == (2, True)


class Broken:
    """A node that takes a run and whose machines cannot pull its image."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def calls(self, _: OwnNode) -> Broken:
        return self

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        admin: bool = False,
    ) -> Mapping[str, Any]:
        del query, body, admin
        self.asked.append((method, path))
        if path.endswith("/logs"):
            return {"messages": [], "next": ""}
        why, times = "CannotPullContainerError: denied", {"created": "2026-11-29T02:00:00Z"}
        step = {"id": "trial", "kind": "processor", "status": "FAILED", "reason": why}
        run = {"id": path.rpartition("/")[2], "name": "trial run", "phase": "done", **times}
        return run | {"status": "FAILED", "reason": why, "steps": [step], "cost": 0.002}


def test_a_machine_that_cannot_pull_is_told_with_what_to_type(lab: Lab, agent: Agent) -> None:
    del lab
    node = Broken()
    agent.nodes = node.calls
    told = agent(*DOCTOR, "--run", "--yes")
    assert told.code == 1, told.err
    assert "✗ trial run: machine: no machine started: CannotPullContainerError: denied" in told.out
    assert "✗ trial run: files and log: nothing came back from the program: Cannot" in told.out
    (run,) = {
        path.rpartition("/")[2] for _, path in node.asked if re.fullmatch(r"/runs/.{36}", path)
    }
    assert f"hint: pennsieve run show {run}" in told.out
    assert f"hint: pennsieve run logs {run}" in told.out
    assert "✓ trial run: end: " in told.out
    assert node.asked[3] == ("DELETE", "/workflows/pennsieve-trial-run")


@pytest.mark.parametrize("name", ["AWS credentials", "stack", "functions", "code", "queues"])
def test_where_no_run_would_end_none_is_begun(name: str) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:pennsieve-node-0a1b2c3d"
    own = OwnNode(
        *("0a1b2c3d", NODE, "N:organization:o", "123456789012", "us-east-1"),
        *(f"{arn}-gateway", f"{arn}-admin"),
    )
    seen = Inspection(NODE, own=own, transfer_image="image")
    bad = Check(name, passed=False, finding="broken", why="-", remedy="-")
    assert obstacle(seen, [bad]) == f"no trial run was started: first repair {name}"
    other = Check("leftovers", passed=False, finding="a role", why="-", remedy="-")
    assert obstacle(seen, [other]) == ""
    assert obstacle(Inspection(NODE), []) == "no trial run was started: first repair node"


@pytest.mark.usefixtures("nodes")
def test_a_node_that_pennsieve_runs_has_none(agent: Agent) -> None:
    refused(agent("compute", "doctor", "theirs", "--run", "--yes"), 2, "nodes of your own")
