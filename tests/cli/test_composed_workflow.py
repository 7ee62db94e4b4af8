"""A workflow that is composed in a file: added, shown, run, and written again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pennsieve_agent.domain.profile import ApiKey, Hosts
from pennsieve_agent.domain.workflows import Step, StepKind
from pennsieve_agent.platform.client import Platform
from pennsieve_agent.sandbox.host.config_file import read_profile
from tests.cli.conftest import DATASET, Lab, commit, made, repository
from tests.cli.harness import Agent
from tests.cli.test_bad_input import refused
from tests.prepared import Prepared

PROGRAM = """
import os, pathlib
source, target = pathlib.Path(os.environ["INPUT_DIR"]), pathlib.Path(os.environ["OUTPUT_DIR"])
names = sorted(path.name for path in source.rglob("*") if path.is_file())
(target / (os.environ["LABEL"] + ".txt")).write_text(" ".join(names))
"""
MANIFEST = """
schemaVersion: "1.0"
name: label
parameters:
  - {name: LABEL, type: string, default: label}
"""
DOCKERFILE = """FROM python:3.13-slim
COPY main.py /
USER 1000
CMD ["python3", "/main.py"]
"""
CODE = {
    "Dockerfile": DOCKERFILE,
    "app.yml": MANIFEST,
    "main.py": PROGRAM,
    "LICENSE": "MIT",
}
DIAMOND = """\
name: diamond
description: Two ways to one report
steps:
  begin:
    uses: lab/label@v1.0.0
    parameters:
      LABEL: begin
  left:
    uses: lab/label@v1.0.0
    needs:
    - begin
    parameters:
      LABEL: left
  right:
    uses: lab/label@v1.0.0
    needs:
    - begin
    parameters:
      LABEL: right
  report:
    uses: lab/label@v1.0.0
    needs:
    - left
    - right
    parameters:
      LABEL: report
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Lab]:
    """A lab of its own: what is granted here is in the way of tests that name no workflow."""
    one = made(tmp_path_factory.mktemp("composed"), prepared)
    yield one
    one.box.stop()


@pytest.fixture
def ready(lab: Lab) -> Lab:
    return lab


@pytest.fixture
def file(ready: Lab, tmp_path: Path) -> Path:
    code = ready.root / "label"
    ready.publish(code if code.exists() else repository(code, CODE))
    (tmp_path / "workflow.yaml").write_text(DIAMOND)
    return tmp_path / "workflow.yaml"


def test_a_diamond_is_added_run_and_written_again(ready: Lab, agent: Agent, file: Path) -> None:
    plan = agent("workflow", "add", str(file), "--dry-run")
    assert plan.code == 0, plan.err
    assert "Would add workflow 'diamond' from https://github.com/lab/label v1.0.0" in plan.out
    assert "├─ • left (label@v1.0.0)\n│  → report\n└─ • right (label@v1.0.0)\n" in plan.out
    added = agent("workflow", "add", str(file), "--json")
    assert added.code == 0, added.err
    steps = {step["id"]: step["depends_on"] for step in added.document["steps"]}
    assert steps["report"] == ["left", "right"]
    again = agent("workflow", "add", str(file))
    assert "'diamond'" in again.out
    assert "is there already" in again.out

    back = agent("workflow", "show", "diamond", "--yaml")
    assert back.out == DIAMOND.replace("lab/label", "https://github.com/lab/label")
    drawn = agent("workflow", "show", "diamond").out
    assert "└─ • right (label@v1.0.0)\n   • report (label@v1.0.0)\n" in drawn

    file.write_text(DIAMOND.replace("    - left\n    - right\n", "    - right\n"))
    refused(
        agent("workflow", "add", str(file)), 1, "with other steps", "update 'diamond' --file FILE"
    )

    assert agent("dataset", "grant", "diamond", "-d", DATASET).code == 0
    run = ("run", "start", "-w", "diamond", "-d", DATASET, "--all", "--name", "joined", "--wait")
    assert (ended := agent(*run)).code == 0, ended.err
    result = ready.dataset / "results" / "joined" / "report.txt"
    assert result.read_text() == "left.txt right.txt"


