"""A sandbox with an engine, a node, an application and a dataset, on which tests start runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from pennsieve_agent.aws.node_client import NodeClient
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.domain.own_node import Claimed
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.domain.runs import RunState, RunStatus, StepState
from pennsieve_agent.domain.target_types import DATASET_TARGET
from pennsieve_agent.domain.tickets import MemoryTickets
from pennsieve_agent.services.runs.node_runs import NodeRuns
from pennsieve_agent.settings.own_nodes_file import OwnNodes
from tests.cli.conftest import repository
from tests.cli.harness import Agent
from tests.domain.receipt.examples import RECORDS
from tests.prepared import Prepared

LAYER_TARGET = "persistent-layer"
NO_ENGINE = "unix:///nowhere/docker.sock"
DATASET = "Data"
SECRET = "hidden-word"
MANY = 1000
USER = "arn:aws:iam::123456789012:user/ada"
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


def ended(step: str) -> StepState:
    return StepState(step, RunStatus.SUCCEEDED)


class Bench:
    """A sandbox with an engine, a node, an application and a dataset."""

    def __init__(self, root: Path, engine: str, image: str, prepared: Prepared) -> None:
        raw = root / "box" / "datasets" / DATASET
        raw.mkdir(parents=True)
        (raw / "x.txt").write_text("start.")
        self.data = raw
        self.box = prepared.into(root / "box")
        self.state = self.box.start_detached(0, engine)
        environ = {**self.box.environment(), "HOME": str(root)}
        self.agent = Agent(environ)
        dockerfile = f'FROM {image}\nCOPY main.py /app/\nCMD ["python3", "/app/main.py"]\n'
        files = {"Dockerfile": dockerfile, "app.yml": MANIFEST, "main.py": PROGRAM}
        code = repository(root / "code", files)
        for words in (
            ("workflow", "add", str(code), "--name", "lab"),
            ("dataset", "grant", "lab", "-d", DATASET, "--access", "read-write"),
        ):
            done = self.agent(*words)
            assert done.code == 0, done.err
        (node,) = OwnNodes.beside(Path(environ["PENNSIEVE_CONFIG"])).list("sandbox")
        keys = self.box.data / "aws"
        self.aws = Aws(
            AwsSettings(config_file=keys / "config", credentials_file=keys / "credentials"),
            node.region,
        )
        self.owner = NodeClient(node, self.aws, MemoryTickets(), Claimed("Ada"), time.time)
        shared = self.agent("compute", "share", node.name, "--aws", USER, "--workflow", "lab")
        assert shared.code == 0, shared.err
        joined = replace(node, admin="")
        self.user = NodeClient(joined, self.aws, MemoryTickets(), Claimed("Ada"), time.time)
        self.runs = NodeRuns(joined, self.user)
        (added,) = self.ask("GET", "/workflows")["workflows"]
        self.version = self.ask("GET", f"/workflows/{added['id']}/versions/{added['latest']}")
        (self.step,) = (row for row in self.version["steps"] if row["kind"] == "processor")
        self.step |= {"cpu": 256, "memory": 512}
        with Context(Streams.for_test(""), environ) as context:
            (dataset,) = context.platform.datasets.list()
            self.dataset = dataset.id
            held = context.platform.datasets.files(dataset.id)
            self.packages = [file.package_id for file in held]
        self.flows = 0

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the node as its owner."""
        return self.owner.ask(method, path, None, body, admin=True)

    def run(
        self,
        graph: Mapping[str, str],
        limits: Mapping[str, Any] | None = None,
        target: tuple[str, Mapping[str, str]] | None = None,
        layers: tuple[str, ...] = (),
        files: int = 0,
        needs: str = "",
        **modes: str,
    ) -> str:
        """Start a run of a graph: steps, each with its parents in a word; its id.

        ``target`` is another type of target than the dataset, with its parameters; ``files`` says
        how many are listed in the document, which can so be too large for a table; ``needs`` what
        of Pennsieve steps are promised.
        """
        self.flows += 1
        last, version = list(graph)[-1], f"v{self.flows}"
        kind, given = target or (DATASET_TARGET, {"TARGET_FOLDER": f"out/{self.flows}"})
        steps = [
            {"id": "in", "kind": "data-source", "dependsOn": []},
            *(
                {**self.step, "id": key, "dependsOn": parents.split() or ["in"]}
                for key, parents in graph.items()
            ),
            {"id": "out", "kind": "data-target", "dependsOn": [last], "targetType": kind},
        ]
        uuid, run = self.version["workflow"], str(uuid4())
        document = {**self.version, "version": version, "steps": steps, "needsPennsieve": needs}
        self.ask("PUT", f"/workflows/{uuid}/versions/{version}", document)
        start = {
            "id": run,
            "name": f"flow {self.flows}",
            "workflow": uuid,
            "version": version,
            "dataset": self.dataset,
            "packages": self.packages,
            "parameters": {key: {"NAME": key, "MODE": modes.get(key, "copy")} for key in graph},
            "targets": {"out": dict(given)},
            "limits": dict(limits or {}),
            "layers": list(layers),
            "files": [{"path": f"{'x' * 200}{n}", "size": 1} for n in range(files)],
        }
        assert self.user.ask("POST", "/runs", body=start) == {"run": run, "created": True}
        return run

    def until(self, run: str, fits: Callable[[RunState], bool]) -> dict[str, str]:
        """Wait until a run's state fits; the states of the run (as ``""``) and its steps."""
        pause = threading.Event()
        for _ in range(int(PATIENCE / 0.1)):
            state = self.runs.state(run)
            if fits(state):
                steps = {step.id: step.status.value for step in state.steps}
                return {"": state.status.value, **steps}
            pause.wait(0.1)
        shown = self.runs.get(run)
        raise AssertionError(f"{shown}\n{self.lines(run, next(iter(shown.steps)).id)}")

    def as_owner(self, run: str) -> None:
        """Do once more what its user did, as the owner, and what only he may."""
        self.user, user = self.owner, self.user
        for word in ("one", "two"):
            self.set_secret(word)
        assert self.end(self.run({"a": ""}, files=MANY, needs="read"))[""] == "SUCCEEDED"
        NodeRuns(self.owner.node, self.owner).last_lines(run, [ended("a")], 1)
        self.user.ask("DELETE", "/secrets", {"scope": "user", "deleteAll": "true"})
        self.user = user
        for words in (
            ("compute", "doctor", self.owner.node.name),
            ("workflow", "update", "lab", "--renew-identity"),
            ("workflow", "archive", "lab", "--delete", "--yes"),
        ):
            done = self.agent(*words)
            assert done.code == 0, (done.out, done.err)

    def break_calls(self) -> None:
        """Let every call of the functions that move files fail, so that jobs move them."""
        rows = self.aws.call("lambda", "list_functions")["Functions"]
        names = [row["FunctionName"] for row in rows if "-transfer" in row["FunctionName"]]
        assert len(names) == 2
        for name in names:
            self.aws.call(
                "lambda", "update_function_configuration", FunctionName=name, Handler="no.handler"
            )

    def set_secret(self, word: str) -> None:
        self.user.ask("PATCH", "/secrets", {"scope": "user"}, {"secrets": {"WORD": word}})

    def end(self, run: str) -> dict[str, str]:
        return self.until(run, lambda state: state.status.is_final)

    def started(self, run: str, step: str) -> None:
        self.until(
            run,
            lambda state: any(s.id == step and s.status is RunStatus.STARTED for s in state.steps),
        )

    def lines(self, run: str, step: str) -> list[str]:
        return [line.message for line in self.runs.last_lines(run, [ended(step)], 1000)]

    def results(self, count: int) -> dict[str, str]:
        """What the last run delivered beside its receipt, once it is as much.

        Targets wait for no import.
        """
        folder, pause = self.data / "out" / str(self.flows), threading.Event()
        found: list[Path] = []
        for _ in range(int(PATIENCE / 0.1)):
            found = sorted(folder.iterdir()) if folder.is_dir() else []
            if len(found) >= count + (count > 0):
                break
            pause.wait(0.1)
        return {path.name: path.read_text() for path in found if path.name not in RECORDS}
