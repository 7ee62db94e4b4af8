"""An own node shared with a colleague: another person, another AWS account, another machine.

Everything is typed. Real are the node's functions, which AWS's own protocol calls with the
signature of who calls, and the jobs.
"""

from __future__ import annotations

import configparser
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import boto3
import pytest

from pennsieve_agent.aws.node_client import NodeClient
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.own_node import Claimed, OwnNode
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.domain.tickets import MemoryTickets
from pennsieve_agent.errors import Forbidden, NotFound, NotPermitted
from pennsieve_agent.sandbox.aws.rights.role_sessions import Keys, session
from pennsieve_agent.sandbox.host.control import Sandbox
from pennsieve_agent.settings.own_nodes_file import OwnNodes
from tests.cli.conftest import WORD_COUNT, repository
from tests.cli.following import imported
from tests.cli.harness import Agent, Result
from tests.prepared import Prepared

OTHER_ACCOUNT = "999988887777"
EDITH = f"arn:aws:iam::{OTHER_ACCOUNT}:user/edith"
DATASET, OTHER_DATASET, NODE = "Mouse EEG", "Not granted", "my-compute"
SHARE = ("compute", "share", NODE, "--aws", EDITH, "--workflow", "word-count")


@dataclass(frozen=True)
class Scene:
    """Ada's node with two workflows, granted the dataset, and Edith, who has neither."""

    box: Sandbox
    ada: Agent
    edith: Agent

    @property
    def node(self) -> OwnNode:
        (node,) = OwnNodes.beside(self.box.data / "config.ini").list("sandbox")
        return node


def typed(agent: Agent, *words: str) -> Result:
    result = agent(*words)
    assert result.code == 0, result.err
    return result


def refused(result: Result, code: int, *words: str) -> None:
    assert result.code == code, result.out + result.err
    for word in words:
        assert word in result.err


def read(*paths: Path) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None)
    found.read(paths)
    return found


def machine(box: Sandbox, home: Path, aws: str) -> Agent:
    """Edith's on Pennsieve, with the AWS keys of one user, and nothing of Ada's."""
    (home / "aws").mkdir(parents=True)
    values = read(box.data / "config.ini")["edith"]
    for name, section in (("config", f"profile {aws}"), ("credentials", aws)):
        _write(home / "aws" / name, "default", read(box.data / "aws" / name)[section])
        values[f"cli_aws_{name}_file"] = str(home / "aws" / name)
    _write(home / "config.ini", "edith", values)
    config = str(home / "config.ini")
    return Agent({"HOME": str(home), "PENNSIEVE_CONFIG": config, "PENNSIEVE_PROFILE": "edith"})


def _write(path: Path, section: str, values: Mapping[str, str]) -> None:
    lines = [f"[{section}]", *(f"{key} = {value}" for key, value in values.items())]
    path.write_text("\n".join(lines))
    path.chmod(0o600)


def aws_of(folder: Path, region: str) -> boto3.session.Session:
    found = read(folder / "config", folder / "credentials")["default"]
    keys = Keys(found["aws_access_key_id"], found["aws_secret_access_key"], "", 0)
    return session(keys, region, found["endpoint_url"])


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Scene]:
    root = tmp_path_factory.mktemp("sharing")
    folder = root / "box" / "datasets" / DATASET / "raw"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("one two three\n")
    (root / "box" / "datasets" / OTHER_DATASET).mkdir()
    (root / "box" / "datasets" / OTHER_DATASET / "secret.txt").write_text("four\n")
    box = prepared.into(root / "box")
    box.start_detached(0, "process")
    ada = Agent({**box.environment(), "HOME": str(root)})
    for name in ("word-count", "private-count"):
        typed(ada, "workflow", "add", str(repository(root / name, WORD_COUNT)), "--name", name)
        typed(ada, "dataset", "grant", name, "--dataset", DATASET)
    data = ("--data", str(box.data))
    typed(ada, "sandbox", "user", "key", "edith@example.org", *data)
    typed(ada, "sandbox", "user", "add", "edith", "--aws", "--account", OTHER_ACCOUNT, *data)
    typed(ada, "sandbox", "user", "add", "lin", "--aws", *data)
    yield Scene(box, ada, machine(box, root / "edith", "edith"))
    box.stop()


def names_what_they_reach(ada: Agent, said: str) -> None:
    """Workflows and datasets by name, when it is shared and in the policy afterwards."""
    note = " ".join(said.split())
    assert "through 'word-count' they reach dataset 'Mouse EEG' (N:dataset:" in note
    assert "also where they may not see it on Pennsieve" in note
    policy = " ".join(typed(ada, "compute", "policy", "show", "--name", NODE).out.split())
    assert f"{EDITH} may run 'word-count'" in policy
    assert "workflow 'word-count' may use dataset 'Mouse EEG' (N:dataset:" in policy