def test_a_pinned_step_is_moved_only_where_it_is_named(agent: Agent, tmp_path: Path) -> None:
    code = repository(tmp_path / "tagged", CODE)
    file = tmp_path / "pinned.yaml"
    second = "  second: {uses: ./tagged, needs: first, parameters: {LABEL: second}}\n"
    file.write_text(f"name: pinned\nsteps:\n  first: {{uses: ./tagged@v1.0.0}}\n{second}")
    assert agent("workflow", "add", str(file)).code == 0
    shown = agent("workflow", "show", "pinned")
    assert "local:tagged\tv1.0.0 (pinned)\n" in shown.out
    commit(code, {"more.txt": "more"}, "v1.1.0")

    def tags(*words: str) -> list[str]:
        result = agent("workflow", "update", "pinned", *words, "--json")
        assert result.code == 0, result.err
        return [row["to_tag"] for row in result.document["changes"]]

    update = agent("workflow", "update", "pinned", "--dry-run")
    assert "step 'first' is pinned and keeps v1.0.0" in update.err
    assert tags() == ["v1.0.0", "v1.1.0"]
    assert tags("--step", "second", "--to", "v1.0.0") == ["v1.0.0", "v1.0.0"]
    assert tags("--step", "first", "--to", "v1.1.0") == ["v1.1.0", "v1.0.0"]
    assert agent("workflow", "show", "pinned", "--json").document["pinned"] == ["first"]
    refused(agent("workflow", "update", "pinned", "--step", "nope"), 2, "first, second")
    refused(
        agent("workflow", "update", "pinned", "--step", "first", "--file", str(file)), 2, "--file"
    )
    file.write_text(file.read_text().replace("@v1.0.0", ""))
    assert agent("workflow", "update", "pinned", "--file", str(file), "--yes").code == 0
    assert agent("workflow", "show", "pinned", "--json").document["pinned"] == []


def test_what_was_made_in_the_web_application_comes_back(
    ready: Lab, agent: Agent, file: Path
) -> None:
    url = ready.publish(ready.root / "label")
    assert agent("workflow", "add", url, "--name", "label alone").code == 0
    steps = (
        Step("node_1761_a", StepKind.SOURCE),
        Step(
            "node_1762_b",
            StepKind.PROCESSOR,
            ("node_1761_a",),
            url,
            "v1.0.0",
            "",
            "standard",
            memory=4096,
        ),
        Step("node_1763_c", StepKind.PROCESSOR, ("node_1761_a",), url, "v1.0.0", "", "standard"),
        Step(
            *("keep", StepKind.TARGET, ("node_1762_b",)),
            target_type="Pennsieve Dataset",
            compute_type="lambda",
        ),
        Step(
            *("layer", StepKind.TARGET, ("node_1763_c",)),
            target_type="persistent-layer",
            compute_type="standard",
            default_params={"layerName": "atlas"},
        ),
    )
    values = read_profile(ready.box.data)
    hosts = Hosts(ready.state.api, ready.state.api2, ready.state.aws)
    workspace = agent("whoami", "--json").document["workspace"]["id"]
    with Platform(hosts, ApiKey(values["api_token"], values["api_secret"])) as platform:
        made = platform.workflows.create("from the web", "drawn", workspace, steps)
        text = agent("workflow", "show", "from the web", "--yaml").out
        file.write_text(text)
        copied = agent("workflow", "add", str(file), "--name", "copy", "--json")
        assert copied.code == 0, copied.err
        first = platform.workflows.get(made.uuid)
        second = platform.workflows.get(copied.document["id"])
    assert first.steps == second.steps
    assert agent("workflow", "show", "copy", "--yaml").out == text.replace("from the web", "copy")
    assert yaml.safe_load(text)["targets"]["layer"]["parameters"] == {"layerName": "atlas"}


