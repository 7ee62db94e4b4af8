"""What runs do, whichever machine runs their steps: the same sentences for each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.domain.layers import LayerStatus
from pennsieve_agent.domain.runs import (
    NO_LIMITS,
    Run,
    RunLimits,
    RunRequest,
    RunState,
    RunStatus,
)
from pennsieve_agent.domain.workflows import DATASET_TARGET, Step, StepKind
from pennsieve_agent.node.rights import RIGHTS
from pennsieve_agent.platform.runcodec import encode_request
from pennsieve_agent.sandbox.control import Sandbox
from pennsieve_agent.sandbox.emulation.asked import read
from tests.cli.conftest import repository
from tests.cli.following import wait_for
from tests.cli.harness import Agent
from tests.engine.images import python_image
from tests.github import git_settings, on_github

LAYER_TARGET = "persistent-layer"
NO_ENGINE = "unix:///nowhere/docker.sock"
DATASET = "Data"
SECRET = "hidden-word"
PATIENCE = 60.0
MANIFEST = """\
schemaVersion: "1.0"
name: lab
parameters:
  - {name: MODE, type: string, default: copy}
  - {name: NAME, type: string, default: x}
"""
PROGRAM = """\
import os, pathlib, sys, time
source, target = pathlib.Path(os.environ["INPUT_DIR"]), pathlib.Path(os.environ["OUTPUT_DIR"])
mode, name = os.environ["MODE"], os.environ["NAME"]
for number in range(20):
    print("line", number)
tokens = {"SESSION_TOKEN", "REFRESH_TOKEN", "CALLBACK_TOKEN"}
print("tokens seen:", sorted(tokens & set(os.environ)))
print("word:", os.environ.get("WORD", "none"), flush=True)
if mode == "fail":
    sys.exit(3)
while mode == "hold":
    time.sleep(0.05)
if mode == "hog":
    kept = bytearray(900_000_000)
    kept[::4096] = b"x" * len(kept[::4096])
layers = os.environ.get("LAYERS_DIR", "")
if layers:
    for root, _, names in os.walk(layers, followlinks=True):
        for path in sorted(pathlib.Path(root, name) for name in names):
            print("layer", path.relative_to(layers), path.read_text())
for path in sorted(p for p in source.rglob("*") if p.is_file()):
    (target / f"{name}-{path.name}").write_text(path.read_text() + name)
for number in range(200 if mode == "many" else 0):
    (target / f"{number:03}.dat").write_text(str(number))
