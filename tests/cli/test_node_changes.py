"""Changing and removing a node of one's own, as typed; and settings that cannot be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pennsieve_agent.aws.cloudformation import (
    StackRequest,
    execute_change_set,
    find_stack,
    plan_change_set,
    template_of,
)
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.profile import AwsSettings
from tests.cli.conftest import Lab
from tests.cli.harness import Agent
from tests.cli.test_bad_input import RUN, refused

pytestmark = pytest.mark.usefixtures("nodes")
NODE = "my-compute"


def test_show_says_what_it_is_made_of(agent: Agent) -> None:
    shown = agent("compute", "show", NODE)
    assert "stack\tpennsieve-node-" in shown.out
    assert "CPUs at once\t64" in shown.out
    document = agent("compute", "show", NODE, "--json").document
    assert document["settings"]["mode"] == "basic"
    assert document["region"] == "us-east-1"


def test_a_node_that_pennsieve_runs_is_not_updated(agent: Agent) -> None:
    refused(agent("compute", "update", "theirs", "--max-vcpus", "8"), 2, "Pennsieve runs")


def test_what_stays_as_it_was_made(agent: Agent) -> None:
    refused(
        agent("compute", "update", NODE, "--mode", "secure"), 2, "replace the node's file system"
    )
    other = ("--vpc-id", "vpc-0123abcd", "--subnet", "subnet-0123abcd")
    refused(
        agent("compute", "register", *other, "--dry-run"),
        2,
        "the network of a node cannot be changed",
    )
    refused(agent("compute", "register", "--role-path", "/x/", "--dry-run"), 2, "path of a node")


def test_an_update_of_what_is_not_named_changes_nothing(agent: Agent) -> None:
    done = agent("compute", "update", NODE)
    assert done.code == 0, done.err
    assert "Compute node 'my-compute' is ready" in done.out
    tagged = agent("compute", "update", NODE, "--tag", "owner=ada", "--dry-run", "--json")
    steps = {s["step"]: s for s in tagged.document["steps"]}
    assert tagged.document["tags"] == {"owner": "ada"}
    assert not all(s["already_done"] for s in steps.values())
    (change,) = tagged.document["changed_settings"]
    assert (change["setting"], change["before"], change["after"]) == ("tags", "none", "owner=ada")
    assert "compute environments" in change["but"]


def test_an_update_says_what_was_chosen_before(agent: Agent) -> None:
    told = agent("compute", "update", NODE, "--max-vcpus", "8", "--dry-run")
    assert told.code == 0, told.err
    assert "What you chose will be:\n  CPUs at once: 64 -> 8\n" in told.out
    assert "budget" not in told.out.partition("This will be done")[0]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--mode", "fast"), "no deployment mode 'fast'"),
        (("--provisioner", "me"), "no provisioner 'me'"),
        (("--gpu-tier", "small"), "must be given together"),
        (("--gpu-tier", "huge", "--max-gpu", "1"), "no GPU tier 'huge'"),
        (("--max-vcpus", "0"), "--max-vcpus must be from 1 to"),
        (("--monthly-budget", "-1"), "must not be negative"),
        (("--role-path", "research"), "not a valid IAM path"),
        (("--vpc-id", "vpc-0123abcd"), "must be given together"),
        (("--vpc-id", "net", "--subnet", "subnet-0123abcd"), "'net' is not the id"),
        (("--tag", "owner"), "KEY=VALUE"),
        (("--from-stack", "pennsieve-node-00000000"), "there is no stack"),
        (("--from-stack", "pennsieve-node-0", "--max-vcpus", "5"), "leave out the other options"),
    ],
)
def test_settings_that_cannot_be(agent: Agent, words: tuple[str, ...], part: str) -> None:
    refused(agent("compute", "register", "--name", "new", *words, "--dry-run"), 2, part)


@pytest.fixture
def former(nodes: Lab, agent: Agent) -> Iterator[None]:
    """The node has a file system that an earlier version made, and that an update deletes."""
    name = f"pennsieve-node-{agent('compute', 'show', NODE, '--json').document['id']}"
    folder = nodes.box.data / "aws"
    settings = AwsSettings(config_file=folder / "config", credentials_file=folder / "credentials")
    with Aws(settings, "us-east-1") as aws:
        template, stack = template_of(aws, name), find_stack(aws, name)
        assert stack is not None
        bucket = template["Resources"]["Bucket"]["Properties"]["BucketName"]
        old = {"Type": "AWS::EFS::FileSystem", "Properties": {"Encrypted": True}}
        resources = {**template["Resources"], "FormerFiles": old}
        request = StackRequest(
            name, {**template, "Resources": resources}, stack.tags, bucket=bucket
        )
        execute_change_set(aws, plan_change_set(aws, request, sleep=lambda _: None))
    yield
    updated = agent("compute", "update", NODE, "--yes")
    assert updated.code == 0, updated.err
    assert "FormerFiles" in updated.err


@pytest.mark.usefixtures("former")
def test_an_update_that_deletes_files_waits_for_the_runs(agent: Agent) -> None:
    name = "with-files"
    started = agent(*RUN, "--all", "--node", NODE, "--param", "HOLD=true", "--name", name)
    assert started.code == 0, started.err
    for words in (("compute", "update", NODE), ("compute", "register", "--name", NODE)):
        told = agent(*words, "--dry-run")
        assert (told.code, f"run '{name}' must end first" in told.out) == (0, True), told.err
        refused(
            agent(*words, "--yes"),
            1,
            f"still has active runs: '{name}', and this update deletes",
            "nothing was changed",
            f"pennsieve run cancel '{name}'",
        )
    ended = agent("run", "cancel", name, "--yes", "--wait")
    assert ended.code == 0, ended.err


def test_a_node_at_work_is_not_taken_away(agent: Agent) -> None:
    started = agent(*RUN, "--all", "--node", NODE, "--param", "HOLD=true", "--name", "holding")
    assert started.code == 0, started.err
    try:
        refused(agent("compute", "delete", NODE, "--yes"), 1, "still has active runs: 'holding'")
        plan = agent("compute", "delete", NODE, "--dry-run", "--json").document
        assert len(plan["run_ids"]) == 1
        told = agent("compute", "delete", NODE, "--cancel-runs", "--dry-run")
        assert "run 'holding' is cancelled first" in told.out
        assert "stays: your datasets" in told.out
    finally:
        agent("run", "cancel", "holding", "--yes")
