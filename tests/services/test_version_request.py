"""The document of a workflow version, and who builds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.workflows import Checkout, Manifest, Step, StepKind
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.node.records.version_document import check_version, workflow_of
from pennsieve_agent.services.workflows.build_choice import Build, OwnNodes, choose, obstacle
from pennsieve_agent.services.workflows.version_request import (
    Document,
    Naming,
    NodeSettings,
    StepCode,
    same_version,
    shown_address,
    version_document,
    version_name,
    with_number,
)
from pennsieve_agent.services.workflows.workflow_steps import chain

MANIFEST = Manifest(
    "count",
    "Counts",
    (Parameter("N", ParameterType.NUMBER, "1", minimum=0), Parameter("S", allowed=("a", "b"))),
    cpu=1024,
    memory=2048,
)
GITHUB = Checkout("https://github.com/lab/count", "v1", "c" * 40, MANIFEST)
IMAGE = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/r@sha256:{'d' * 64}"
NAMING = Naming("11111111-1111-4111-8111-111111111111", "count", "Counts", "here")


def document(commit: str = "c" * 40, image: str = IMAGE, **settings: Any) -> Document:
    steps = chain([GITHUB])
    code = {"count": StepCode(commit, image, "")}
    return version_document(NAMING, "v1", steps, code, NodeSettings(**settings))


def test_the_node_takes_it_and_reads_the_same_steps() -> None:
    made = document(layout="flat", needs_pennsieve="write")
    check_version(made, NAMING.workflow, "v1")
    assert (made["layout"], made["needsPennsieve"], made["origin"]) == ("flat", "write", "here")
    processor = workflow_of(made).processors[0]
    wanted = chain([GITHUB])[1]
    assert replace(processor, parameters=()) == replace(wanted, parameters=())
    assert [p.name for p in processor.parameters] == ["N", "S"]
    assert processor.parameters[1].allowed == ("a", "b")


def test_the_disk_of_a_step_is_its_own_else_that_of_all() -> None:
    made = document(disk={"": 50})
    check_version(made, NAMING.workflow, "v1")
    assert workflow_of(made).processors[0].disk == 50
    assert workflow_of(document(disk={"": 50, "count": 100})).processors[0].disk == 100
    assert "disk" not in str(document()), "without it the document is what it was"
    assert not same_version(document(), made)
    with pytest.raises(UsageProblem, match="--disk names step 'sort'"):
        document(disk={"sort": 100})


def test_targets_that_a_node_cannot_serve_are_refused() -> None:
    steps = (Step("out", StepKind.TARGET, target_type="Somewhere Else"),)
    with pytest.raises(UsageProblem, match="has the target 'Somewhere Else'"):
        version_document(NAMING, "v1", steps, {}, NodeSettings())


def test_versions_are_the_same_by_commit_not_by_image() -> None:
    other = f"{IMAGE[:-1]}e"
    assert same_version(document(), document(image=other))
    assert not same_version(document(), document(commit="e" * 40))
    assert not same_version(document(), document(layout="flat"))
    assert same_version(document(), document(commit=""))
    assert not same_version(document(), document(commit="", image=other))
    assert same_version(document(), {**document(), "version": "v1-2", "name": "renamed"})


def test_names_of_versions() -> None:
    assert version_name(["v1"]) == "v1"
    assert version_name(["v1", "v2"]) == "v1+v2"
    assert version_name(["v" * 60, "w" * 60]).startswith("2-steps-")
    assert [with_number("v1", n) for n in (1, 2)] == ["v1", "v1-2"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://github.com/lab/count", "https://github.com/lab/count"),
        ("https://gitlab.com/lab/count", "https://gitlab.com/lab/count"),
        ("file:///home/ada/secret/count", "local:count"),
        ("https://git.lab.internal/secret/count", "git:count"),
        ("ssh://git@github.com.internal/secret/count", "git:count"),
        ("git@lab.internal:secret/count", "git:count"),
    ],
)
def test_private_places_are_not_told(url: str, shown: str) -> None:
    assert shown_address(replace(GITHUB, source_url=url)) == shown


@pytest.mark.parametrize(
    ("checkout", "public", "expected"),
    [
        (GITHUB, True, ""),
        (GITHUB, False, "count is private, and Pennsieve cannot read it"),
        (replace(GITHUB, is_tag=False, tag="abc"), True, "count at abc is not a tag"),
        (replace(GITHUB, source_url="file:///x/count"), True, "count is not on GitHub"),
    ],
)
def test_what_pennsieve_cannot_build(checkout: Checkout, public: bool, expected: str) -> None:  # noqa: FBT001
    assert obstacle([checkout], lambda _: public) == expected


def test_nobody_is_asked_about_code_that_is_elsewhere() -> None:
    def never(_: str) -> bool:
        raise AssertionError("the network was asked")

    assert obstacle([replace(GITHUB, source_url="file:///x/count")], never)


NONE, ONE, WITHOUT_ENGINE = OwnNodes(0), OwnNodes(1), OwnNodes(1, is_engine_there=lambda: False)


@pytest.mark.parametrize(
    ("asked", "why", "nodes", "expected"),
    [
        (Build.AUTO, "", NONE, Build.PENNSIEVE),
        (Build.AUTO, "", OwnNodes(1), Build.PENNSIEVE),
        (Build.AUTO, "x is not on GitHub", OwnNodes(1), Build.HERE),
        (Build.AUTO, "x is not on GitHub", WITHOUT_ENGINE, Build.NODE),
        (
            Build.AUTO,
            "x is not on GitHub",
            replace(WITHOUT_ENGINE, without_builder="n"),
            Build.HERE,
        ),
        (Build.HERE, "", OwnNodes(1), Build.HERE),
        (Build.HERE, "", WITHOUT_ENGINE, Build.HERE),
        (Build.NODE, "", OwnNodes(2), Build.NODE),
        (Build.NODE, "", OwnNodes(2, "n"), "node 'n' is of mode compliant"),
        (Build.NODE, "", NONE, "of your own"),
        (Build.PENNSIEVE, "", NONE, Build.PENNSIEVE),
        (Build.PENNSIEVE, "x is not a tag", ONE, "Pennsieve cannot build this: x is not a tag"),
        (Build.AUTO, "x is not a tag", NONE, r"of your own \(x is not a tag\), and you have none"),
        (Build.HERE, "", NONE, "of your own"),
    ],
)
def test_who_builds(asked: Build, why: str, nodes: OwnNodes, expected: Build | str) -> None:
    if isinstance(expected, Build):
        assert choose(asked, why, nodes).build is expected
        return
    with pytest.raises(UsageProblem, match=expected):
        choose(asked, why, nodes)