def test_a_colleague_uses_what_was_shared_and_nothing_else(scene: Scene) -> None:
    ada, edith, node = scene.ada, scene.edith, scene.node
    join = ("compute", "join", node.gateway, "--name", "adas")
    refused(edith(*join), 4, "AWS does not let you call compute node 'adas'", "compute share")
    shared = typed(ada, *SHARE)
    assert shared.out == f"{EDITH} may run 'word-count' on compute node '{NODE}'\n"
    names_what_they_reach(ada, shared.err)
    assert f"they type: pennsieve compute join {node.gateway}" in shared.err

    joined = typed(edith, *join)
    assert joined.out.startswith(f"You can use compute node 'adas' ({node.token})\n")
    assert "for workflows: word-count" in joined.out + joined.err
    assert "your own account must allow the call, too" in joined.err
    listed = typed(edith, "compute", "list", "--json").document
    assert [(row["name"], row["kind"]) for row in listed] == [("adas", "own")]
    known = typed(edith, "workflow", "list", "--json").document
    assert "word-count" in {row["name"] for row in known}
    assert "private-count" not in {row["name"] for row in known}

    mine = typed(
        ada, "run", "start", "-d", DATASET, "-w", "private-count", "--all", "--json", "--wait"
    )
    start = ("run", "start", "-d", DATASET, "-n", "adas", "--all")
    hers = typed(edith, *start, "-w", "word-count", "--name", "ediths", "--json", "--wait")
    run = hers.document["id"]
    refused(edith(*start, "-w", "private-count"), 2, "private-count")
    shown = typed(edith, "run", "show", run, "--json").document
    assert (shown["status"], shown["node"]) == ("succeeded", "adas")
    results = scene.box.data / "datasets" / DATASET / "results" / "ediths"
    assert imported(results / "a-plain.count") == "3\n"

    assert [row["id"] for row in typed(edith, "run", "list", "--json").document] == [run]
    for word in ("show", "logs", "cancel", "outputs"):
        refused(edith("run", word, mine.document["id"]), 2, mine.document["id"])
    everybodys = {row["id"]: row for row in typed(ada, "run", "list", "--json").document}
    assert set(everybodys) == {run, mine.document["id"]}
    header, *lines = (line.split("\t") for line in typed(ada, "run", "list").out.splitlines())
    people = {line[-1]: line[header.index("BY (CLAIMED)")] for line in lines}
    assert people == {run: "Edith Clarke", mine.document["id"]: "Ada Lovelace"}
    assert "BY (CLAIMED)" not in typed(edith, "run", "list").out, "all are hers"
    hers_alone = typed(ada, "run", "list", "--person", "edith@example.org", "--json").document
    assert [row["id"] for row in hers_alone] == [run]
    shown = typed(ada, "run", "show", run, "--json").document
    assert shown["details"]["caller"] == EDITH
    who = {"id": EDITH, "name": "Edith Clarke", "email": "edith@example.org"}
    assert shown["created_by"] == who
    told = typed(ada, "run", "show", run).out
    assert f"started by\t{EDITH} (Edith Clarke, as claimed)" in told

    refused(edith("compute", "share", "adas", "--aws", EDITH), 2, "was shared with you")
    lambdas = aws_of(scene.box.data.parent / "edith" / "aws", node.region).client("lambda")
    with pytest.raises(lambdas.exceptions.ClientError, match="AccessDenied"):
        lambdas.invoke(FunctionName=node.admin, Payload=b"{}")

    typed(ada, "compute", "unshare", NODE, "--aws", EDITH)
    refused(edith(*start, "-w", "word-count"), 4, "AWS does not let you call compute node 'adas'")
    left_out = edith("run", "list")
    assert "compute node 'adas' was left out: " in left_out.err
    assert typed(ada, "run", "show", run, "--json").document["id"] == run


@pytest.fixture
def client(scene: Scene) -> Iterator[NodeClient]:
    """Ada's node, called with Edith's AWS keys by somebody who says that she is Ada."""
    aws = Path(scene.edith.environ["HOME"]) / "aws"
    files = AwsSettings(config_file=aws / "config", credentials_file=aws / "credentials")
    node = replace(scene.node, name="adas", admin="")
    with Aws(files, node.region) as session:
        yield NodeClient(node, session, MemoryTickets(), Claimed("Ada Lovelace"), time.time)


def test_a_request_that_lies_moves_nothing(scene: Scene, client: NodeClient) -> None:
    """Edith leaves out the commands and sends the node what she likes."""
    typed(scene.ada, *SHARE)
    (workflow,) = client.ask("GET", "/workflows")["workflows"]
    datasets = {
        row["name"]: row["id"] for row in typed(scene.ada, "dataset", "list", "--json").document
    }
    listed = typed(scene.ada, "dataset", "files", OTHER_DATASET, "--json").document
    (foreign,) = [row["package_id"] for row in listed]
    others = typed(scene.ada, "workflow", "list", "--json").document
    private = next(row["id"] for row in others if row["name"] == "private-count")
    good = {
        "name": "lie",
        "workflow": workflow["id"],
        "version": workflow["latest"],
        "dataset": datasets[DATASET],
        "packages": [foreign],
    }

    def asked(**lies: str) -> str:
        return str(client.ask("POST", "/runs", body={**good, "id": str(uuid4()), **lies})["run"])

    with pytest.raises(NotFound, match="version 'v9' of this workflow is not registered"):
        asked(version="v9")
    with pytest.raises(Forbidden, match="this workflow is not shared with you"):
        asked(workflow=private)
    with pytest.raises(Forbidden, match="has no grant on dataset"):
        asked(dataset=datasets[OTHER_DATASET])
    run = asked()
    ended = scene.ada("run", "wait", run)
    assert ended.code == 3, ended.out + ended.err
    shown = typed(scene.ada, "run", "show", run, "--json").document
    assert (shown["status"], shown["details"]["caller"]) == ("failed", EDITH)
    assert "none of the input files is in the dataset any more" in json.dumps(shown)
    typed(scene.ada, "compute", "unshare", NODE, "--aws", EDITH)
    with pytest.raises(NotPermitted):
        client.ask("GET", "/workflows")


def test_a_right_in_aws_alone_lets_nobody_in(scene: Scene) -> None:
    """Somebody of the node's own account, who may call everything in AWS, needs a share, too."""
    lin = machine(scene.box, scene.box.data.parent / "lin", "lin")
    refused(
        lin("compute", "join", scene.node.gateway),
        4,
        "this node is not shared with arn:aws:iam::123456789012:user/lin",
        "compute share NODE --aws ARN",
    )