print("done", flush=True)
"""


class Bench:
    """A sandbox with an engine, a node, an application and a dataset."""

    def __init__(self, root: Path, engine: str, image: str) -> None:
        raw = root / "box" / "datasets" / DATASET
        raw.mkdir(parents=True)
        (raw / "x.txt").write_text("start.")
        self.data = raw
        self.box = Sandbox(root / "box")
        self.state = self.box.start_detached(0, engine)
        environ = {**self.box.environment(), "HOME": str(root)}
        self.agent = Agent(environ)
        dockerfile = f'FROM {image}\nCOPY main.py /app/\nCMD ["python3", "/app/main.py"]\n'
        files = {"Dockerfile": dockerfile, "app.yml": MANIFEST, "main.py": PROGRAM}
        code = on_github(self.box.data, repository(root / "code", files))
        register = ("compute", "register", "--provisioner", "platform", "--yes")
        for words in (register, ("workflow", "add", code)):
            done = self.agent(*words)
            assert done.code == 0, done.err
        self.context = Context(Streams.for_test(""), environ)
        platform = self.platform = self.context.platform
        (self.node,) = platform.compute.nodes(self.context.workspace_id)
        (dataset,) = platform.datasets.list()
        self.dataset = dataset.id
        self.packages = platform.datasets.root_ids(dataset.id)
        (added,) = platform.workflows.list(self.context.workspace_id)
        (self.step,) = added.of_kind(StepKind.PROCESSOR)
        self.flows = 0

    def run(
        self,
        graph: Mapping[str, str],
        limits: RunLimits = NO_LIMITS,
        target: tuple[str, Mapping[str, str]] | None = None,
        layers: tuple[str, ...] = (),
        **modes: str,
    ) -> str:
        """Start a run of a graph: steps, each with its parents in a word; its uuid.

        ``target`` is another type of target than the dataset, with its parameters.
        """
        self.flows += 1
        name = f"flow {self.flows}"
        last = list(graph)[-1]
        folder = {"TARGET_FOLDER": f"out/{self.flows}"}
        kind, given = target or (DATASET_TARGET, folder)
        steps = (
            Step("in", StepKind.SOURCE),
            *(
                Step(
                    key,
                    StepKind.PROCESSOR,
                    tuple(parents.split()) or ("in",),
                    source_url=self.step.source_url,
                    tag=self.step.tag,
                    cpu=256,
                    memory=512,
                )
                for key, parents in graph.items()
            ),
            Step(*("out", StepKind.TARGET, (last,)), target_type=kind, compute_type="standard"),
        )
        flow = self.platform.workflows.create(name, "", self.context.workspace_id, steps)
        parameters = {key: {"NAME": key, "MODE": modes.get(key, "copy")} for key in graph}
        request = RunRequest(
            workflow=flow,
            node_uuid=self.node.uuid,
            dataset_id=self.dataset,
            package_ids=self.packages,
            name=name,
            parameters=parameters,
            target_params={"out": given},
            limits=limits,
        )
        # The commands ask for no layers yet.
        body = {**encode_request(request), "layers": list(layers)}
        return self.platform.runs._v2.post_record("/compute/workflows/runs", body).text("uuid")

    def until(self, run: str, fits: Callable[[RunState], bool]) -> dict[str, str]:
        """Wait until a run's state fits; the states of the run (as ``""``) and its steps."""
        pause = threading.Event()
        for _ in range(int(PATIENCE / 0.1)):
            state = self.platform.runs.state(run)
            if fits(state):
                steps = {step.id: step.status.value for step in state.steps}
                return {"": state.status.value, **steps}
            pause.wait(0.1)
        shown: Run = self.platform.runs.get(run)
        raise AssertionError(f"{shown}\n{self.lines(run, next(iter(shown.steps)).id)}")

    def end(self, run: str) -> dict[str, str]:
        return self.until(run, lambda state: state.status.is_final)

    def started(self, run: str, step: str) -> None:
        self.until(
            run,
            lambda state: any(s.id == step and s.status is RunStatus.STARTED for s in state.steps),
        )

    def lines(self, run: str, step: str) -> list[str]:
        return [line.message for line in self.platform.runs.logs(run, step)]

    def results(self, count: int) -> dict[str, str]:
        """What the last run delivered, once it is as much: targets wait for no import."""
        folder, pause = self.data / "out" / str(self.flows), threading.Event()
        found: list[Path] = []
        for _ in range(int(PATIENCE / 0.1)):
            found = sorted(folder.iterdir()) if folder.is_dir() else []
            if len(found) >= count:
                break
            pause.wait(0.1)
        return {path.name: path.read_text() for path in found}