def test_a_wrong_file_is_told_before_anything_is_fetched(agent: Agent, file: Path) -> None:
    file.write_text(DIAMOND.replace("name: diamond", "name: wrong").replace("- begin", "- begni"))
    told = agent("workflow", "add", str(file))
    assert told.code == 2
    assert told.err.count("needs 'begni', which is not a step; did you mean begin?") == 2
    assert f"error: {file}, line 8: steps.left needs" in told.err
    assert "error: 2 problems are in the file" in told.err
    file.write_text(DIAMOND.replace("LABEL: left", "LABLE: left"))
    refused(
        agent("workflow", "add", str(file), "--name", "wrong"),
        2,
        "steps.left sets the parameter LABLE, which its code does not declare",
        "did you mean LABEL?",
    )
    refused(agent("workflow", "add", str(file), "lab/label"), 2, "is a whole workflow")
    refused(agent("workflow", "add", str(file), "--ref", "v1"), 2, "is a whole workflow")
    refused(agent("workflow", "show"), 2, "missing argument 'WORKFLOW'")


def test_the_schema_is_for_editors(agent: Agent) -> None:
    shown = agent("workflow", "show", "--schema")
    assert yaml.safe_load(shown.out)["properties"]["steps"]["minProperties"] == 1
    assert agent("workflow", "show", "--schema", "--json").document["schema"] == yaml.safe_load(
        shown.out
    )


def test_other_steps_are_another_definition_on_pennsieve(agent: Agent, file: Path) -> None:
    text = DIAMOND.replace("name: diamond", "name: changing")
    file.write_text(text)
    first = agent("workflow", "add", str(file), "--json").document
    update = ("workflow", "update", "changing", "--file", str(file))
    same = agent(*update, "--json")
    assert same.code == 0, same.err
    assert (same.document["id"], same.document["replaced_id"]) == (first["id"], None)

    file.write_text(text.replace("    - left\n    - right\n", "    - right\n"))
    plan = agent(*update, "--dry-run")
    assert "Would give workflow 'changing' these steps: as a new definition" in plan.out
    assert "└─ • right (label@v1.0.0)\n" in plan.out
    assert agent("workflow", "show", "changing", "--json").document["id"] == first["id"]
    second = agent(*update, "--json")
    assert second.code == 0, second.err
    assert second.document["replaced_id"] == first["id"]
    assert [s["depends_on"] for s in second.document["steps"] if s["id"] == "report"] == [["right"]]
    named = [w for w in agent("workflow", "list", "--json").document if "changing" in w["name"]]
    assert [(w["name"], w["id"]) for w in named] == [("changing", second.document["id"])]
    old = agent("workflow", "list", "--archived", "--json").document
    assert first["id"] in [w["id"] for w in old]
    refused(agent(*update, "--to", "v1"), 2, "cannot be given with --file")
    refused(agent("workflow", "update", "nope", "--file", str(file)), 2, "no workflow is called")


def test_code_that_cannot_be_used_leaves_the_workflow_as_it_was(
    ready: Lab, agent: Agent, file: Path, tmp_path: Path
) -> None:
    text = DIAMOND.replace("name: diamond", "name: kept")
    file.write_text(text)
    first = agent("workflow", "add", str(file), "--json").document
    broken = {**CODE, "Dockerfile": DOCKERFILE.replace("main.py /", "gone.py /")}
    ready.publish(repository(tmp_path / "broken-label", broken))
    last = text.rindex("lab/label")
    file.write_text(text[:last] + text[last:].replace("lab/label", "lab/broken-label"))
    failed = agent("workflow", "update", "kept", "--file", str(file))
    assert (failed.code, "gone.py" in failed.err) == (2, True), failed.err
    shown = agent("workflow", "show", "kept", "--json").document
    assert (shown["name"], shown["id"]) == ("kept", first["id"])


