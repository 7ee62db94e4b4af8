"""A node that Pennsieve itself runs, as a user types it, against a sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.harness import Agent
from tests.quick_sandbox import quick

REGISTER = ("compute", "register", "--provisioner", "platform")


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    root = tmp_path_factory.mktemp("role")
    (root / "box" / "datasets").mkdir(parents=True)
    box = quick(root / "box")
    box.start_detached(0, "process")
    yield Agent({**box.environment(), "HOME": str(root)})
    box.stop()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--max-vcpus", "8"), "--max-vcpus is for nodes of your own"),
        (("--vpc-id", "vpc-1", "--subnet", "subnet-1"), "--vpc-id is for nodes of your own"),
        (("--mode", "open"), "there is no deployment mode 'open'"),
    ],
)
def test_what_pennsieve_decides_is_not_asked_for(
    typed: Agent, words: tuple[str, ...], said: str
) -> None:
    result = typed(*REGISTER, *words)
    assert result.code == 2
    assert said in result.err


def test_another_word_than_own_and_platform(typed: Agent) -> None:
    result = typed("compute", "register", "--provisioner", "me")
    assert (result.code, "choose own or platform" in result.err) == (2, True)
    result = typed("compute", "register", "--provisioner", "own", "--as-served")
    assert (result.code, "--as-served is for nodes that Pennsieve runs" in result.err) == (2, True)


def test_own_nodes_have_no_role_that_could_be_shown_or_made(typed: Agent) -> None:
    assert typed("compute", "register", "--provisioner", "own", "--yes").code == 0
    for words in (
        ("policy", "role"),
        ("update", "--role", "--yes"),
        ("role", "update", "--dry-run"),
    ):
        result = typed("compute", *words)
        assert result.code == 2, result.out
        assert "Pennsieve has no role in AWS account 123456789012" in result.err
        assert "pennsieve compute policy" in result.err
    again = typed(
        "compute", "register", "--provisioner", "own", "--name", "two", "--dry-run", "--details"
    )
    assert "Nothing to do: AWS account 123456789012 is registered without a role" in again.out
    assert "access points" in again.out
    assert "doors" not in again.out
    assert typed("compute", "delete", "my-compute", "--yes").code == 0


def test_the_whole_life_of_such_a_node(typed: Agent, tmp_path: Path) -> None:
    del tmp_path
    dry = typed(*REGISTER, "--dry-run", "--details")
    assert dry.code == 0, dry.err
    assert "everything is allowed, unless denied, of: ec2, ecr, ecs" in dry.out
    assert "restricted by Deny statements" in dry.out
    plan = typed(*REGISTER, "--dry-run", "--json").document
    assert plan["documents"]["permissions"]["Statement"][-1]["Sid"] == "LocalDomains"
    assert not typed("compute", "list", "--json").document

    made = typed(*REGISTER, "--yes")
    assert made.code == 0, made.err
    assert "Compute node 'my-compute' is enabled" in made.out
    again = typed(*REGISTER, "--yes")
    assert (again.code, "enabled" in again.out) == (0, True), again.err

    found = typed("compute", "policy", "role", "--json")
    assert found.code == 0, found.err + found.out
    shown = found.document
    assert (shown["exists"], shown["up_to_date"]) == (True, True)
    assert typed("compute", "policy", "role").code == 0
    assert "is what Pennsieve asks for" in typed("compute", "update", "--role").out
    doctor = typed("compute", "doctor", "my-compute")
    assert doctor.code == 0, doctor.out

    removed = typed("compute", "delete", "my-compute", "--yes")
    assert removed.code == 0, removed.err
    assert "nothing unexpected is left" in removed.out
    assert not typed("compute", "list", "--json").document
    gone = typed("compute", "policy", "role")
    assert (gone.code, "is not registered with Pennsieve" in gone.err) == (2, True)


def test_the_rights_of_whoever_registers_such_nodes(typed: Agent) -> None:
    found = typed("compute", "policy", "installer", "--served", "--json").document
    ((policy,),) = [found["policies"]]
    (row,) = policy["Statement"]
    assert row["Resource"].endswith(":role/Pennsieve-Compute-*-*")
    assert "iam:CreateRole" in row["Action"]
    assert "can make a role that may do anything" in (
        typed("compute", "policy", "installer", "--served").err
    )