@pytest.fixture(
    scope="module",
    params=["process", pytest.param("docker", marks=pytest.mark.docker)],
)
def bench(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    name = str(request.param)
    contained = name == "docker"
    image = python_image() if contained else "python:3.11-slim"
    with pytest.MonkeyPatch.context() as patch:
        if not contained:
            patch.setenv("DOCKER_HOST", NO_ENGINE)
        root = tmp_path_factory.mktemp("bench")
        for variable, value in git_settings(root / "box").items():
            patch.setenv(variable, value)
        made = Bench(root, name, image)
        yield made
        made.context.__exit__(None, None, None)
        made.box.stop()


def test_it_succeeds_and_delivers_once(bench: Bench) -> None:
    run = bench.run({"a": "", "b": "a"})
    assert set(bench.end(run).values()) == {"SUCCEEDED"}
    assert bench.results(1) == {"b-a-x.txt": "start.ab"}
    assert bench.lines(run, "b") == [
        *(f"line {number}" for number in range(20)),
        "tokens seen: []",
        "word: none",
        "done",
    ]


def test_a_failing_middle_step_fails_the_run_and_what_follows_never_starts(bench: Bench) -> None:
    run = bench.run({"a": "", "b": "a", "c": "b"}, b="fail")
    states = bench.end(run)
    shown = bench.agent("run", "show", run, "--json").document
    assert "exit code 3" in shown["reason"]
    assert "exit code 3" in bench.agent("run", "show", run).out
    assert states == {
        "": "FAILED",
        "in": "SUCCEEDED",
        "a": "SUCCEEDED",
        "b": "FAILED",
        "c": "NOT_STARTED",
        "out": "NOT_STARTED",
    }
    assert bench.results(0) == {}


def test_a_diamond_merges_what_its_branches_made(bench: Bench) -> None:
    run = bench.run({"a": "", "b": "a", "c": "a", "d": "b c"})
    assert bench.end(run)[""] == "SUCCEEDED"
    assert bench.results(2) == {"d-b-a-x.txt": "start.abd", "d-c-a-x.txt": "start.acd"}


def test_secrets_reach_the_program_and_no_log(bench: Bench) -> None:
    secrets = bench.platform.node_secrets
    secrets.set(bench.node.uuid, {"WORD": SECRET})
    assert secrets.names(bench.node.uuid) == ("WORD",)
    run = bench.run({"a": ""})
    assert bench.end(run)[""] == "SUCCEEDED"
    assert "word: ***" in bench.lines(run, "a")
    secrets.remove_all(bench.node.uuid)
    assert secrets.names(bench.node.uuid) == ()


def test_cancel_ends_what_runs_and_what_waits(bench: Bench) -> None:
    run = bench.run({"a": "", "b": "a"}, a="hold")
    bench.started(run, "a")
    bench.platform.runs.cancel(run)
    states = bench.end(run)
    assert (states[""], states["a"]) == ("CANCELED", "CANCELED")
    assert states["b"] in {"NOT_STARTED", "CANCELED"}
    assert bench.results(0) == {}


def test_two_hundred_files_arrive(bench: Bench) -> None:
    run = bench.run({"a": ""}, a="many")
    assert bench.end(run)[""] == "SUCCEEDED"
    found = bench.results(201)
    assert len(found) == 201
    assert found["199.dat"] == "199"


@pytest.mark.parametrize(("retries", "attempts"), [(0, 1), (1, 2)])
def test_a_failing_program_is_tried_as_often_as_was_asked_for(
    bench: Bench, retries: int, attempts: int
) -> None:
    run = bench.run({"a": "", "b": "a"}, RunLimits(retries=retries), a="fail")
    states = bench.end(run)
    assert (states[""], states["a"], states["b"]) == ("FAILED", "FAILED", "NOT_STARTED")
    assert bench.lines(run, "a").count("line 0") == attempts
    assert "exit code 3" in bench.agent("run", "show", run, "--json").document["reason"]


def test_a_run_that_costs_too_much_ends_and_says_so(bench: Bench) -> None:
    run = bench.run({"a": ""}, RunLimits(max_cost=0.000001), a="hold")
    assert bench.end(run)[""] == "FAILED"
    assert "the cost limit of the run" in bench.agent("run", "show", run).out


def test_memory_is_bounded_where_the_machine_can_bound_it(bench: Bench) -> None:
    if bench.state.engine == "process":
        pytest.skip("a process of this machine has the machine's memory, and that is said")
    run = bench.run({"a": ""}, a="hog")
    assert bench.end(run)["a"] == "FAILED"
    assert "memory" in bench.agent("run", "show", run, "--json").document["reason"]


def test_a_layer_is_filled_once_and_read_by_others(bench: Bench) -> None:
    node, layers = bench.node.uuid, bench.platform.layers
    layers.create(node, "atlas")
    run = bench.run({"a": ""}, target=(LAYER_TARGET, {"layerName": "atlas"}))
    assert bench.end(run)[""] == "SUCCEEDED"
    wait_for(lambda: layers.list(node)[0].status is LayerStatus.READY, lambda: "it is never READY")
    (layer,) = layers.list(node)
    assert (layer.status, layer.file_count, layer.size) == (LayerStatus.READY, 1, len("start.a"))
    reading = bench.run({"b": ""}, layers=("atlas",))
    assert bench.end(reading)[""] == "SUCCEEDED"
    assert "layer atlas/a-x.txt start.a" in bench.lines(reading, "b")
    layers.delete(node, "atlas")


#: The right behind a signed address, which whoever downloads a kept log makes use of; and what is
#: asked for after a kill, while a job waits, and when nothing is left (``tests/node`` shows it).
SELDOM = {
    "gateway": {"s3:GetObject"},
    "reconciler": {"batch:ListJobs", "batch:DescribeComputeEnvironments", "events:DisableRule"},
}


def test_roles_have_the_rights_they_are_asked_for_and_no_others(bench: Bench) -> None:
    """What the node's code did is what its table of rights says, both ways."""
    secrets = bench.platform.node_secrets
    secrets.set(bench.node.uuid, {"WORD": SECRET})
    assert bench.end(bench.run({"a": ""}))[""] == "SUCCEEDED"
    held = bench.run({"a": ""}, a="hold")
    bench.started(held, "a")
    bench.until(held, lambda _: bool(bench.lines(held, "a")))
    bench.platform.runs.cancel(held)
    assert bench.end(held)[""] == "CANCELED"
    secrets.set(bench.node.uuid, {"WORD": f"{SECRET}2"})
    secrets.remove_all(bench.node.uuid)
    heard: dict[str, set[str]] = {}
    for name, action in read(bench.box.data / "aws"):
        heard.setdefault(name.rpartition("-")[2], set()).add(action)
    for role, rights in RIGHTS.items():
        allowed = {action for right in rights for action in right.actions}
        assert heard[role] <= allowed, (role, heard[role] - allowed)
        assert allowed - heard[role] <= SELDOM.get(role, set()), role