LINE = """\
name: composed
layout: flat
steps:
  count:
    uses: ./code
  again:
    uses: ./code
    needs:
    - count
    disk: 30
"""


def graph(agent: Agent, name: str) -> dict[str, list[str]]:
    steps = agent("workflow", "show", name, "--json").document["steps"]
    return {step["id"]: step["depends_on"] for step in steps}


def test_where_nodes_alone_have_it_other_steps_are_another_version(
    agent: Agent, file: Path, tmp_path: Path
) -> None:
    code = repository(tmp_path / "code", CODE, None)
    file.write_text(LINE)
    added = agent("workflow", "add", str(file), "--json").document
    assert (added["on_pennsieve"], added["name"]) == (False, "composed")
    line = {"input": [], "count": ["input"], "again": ["count"], "output": ["again"]}
    assert graph(agent, "composed") == line
    shown = agent("workflow", "show", "composed", "--yaml").out
    commit_of = added["sources"][0]["tag"]
    assert shown == LINE.replace("./code", f"{code}@{commit_of}")

    assert agent("dataset", "grant", "composed", "-d", DATASET).code == 0
    commit(code, {"more.txt": "x"}, None)
    assert agent("workflow", "update", "composed").code == 0
    assert graph(agent, "composed") == line, "newer code keeps the steps"

    file.write_text(LINE.replace("    needs:\n    - count\n", ""))
    changed = agent("workflow", "update", "composed", "--file", str(file), "--json")
    assert changed.code == 0, changed.err
    assert (changed.document["id"], changed.document["replaced_id"]) == (added["id"], None)
    beside = {"count": ["input"], "again": ["input"], "output": ["count", "again"]}
    assert graph(agent, "composed") == {"input": [], **beside}
    assert added["id"] in granted_to(agent)


def granted_to(agent: Agent) -> set[str]:
    return {row["workflow_id"] for row in agent("dataset", "grants", DATASET, "--json").document}


def test_a_new_definition_gets_the_grants_of_the_old_one(agent: Agent, file: Path) -> None:
    text = DIAMOND.replace("name: diamond", "name: moved")
    file.write_text(text)
    first = agent("workflow", "add", str(file), "--json").document
    assert agent("dataset", "grant", "moved", "-d", DATASET).code == 0
    assert first["id"] in granted_to(agent)
    file.write_text(text.replace("    - left\n    - right\n", "    - right\n"))
    moved = agent("workflow", "update", "moved", "--file", str(file), "--json")
    assert moved.code == 0, moved.err
    assert moved.document["replaced_id"] == first["id"]
    assert len(moved.document["granted_again"]) == 1
    assert moved.document["id"] in granted_to(agent)
    assert first["id"] not in granted_to(agent)
    run = ("run", "start", "-w", "moved", "-d", DATASET, "--all", "--dry-run")
    assert agent(*run).code == 0, "the name means the new one"


def test_a_command_that_was_cut_off_goes_on(agent: Agent, file: Path) -> None:
    """It ended when the old one had given its name away, and when the new one was there."""
    text = DIAMOND.replace("name: diamond", "name: cut")
    file.write_text(text)
    first = agent("workflow", "add", str(file), "--json").document
    other = text.replace("    - left\n    - right\n", "    - right\n")
    file.write_text(other)
    latest = first["id"]
    for is_made in (False, True):
        present = agent("workflow", "show", "cut", "--json").document["id"]
        assert agent("workflow", "update", "cut", "--name", "cut (replaced)").code == 0
        if is_made:
            file.write_text(text)
            assert agent("workflow", "add", str(file)).code == 0
        done = agent("workflow", "update", "cut", "--file", str(file), "--json")
        assert done.code == 0, done.err
        assert done.document["replaced_id"] == present
        named = [w for w in agent("workflow", "list", "--json").document if "cut" in w["name"]]
        latest = done.document["id"]
        assert [(w["name"], w["id"]) for w in named] == [("cut", latest)]
    assert first["id"] != latest
