"""Own nodes as typed: which kind, both kinds listed, found again, named, shared and forgotten."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pennsieve_agent.aws.node_client import NodeClient
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.own_node import Claimed, OwnNode
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.domain.tickets import MemoryTickets
from pennsieve_agent.settings.own_nodes_file import OwnNodes
from tests.cli.conftest import Lab
from tests.cli.harness import Agent
from tests.cli.test_bad_input import refused

pytestmark = pytest.mark.usefixtures("nodes")
NODE, THEIRS = "my-compute", "theirs"
ROLE = "arn:aws:iam::222233334444:role/analysts"
VERSION = {
    "workflow": "11111111-2222-4333-8444-555555555555", "name": "counting", "description": "",
    "version": "v1.0.0", "layout": "tree", "needsPennsieve": "", "origin": "here",
    "steps": [
        {"id": "input", "kind": "data-source", "dependsOn": []},
        {"id": "count", "kind": "processor", "dependsOn": ["input"], "commit": "a" * 40,
         "sourceUrl": "https://github.com/lab/count", "tag": "v1.0.0", "cpu": 256, "memory": 512,
         "image": f"archive@sha256:{'b' * 64}", "computeType": "standard", "parameters": []},
        {"id": "output", "kind": "data-target", "dependsOn": ["count"],
         "targetType": "Pennsieve Dataset", "defaults": {}},
    ],
}  # fmt: skip


def remembered(agent: Agent) -> OwnNode:
    config = Path(agent.environ["PENNSIEVE_CONFIG"])
    found = OwnNodes.beside(config).list(agent.environ.get("PENNSIEVE_PROFILE", "sandbox"))
    return next(node for node in found if node.name == NODE)


def test_both_kinds_are_listed(agent: Agent) -> None:
    shown = agent("compute", "list")
    assert shown.code == 0, shown.err
    header, *rows = (line.split("\t") for line in shown.out.splitlines())
    assert header[:2] == ["NAME", "KIND"]
    assert {tuple(row[:2]) for row in rows} >= {(NODE, "own"), (THEIRS, "Pennsieve")}
    found = {row["name"]: row["kind"] for row in agent("compute", "list", "--json").document}
    assert (found[NODE], found[THEIRS]) == ("own", "pennsieve")
    assert agent("compute", "show", NODE, "--json").document["kind"] == "own"
    assert agent("compute", "show", THEIRS, "--json").document["kind"] == "pennsieve"


def test_which_kind_is_asked_on_a_terminal(agent: Agent) -> None:
    new = ("compute", "register", "--name", "third")
    asked = agent(*new, answers="\nn\n", terminal=True)
    assert asked.code == 0, asked.err
    assert "own: made and called by your AWS credentials" in asked.err
    assert "platform: run by Pennsieve" in asked.err
    assert "Pennsieve has no permissions in this account" in asked.err
    assert "nothing was changed" in asked.err
    other = agent(*new, answers="platform\nn\n", terminal=True)
    assert "Pennsieve can do everything, unless denied" in other.err
    wrong = agent(*new, answers="mine\n", terminal=True)
    refused(wrong, 2, "no provisioner 'mine'")


def test_in_a_pipe_an_own_node_is_taken_and_said(agent: Agent) -> None:
    planned = agent("compute", "register", "--name", "third", "--dry-run")
    assert "an own node: Pennsieve has no rights in your AWS account" in planned.err
    begun = agent("compute", "register", "--dry-run")
    assert "an own node" not in begun.err, "it is known already"


def test_another_machine_finds_it_by_its_tags(agent: Agent, tmp_path: Path) -> None:
    node = remembered(agent)
    config = tmp_path / "config.ini"
    shutil.copy(agent.environ["PENNSIEVE_CONFIG"], config)
    elsewhere = Agent({**agent.environ, "PENNSIEVE_CONFIG": str(config)})
    assert NODE not in elsewhere("compute", "list").out, "AWS is not asked: there is one to show"
    found = elsewhere("compute", "list", "--aws")
    assert found.code == 0, found.err
    assert f"found compute node '{NODE}' ({node.token})" in found.err
    assert NODE in found.out
    assert "found compute node" not in elsewhere("compute", "list", "--aws").err
    assert elsewhere("compute", "show", node.token, "--json").document["gateway"] == node.gateway
    again = elsewhere("compute", "register", "--dry-run", "--json").document
    assert again["stack"] == f"pennsieve-node-{node.token}"


def test_what_makes_no_sense_says_so(agent: Agent) -> None:
    said = "only nodes that Pennsieve runs keep layers"
    for words in (("list", NODE), ("create", NODE, "x"), ("remove", NODE, "x", "--yes")):
        refused(agent("compute", "layer", *words), 2, said, "into the image of the workflow")
    for words in (
        ("pause", NODE), ("resume", NODE), ("allowed", NODE),
        ("allow", NODE, "x"), ("layer", "list", NODE),
        ("share", NODE, "--workspace"),
    ):  # fmt: skip
        refused(agent("compute", *words), 2, f"compute node '{NODE}' is your own")
    for words in (
        ("upgrade", NODE, "--to", "v2"), ("configure", NODE, "--max-notebooks", "1"),
        ("update", NODE, "--llm"), ("update", NODE, "--description", "x"),
    ):  # fmt: skip
        refused(agent("compute", *words), 2, f"'{NODE}' is your own")
    refused(agent("compute", "share", THEIRS, "--aws", ROLE), 2, "Pennsieve runs")


def test_secrets_of_an_own_node(agent: Agent) -> None:
    value = "v4lue-of-a-secret"
    results = [
        agent("compute", "secret", "set", NODE, "MINE", "--stdin", answers=value),
        agent("compute", "secret", "set", NODE, "OURS", "--shared", "--stdin", answers=value),
        agent("compute", "secret", "list", NODE),
        agent("compute", "secret", "remove", NODE, "MINE", "--yes"),
        agent("compute", "secret", "remove", NODE, "OURS", "--shared", "--yes"),
    ]
    assert [result.code for result in results] == [0] * 5, [result.err for result in results]
    assert not [r for r in results if value in r.out + r.err]
    assert results[2].out.splitlines()[1:] == ["MINE\tyour runs", "OURS\teverybody's runs"]
    assert agent("compute", "secret", "list", NODE, "--json").document == []
    refused(agent("compute", "secret", "set", NODE, "DATASET_ID", "--stdin", answers="x"), 2)


def test_values_and_names_that_are_no_secrets_are_refused(agent: Agent) -> None:
    set_ = ("secret", "set", NODE)
    refused(agent(*set_, "KEY", "--stdin", answers="a\0b"), 2, "NUL at character 2")
    refused(agent(*set_, "PATH", "--stdin", answers="/x"), 2, "changes how programs start")
    refused(agent(*set_, "LD_PRELOAD", "--stdin", answers="/x"), 2, "changes how programs start")
    assert agent("secret", "list", NODE, "--json").document == []


def test_a_line_end_and_a_short_value_are_said(agent: Agent) -> None:
    result = agent("secret", "set", NODE, "KEY", "--stdin", answers="1\n")
    document = agent("secret", "set", NODE, "KEY", "--stdin", "--json", answers="1").document
    agent("secret", "delete", NODE, "KEY", "--yes")
    assert "the line break at the end of the value was removed" in result.err
    assert "shorter than 4 characters, so it is not masked in logs" in result.err
    assert document["masked"] is False


def test_a_new_name_is_this_machines(agent: Agent) -> None:
    node = remembered(agent)
    assert agent("compute", "rename", NODE, "lab").code == 0
    try:
        assert agent("compute", "show", "lab", "--json").document["id"] == node.token
        assert agent("compute", "update", "lab", "--dry-run").code == 0
    finally:
        assert agent("compute", "rename", "lab", NODE).code == 0
    refused(agent("compute", "rename", NODE, "x", "--description", "d"), 2, "no description")


@pytest.fixture
def registered(nodes: Lab, agent: Agent) -> Iterator[OwnNode]:
    node = remembered(agent)
    folder = nodes.box.data / "aws"
    settings = AwsSettings(config_file=folder / "config", credentials_file=folder / "credentials")
    path = f"/workflows/{VERSION['workflow']}"
    with Aws(settings, node.region) as aws:
        owner = NodeClient(node, aws, MemoryTickets(), Claimed("Ada"), time.time)
        owner.ask("PUT", f"{path}/versions/{VERSION['version']}", body=VERSION, admin=True)
        yield node
        owner.ask("DELETE", path, admin=True)


def test_shared_with_an_aws_identity_and_taken_back(agent: Agent, registered: OwnNode) -> None:
    share = ("compute", "share", NODE, "--aws", ROLE)
    refused(agent(*share), 2, "which workflows")
    refused(agent(*share, "--workflow", "nope"), 2, "is called 'nope'")
    refused(
        agent("compute", "share", NODE, "--aws", "ada", "--workflow", "count"),
        2,
        "not an AWS account",
    )
    shared = agent(*share, "--workflow", "count")
    assert shared.code == 0, shared.err
    assert f"{ROLE} may run 'counting' on compute node '{NODE}'" in shared.out
    assert "everybody who can use role analysts" in shared.err
    assert "no dataset is granted to 'counting' yet" in shared.err.replace("\n", " ")
    assert f"pennsieve compute join {registered.gateway}" in shared.err
    shown = agent("compute", "show", NODE, "--json").document
    (row,) = shown["shared_with"]
    assert (row["arn"], row["workflow_ids"]) == (ROLE, [VERSION["workflow"]])
    checks = agent("compute", "doctor", NODE, "--json").document["checks"]
    (check,) = [c for c in checks if c["name"] == "shares"]
    assert (check["passed"], check["finding"]) == (True, ROLE)
    session = "arn:aws:sts::222233334444:assumed-role/analysts/ada"
    assert agent("compute", "unshare", NODE, "--aws", session).code == 0
    refused(agent("compute", "unshare", NODE, "--aws", ROLE), 2, "is not shared with")
    assert agent("compute", "show", NODE, "--json").document["shared_with"] == []
    assert "shared with\tnobody" in agent("compute", "show", NODE).out


def test_a_node_is_joined_and_left(agent: Agent, registered: OwnNode, tmp_path: Path) -> None:
    """By somebody who may call the gateway: here on another machine, with the same AWS identity."""
    refused(agent("compute", "join", registered.gateway), 2, "is your own")
    config = tmp_path / "config.ini"
    shutil.copy(agent.environ["PENNSIEVE_CONFIG"], config)
    elsewhere = Agent({**agent.environ, "PENNSIEVE_CONFIG": str(config)})
    join = ("compute", "join", registered.gateway, "--name", "borrowed", "--json")
    stranger = elsewhere(*join)
    assert (stranger.code, "compute share NODE --aws" in stranger.out) == (4, True)
    ada = ("--aws", "arn:aws:iam::123456789012:user/ada")
    assert agent("compute", "share", NODE, *ada, "--workflow", "counting").code == 0
    joined = elsewhere(*join)
    assert joined.code == 0, joined.err
    assert (joined.document["access"], joined.document["admin"]) == ("shared", None)
    assert joined.document["version"]
    assert "shared with you" in elsewhere("compute", "list").out
    for words in (("update", "borrowed"), ("doctor", "borrowed")):
        refused(elsewhere("compute", *words), 2, "was shared with you")
    assert joined.document["workflows"] == ["counting"]
    theirs = replace(registered, token="ffffffff", name="taken", admin="")
    OwnNodes.beside(config).put(elsewhere.environ["PENNSIEVE_PROFILE"], theirs)
    again = elsewhere("compute", "join", registered.gateway, "--name", "taken")
    refused(again, 2, "there is a compute node 'taken' already", "choose another --name")
    assert agent("compute", "unshare", NODE, *ada).code == 0
    left = elsewhere("compute", "delete", "borrowed", "--yes")
    assert (left.code, "its owner still has it" in left.out) == (0, True), left.err
    assert "borrowed" not in elsewhere("compute", "list").out
    for word in (registered.admin, "x"):
        refused(agent("compute", "join", word), 2, "not the ARN of a node's gateway")
    gone = registered.gateway.replace(registered.token, "ffffffff")
    refused(agent("compute", "join", gone), 1, "is gone")
    found = agent("compute", "list", "--json").document
    assert "ffffffff" not in [row["id"] for row in found]
